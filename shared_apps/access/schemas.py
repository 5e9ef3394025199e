"""Shapes of the calls about access."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import Field, StrictBool

from shared_apps.access.services.admins import NewSchool
from shared_apps.schools.schemas import LOOK_ALIKES_SEEN
from shared_apps.schools.services.onboarding_answers import CLOSE, ZONE
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
    new_school: Literal["cancelled", "failed", "left_out"] | None = None


class RequestsOut(Answer):
    items: list[RequestOut]
    next: str | None
    unsearched: int = Field(description="Older requests that a search did not look into.")


class OnboardIn(Body):
    """A new school, with whoever asked as its first admin. A name or region left out is the request's."""

    name: str = Field(default="", max_length=200)
    timezone: str = Field(default=ZONE, max_length=64)
    close_time: str = Field(default=CLOSE, max_length=5)
    region: str = Field(default="", max_length=64)
    look_alikes_seen: list[UUID] | None = Field(default=None, max_length=100, description=LOOK_ALIKES_SEEN)


class ApproveIn(Body):
    role: Role
    regions: list[str] = Field(default=[], max_length=20)
    schools: list[UUID] = Field(default=[], max_length=500)
    onboard: OnboardIn | StrictBool | None = Field(
        default=None, description="With `school_admin`, in place of `schools`."
    )

    def new_school(self) -> NewSchool | None:
        """`true` is a school of which nothing but the request is said."""
        if isinstance(self.onboard, OnboardIn):
            return NewSchool(**self.onboard.model_dump(exclude={"look_alikes_seen"}))
        return NewSchool() if self.onboard else None

    @property
    def look_alikes_seen(self) -> list[UUID] | None:
        return self.onboard.look_alikes_seen if isinstance(self.onboard, OnboardIn) else None


class ApprovedOut(Answer):
    account_id: UUID
    set_password_link: str | None = Field(
        description="Null for somebody who can sign in already, and for a super admin."
    )


class AgreedOut(Answer):
    state: Literal["second"] = Field(description="A second super admin has to agree.")


class RejectIn(Body):
    reason: str = Field(min_length=1, max_length=1000, pattern=r"\S")
    notify: bool


class PeopleQuery(Body):
    search: str = Field(default="", max_length=100)
    cursor: str = Field(default="", max_length=64)
    limit: int = Field(default=50, ge=1, le=100)


class CircleOut(Answer):
    id: UUID
    name: str


class HeldOut(Answer):
    role: str
    regions: list[str]
    circles: list[CircleOut]


class PersonOut(Answer):
    id: UUID
    name: str
    roles: list[HeldOut]
    second: bool = Field(description="One of two super admins has agreed that they are none any more.")


class PeopleOut(Answer):
    items: list[PersonOut]
    next: str | None


class TakeIn(Body):
    role: Literal["super_admin", "operator", "regional_admin", "local_operator", "finance"]
    region: str = Field(default="", max_length=64, description="Of a regional admin: this one alone; else all.")
    reason: Literal["left", "mistake", "unused", "misused"]


class TakenOut(Answer):
    id: UUID
    state: Literal["taken"]


class DecidedOut(Answer):
    id: UUID
    state: str
