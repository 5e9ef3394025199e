"""Shapes of the API of schools and of their onboarding."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import Field, StrictBool

from shared_apps.schools.services.onboarding_answers import CLOSE, ZONE
from tenants.schemas import Answer, Body

LOOK_ALIKES = "Schools of a similar name that are here already. Left out where there is none."
LOOK_ALIKES_SEEN = (
    "Ids of the schools of a similar name that somebody has looked at. If this is given, even empty, any other one "
    "stops the call: 409 `looks_like` with `schools`, and nothing is begun."
)


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
    look_alikes_seen: list[UUID] | None = Field(default=None, max_length=100, description=LOOK_ALIKES_SEEN)


class PasswordOut(Answer):
    email: str
    temporary_password: str


class LookAlikeOut(Answer):
    id: UUID
    slug: str
    name: str


class BegunOut(Answer):
    id: UUID
    passwords: list[PasswordOut]
    look_alikes: list[LookAlikeOut] | None = Field(default=None, description=LOOK_ALIKES)


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


class AcknowledgeIn(Body):
    """`confirmed`: a person says that the school has an admin."""

    confirmed: Literal[True]


class AdminCheckOut(Answer):
    """`accounts` may sign in as an admin; `present` of them have their row in the school, null when it is silent."""

    at: datetime
    state: str
    accounts: int
    present: int | None
    answered: bool


class AcknowledgementOut(Answer):
    """`look`: what a look at the school finds right now. `evidence`: what it found when somebody acknowledged."""

    id: UUID
    look: AdminCheckOut
    acknowledged_at: datetime | None
    evidence: AdminCheckOut | None


class HandOverIn(Body):
    """`again`: the answer before this one got lost; what it told stops working."""

    means: Literal["links", "passwords"] = "links"
    again: StrictBool = False


class SlipOut(Answer):
    role: str
    name: str
    email: str
    link: str | None
    temporary_password: str | None


class HandOverOut(Answer):
    """Told in this answer alone. Nobody is listed who has a password of their own or was given one."""

    items: list[SlipOut]
    links_good_until: datetime


class ChecklistItemOut(Answer):
    name: str
    state: Literal["done", "due", "overdue", "unknown"]
    due: datetime | None
    done_at: datetime | None


class MilestoneOut(Answer):
    name: str
    seen_at: datetime


class WelcomeLetterOut(Answer):
    """`fate`: send, reached, late, no_admin, no_address, failed or cancelled; null while it waits for its day."""

    name: str
    fate: str | None
    at: datetime | None


class CriterionOut(Answer):
    name: str
    found: Literal["met", "missed", "unknown"]
    numbers: dict[str, int | float | str | None]


class EvaluationOut(Answer):
    """`verdict` and what follows it are null before the first look, which is due at `due`."""

    due: datetime
    verdict: Literal["live", "needs_follow_up"] | None
    evaluated_at: datetime | None
    followed_up_at: datetime | None
    criteria: list[CriterionOut]


class StuckOut(Answer):
    """`stalled`: nobody does `step`; else it was given up, for `reason` (a code)."""

    step: str
    reason: str
    stalled: bool
    since: datetime


class ThirtyDaysOut(Answer):
    onboarding: UUID
    state: Literal["running", "complete", "partial_failure", "failed", "cancelled"]
    started_at: datetime
    checklist: list[ChecklistItemOut]
    milestones: list[MilestoneOut]
    letters: list[WelcomeLetterOut]
    evaluation: EvaluationOut
    stuck: StuckOut | None


class SetupTasksQuery(Body):
    cursor: str = ""
    limit: int = Field(50, ge=1, le=100)


class SetupTaskOut(Answer):
    """`onboarding` and `welcome` (the first thirty days) stand at `step`; a `follow_up` names what is `missing`."""

    kind: Literal["onboarding", "welcome", "follow_up"]
    onboarding: UUID
    name: str
    since: datetime
    step: str
    reason: str
    stalled: bool
    missing: list[str]


class SetupTasksOut(Answer):
    items: list[SetupTaskOut]
    next: str | None


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
