"""Shapes of the gate's API."""

import re
from datetime import UTC, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field, PlainSerializer, WithJsonSchema, field_validator
from pydantic_core import PydanticCustomError

from tenant_apps.gate.models import Gate
from tenant_apps.gate.rules import Direction
from tenant_apps.gate.services.ground import Carrier, Group, Tap
from tenant_apps.people.models import ClassGroup, Learner
from tenants.schemas import Answer, Body

LONGEST_BADGE = 64
MOST_SCANS = 5_000
EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)  # what a phone says whose clock was reset
MOMENT = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,9})?(?P<zone>[Zz]|[+-]\d\d:\d\d)?")

# To the microsecond: ninja's encoder would cut to milliseconds, and a phone finds its own time again.
Moment = Annotated[
    datetime,
    PlainSerializer(lambda at: at.astimezone(UTC).isoformat().replace("+00:00", "Z"), return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]


class ScanIn(Body):
    scan_id: UUID
    badge: str = Field(min_length=1, max_length=LONGEST_BADGE)
    gate: UUID
    direction: Direction
    scanned_at: datetime

    @field_validator("badge")
    @classmethod
    def something(cls, value: str) -> str:
        if not value.strip():
            raise PydanticCustomError("blank", "A badge code is needed.")
        return value.strip()

    @field_validator("scanned_at", mode="before")
    @classmethod
    def a_moment(cls, value: Any) -> datetime:
        """RFC 3339 with its zone, and nothing else pydantic would take for a time."""
        found = MOMENT.fullmatch(value) if isinstance(value, str) else None
        if found is None:
            raise PydanticCustomError("moment", "A time as RFC 3339 has it, like 2026-11-20T07:12:00+02:00.")
        if not found["zone"]:
            raise PydanticCustomError("zone", "A time needs its zone, like Z or +02:00.")
        try:
            moment = datetime.fromisoformat(value.upper()).astimezone(UTC)
        except (ValueError, OverflowError):
            raise PydanticCustomError("moment", "There is no such time.") from None
        if moment < EARLIEST:
            raise PydanticCustomError("moment", "No phone is that old.")
        return moment

    def tap(self) -> Tap:
        return Tap(self.scan_id, self.badge, self.gate, self.direction, self.scanned_at)


class ScansIn(Body):
    """The items are raw: each is validated alone, so that one bad scan does not hold up the others."""

    scans: list[Any] = Field(min_length=1, max_length=MOST_SCANS)

    @field_validator("*", mode="before")
    @classmethod
    def storable(cls, value: Any) -> Any:
        """Left to the single items."""
        return value


class ScannedClassOut(Answer):
    id: UUID
    name: str


class ScannedLearnerOut(Answer):
    id: UUID
    name: str
    class_: ScannedClassOut | None = Field(serialization_alias="class")


class GateOut(Answer):
    id: UUID
    name: str


class GatesOut(Answer):
    items: list[GateOut]


class ScanOut(Answer):
    scan_id: UUID
    verdict: Literal["admitted", "refused"]
    code: str
    direction: Literal["in", "out"]
    learner: ScannedLearnerOut | None
    on_site: bool | None
    scanned_at: Moment
    recorded_at: Moment
    skew_seconds: int


class ErrorOut(Answer):
    field: str
    code: str
    message: str


class ItemOut(ScanOut):
    status: Literal["recorded", "replayed"]


class FailedItemOut(Answer):
    scan_id: str | None
    status: Literal["conflict", "invalid"]
    errors: list[ErrorOut]


class ScansOut(Answer):
    results: list[ItemOut | FailedItemOut]


class OnSiteItemOut(Answer):
    learner: ScannedLearnerOut
    since: Moment
    gate: GateOut


class OnSiteOut(Answer):
    count: int
    items: list[OnSiteItemOut]
    as_of: Moment


def learner_out(learner: Learner | Carrier) -> ScannedLearnerOut:
    return ScannedLearnerOut(id=learner.id, name=learner.name, class_=class_out(learner.class_group))


def class_out(group: ClassGroup | Group | None) -> ScannedClassOut | None:
    return ScannedClassOut(id=group.id, name=group.name) if group else None


def gate_out(gate: Gate) -> GateOut:
    return GateOut(id=gate.id, name=gate.name)
