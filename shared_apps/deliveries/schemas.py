"""Answers of the dead letters' call."""

from datetime import datetime
from uuid import UUID

from pydantic import Field

from tenants.schemas import Answer, Body


class LettersQuery(Body):
    handler: str = Field("", max_length=60)
    reason: str | None = Field(None, max_length=120)
    cursor: str = Field("", max_length=40)
    limit: int = Field(50, ge=1, le=100)


class CauseOut(Answer):
    handler: str
    reason: str
    count: int
    schools: int
    oldest: datetime


class SchoolOut(Answer):
    id: UUID
    name: str


class LetterOut(Answer):
    id: UUID
    school: SchoolOut
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
