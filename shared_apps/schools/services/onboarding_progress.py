"""How far an onboarding has come, as API and page tell it."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared_apps.schools.models import Onboarding
from shared_apps.workflows.models import Run, RunState, Step, StepState
from shared_apps.workflows.services.runs import steps_of
from shared_apps.workflows.services.stuck import overdue
from tenants.models import School

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
    """As it stands. `state` is the contract's word: a cancelled one failed, in part if a school stays."""

    id: UUID
    name: str
    state: str
    stalled: bool
    steps: list[StepNow]
    school: School | None
    cancelled: bool = False

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
    school = School.objects.filter(pk=onboarding.school).first()
    cancelled = run.state == RunState.CANCELLED
    return Progress(
        id=run.id, name=onboarding.name, state=told_state(run.state, there=school is not None),
        stalled=run.state == RunState.RUNNING and any(overdue(step, now) for step in steps),
        steps=[_now(step) for step in steps], school=school, cancelled=cancelled,
    )  # fmt: skip


def told_state(state: str, *, there: bool) -> str:
    """A run's state in the contract's words: a cancelled one failed, in part if a school is there."""
    if state != RunState.CANCELLED:
        return state
    return RunState.PARTIAL if there else RunState.FAILED


def _now(step: Step) -> StepNow:
    lasted = (step.ended_at - step.started_at).total_seconds() if step.ended_at and step.started_at else None
    state = StepState.WAITING if step.state in NOT_BEGUN else step.state
    return StepNow(step.name, state, step.attempts, step.reason, lasted)
