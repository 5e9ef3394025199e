"""How far an onboarding has come, as API and page tell it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Q

from shared_apps.groups.services import EVERYWHERE, within_reach
from shared_apps.schools.models import Onboarding
from shared_apps.workflows.models import Run, RunState, Step, StepState
from shared_apps.workflows.services.runs import steps_of
from tenants.actor import Actor
from tenants.models import School

OVERDUE = timedelta(minutes=2)  # a step that could have run for that long waits for a process that is not there
NOT_BEGUN = (StepState.LATER, StepState.WAITING)


@dataclass(frozen=True)
class StepNow:
    """One step as it stands; `seconds` from its first attempt to its end."""

    name: str
    state: str
    attempts: int
    reason: str
    seconds: float | None


@dataclass(frozen=True)
class Progress:
    """One onboarding as it stands. `state` is the contract's word."""

    id: UUID
    name: str
    state: str
    stalled: bool
    steps: list[StepNow]
    school: School | None

    @property
    def done(self) -> int:
        return sum(step.state == StepState.DONE for step in self.steps)

    @property
    def over(self) -> bool:
        return self.state != RunState.RUNNING

    @property
    def failed_step(self) -> StepNow | None:
        return next((step for step in self.steps if step.state == StepState.FAILED), None)


def progress(onboarding: Onboarding, *, now: datetime) -> Progress:
    """As it stands, read anew."""
    run = Run.objects.get(pk=onboarding.pk)
    steps = steps_of(run.id)
    cancelled = run.state == RunState.CANCELLED
    return Progress(
        id=run.id, name=onboarding.name, state=RunState.FAILED if cancelled else run.state,
        stalled=run.state == RunState.RUNNING and any(overdue(step, now) for step in steps),
        steps=[_now(step) for step in steps], school=School.objects.filter(pk=onboarding.school).first(),
    )  # fmt: skip


def overdue(step: Step, now: datetime) -> bool:
    """Whether somebody should have done this long ago."""
    due = {StepState.WAITING: step.wake_at, StepState.RUNNING: step.leased_until}.get(StepState(step.state))
    return due is not None and now - due > OVERDUE


def _now(step: Step) -> StepNow:
    lasted = (step.ended_at - step.started_at).total_seconds() if step.ended_at and step.started_at else None
    state = StepState.WAITING if step.state in NOT_BEGUN else step.state
    return StepNow(step.name, state, step.attempts, step.reason, lasted)


PAGE = 25


@dataclass(frozen=True)
class Row:
    """One line of the list."""

    id: UUID
    name: str
    state: str
    begun: datetime
    acknowledged: bool


def latest(actor: Actor, *, before: UUID | None) -> tuple[list[Row], bool]:
    """The newest onboardings within reach, PAGE of them older than `before`, and whether there are more."""
    schools = within_reach(actor)
    reached = Q(school__in=schools.values("pk"))
    if actor.roles & EVERYWHERE:
        reached |= ~Q(school__in=School.objects.values("pk"))  # never made, or not yet
    found = Onboarding.objects.select_related("run").filter(reached).order_by("-pk")
    page = list((found.filter(pk__lt=before) if before else found)[: PAGE + 1])
    rows = [
        Row(one.pk, one.name, RunState.FAILED if one.run.state == RunState.CANCELLED else one.run.state,
            one.run.created_at, one.acknowledged_at is not None)
        for one in page[:PAGE]
    ]  # fmt: skip
    return rows, len(page) > PAGE
