"""Shapes of the schools' API, as the contract has them."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import Field

from tenants.schemas import Answer, Body


class SchoolsQuery(Body):
    state: Literal["all", "pending", "active", "disabled"] = "all"
    search: str = Field("", max_length=100)
    cursor: str = ""
    limit: int = Field(50, ge=1, le=100)


class SchoolRowOut(Answer):
    """`onboarding`: complete, in_progress, needs_follow_up, failed, or unknown when it cannot be told."""

    id: UUID
    slug: str
    name: str
    timezone: str
    state: Literal["pending", "active", "disabled"]
    onboarding: str
    created_at: datetime


class SchoolRowsOut(Answer):
    items: list[SchoolRowOut]
    next: str | None


class SuspendIn(Body):
    confirm_name: str = Field(max_length=200)
    reason: str = Field(min_length=1, max_length=500, pattern=r"\S")


class ReactivateIn(Body):
    reason: str = Field("", max_length=500)
