"""Shapes of the learners' API, as the contract has them."""

from typing import Literal
from uuid import UUID

from pydantic import Field

from tenants.schemas import Answer, Body


class LearnersQuery(Body):
    state: Literal["active", "all"] = "active"
    search: str = Field("", max_length=100)
    class_: str = Field("", alias="class", max_length=64)
    cursor: str = ""
    limit: int = Field(50, ge=1, le=100)


class ClassOut(Answer):
    id: UUID
    name: str


class BadgeOut(Answer):
    code: str
    state: Literal["active", "revoked"]


class GuardianOut(Answer):
    """A guardian with what they are to this one child, and may."""

    id: UUID
    name: str
    relation: str
    language: str
    email: str
    phone: str
    may_contact: bool
    may_collect: bool


class LearnerOut(Answer):
    """`grade` 0 is Grade R; without a class both are null."""

    id: UUID
    name: str
    class_: ClassOut | None = Field(serialization_alias="class")
    grade: int | None
    badge: BadgeOut | None
    on_site: bool


class LearnerRecordOut(LearnerOut):
    """`guardians` is there for school admins alone."""

    guardians: list[GuardianOut] | None = None


class LearnersOut(Answer):
    items: list[LearnerOut]
    next: str | None
