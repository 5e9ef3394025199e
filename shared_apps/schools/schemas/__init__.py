"""Shapes of the API of schools and of their onboarding."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import Field

from shared_apps.schools.services.onboarding_answers import CLOSE, ZONE
from tenants.schemas import Answer, Body


class NewSchoolIn(Body):
    name: str = Field(max_length=200)
    timezone: str = Field(default=ZONE, max_length=64)
    close_time: str = Field(default=CLOSE, max_length=5)
    region: str = Field(default="", max_length=64)
    group: str = Field(default="", max_length=64, description="Id of a group of schools, or blank.")


class NewPersonIn(Body):
    name: str = Field(max_length=201)
    email: str = Field(max_length=254)
    password: str | None = Field(default=None, max_length=1000)

    def told(self) -> dict[str, str]:
        return {"name": self.name, "email": self.email, "password": self.password or ""}


class OnboardingIn(Body):
    school: NewSchoolIn
    admin: NewPersonIn
    officer: NewPersonIn | None = None


class PasswordOut(Answer):
    email: str
    temporary_password: str


class BegunOut(Answer):
    id: UUID
    passwords: list[PasswordOut]


class StepOut(Answer):
    """`reason`: a code, why the last attempt failed; "" where none did."""

    name: str
    state: str
    attempts: int
    reason: str


class NewSchoolOut(Answer):
    id: UUID
    slug: str
    name: str
    state: str


class OnboardingOut(Answer):
    """`stalled`: nobody does its step, so resume it. `cancelled`: somebody ended it; `state` says what stays then.

    `dismissed`: nothing was made, and it was begun again or somebody said that it need not be.
    """

    id: UUID
    state: str
    steps: list[StepOut]
    school: NewSchoolOut | None
    stalled: bool
    cancelled: bool
    dismissed: bool


class OnboardingsQuery(Body):
    cursor: str = Field("", max_length=64)
    limit: int = Field(25, ge=1, le=100)


class OnboardingRowOut(Answer):
    """`state`, `cancelled` and `dismissed` as in the onboarding itself."""

    id: UUID
    name: str
    state: str
    cancelled: bool
    dismissed: bool
    acknowledged: bool
    begun_at: datetime


class OnboardingRowsOut(Answer):
    items: list[OnboardingRowOut]
    next: str | None


class CancelIn(Body):
    """`leaves`: what whoever cancels expects to stay. Something else would by now: 409 `moved_on`."""

    leaves: Literal["nothing", "school", "school_and_accounts"]


class SchoolsQuery(Body):
    state: Literal["all", "pending", "active", "disabled"] = "all"
    search: str = Field("", max_length=100)
    cursor: str = ""
    limit: int = Field(50, ge=1, le=100)


class SchoolRowOut(Answer):
    """`onboarding`: complete, in_progress, needs_follow_up or failed; a school that came in another way is complete."""

    id: UUID
    slug: str
    name: str
    timezone: str
    state: Literal["pending", "active", "disabled"]
    onboarding: str
    created_at: datetime


class CountsOut(Answer):
    """How many schools each state holds, within reach and under this search; 1001 under a search is more than 1000."""

    all: int
    active: int
    pending: int
    disabled: int


class SchoolRowsOut(Answer):
    items: list[SchoolRowOut]
    next: str | None
    counts: CountsOut


class SuspendIn(Body):
    confirm_name: str = Field(max_length=200)
    reason: str = Field(min_length=1, max_length=500, pattern=r"\S")


class ReactivateIn(Body):
    reason: str = Field("", max_length=500)
