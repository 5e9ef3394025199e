"""Shapes of the calls about access."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import Field

from tenants.schemas import Answer, Body

Role = Literal["local_operator", "regional_admin", "operator", "finance", "super_admin", "school_admin"]


class AskIn(Body):
    full_name: str = Field(min_length=1, max_length=120, pattern=r"\S")
    work_email: str = Field(max_length=254)
    organization: str = Field(min_length=1, max_length=160, pattern=r"\S")
    region: str = Field(max_length=64)
    reason: str = Field(min_length=1, max_length=1000, pattern=r"\S")


class AskedOut(Answer):
    reference: str


class RequestsQuery(Body):
    state: Literal["all", "waiting", "approved", "rejected"] = "all"
    search: str = Field(default="", max_length=100)
    cursor: str = Field(default="", max_length=64)
    limit: int = Field(default=50, ge=1, le=100)


class RequestOut(Answer):
    id: UUID
    full_name: str
    work_email: str
    organization: str
    region: str
    reason: str
    state: str
    created_at: datetime


class RequestsOut(Answer):
    items: list[RequestOut]
    next: str | None


class ApproveIn(Body):
    role: Role
    regions: list[str] = Field(default=[], max_length=20)
    schools: list[UUID] = Field(default=[], max_length=500)
    onboard: dict[str, Any] | None = None


class ApprovedOut(Answer):
    account_id: UUID
    set_password_link: str | None = Field(description="Null for somebody who can sign in already.")


class AgreedOut(Answer):
    state: Literal["second"] = Field(description="A second super admin has to agree.")


class RejectIn(Body):
    reason: str = Field(min_length=1, max_length=1000, pattern=r"\S")
    notify: bool


class DecidedOut(Answer):
    id: UUID
    state: str
