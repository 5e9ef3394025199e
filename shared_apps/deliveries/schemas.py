"""Bodies and answers of the dead letters' calls."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from shared_apps.deliveries.services.batches import AT_ONCE
from tenants.schemas import Answer, Body


class LettersQuery(Body):
    handler: str = Field("", max_length=60)
    reason: str | None = Field(None, max_length=120)
    cursor: str = Field("", max_length=40)
    limit: int = Field(50, ge=1, le=100)


class CauseOut(Answer):
    """`schools` is 0 for mail of the platform's own."""

    handler: str
    reason: str
    count: int
    schools: int
    oldest: datetime


class LetterSchoolOut(Answer):
    id: UUID
    name: str


class LetterOut(Answer):
    """`school` is null for mail of the platform's own, whose `kind` is the name of its text."""

    id: UUID
    school: LetterSchoolOut | None
    handler: str
    kind: str
    reason: str
    attempts: int
    happened_at: datetime
    died_at: datetime
    expires_at: datetime | None
    replayable: bool


class LettersOut(Answer):
    """`total` and `causes` count everything within reach; `items` list each school's newest letters."""

    total: int
    oldest: datetime | None
    causes: list[CauseOut]
    items: list[LetterOut]
    next: str | None


class PayloadOut(LetterOut):
    """`about` holds what concerns people: null by name until it is revealed. `null`: it is no dead letter any more."""

    facts: dict[str, Any] | None
    about: dict[str, Any] | None


class LetterBatchIn(Body):
    """`letters` by id, those of a `handler` (for one `reason`, or with null for any), or everything within reach."""

    act: Literal["replay", "discard"]
    letters: list[UUID] | None = Field(None, min_length=1, max_length=AT_ONCE)
    handler: str = Field("", max_length=60)
    reason: str | None = Field(None, max_length=120)

    @field_validator("handler", "reason")
    @classmethod
    def not_beside_letters(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is not None and info.data.get("letters") is not None:
            raise PydanticCustomError("beside_letters", "Name the letters, or a handler and its reason, not both.")
        return value


class ConfirmIn(Body):
    """`why` is required to discard."""

    why: Literal["", "told_otherwise", "no_longer_true", "wrong_address", "sent_twice"] = ""


class LetterBatchOut(Answer):
    """`fresh` are in time, `expired` too late; `people` would hear of the former. A `reason` of null: any.

    `outcome`: how many are in which state. `parts` are schools, and the platform's own mail where it belongs to it:
    how many were asked, were done, and failed. Where it failed only when it was done (`unsure`, among `failed`) it may
    have happened; `unheard` did it and could not say what became of it. `beyond` are more than one batch takes of a
    school, 5,000: another batch may take them.
    """

    id: UUID
    act: Literal["replay", "discard"]
    state: Literal["counting", "ready", "running", "following", "done", "cancelled"]
    handler: str
    reason: str | None
    why: str
    asked_at: datetime
    acted_at: datetime | None
    parts: int
    counted: int
    acted: int
    failed: int
    unsure: int
    unheard: int
    fresh: int
    expired: int
    beyond: int
    people: int
    outcome: dict[str, int]
