"""One run of long work that has no page of its own, as an operator sees it and sets it going again."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from uuid import UUID

from shared_apps.groups.services import EVERYWHERE
from shared_apps.schools.services import onboarding, welcome
from shared_apps.workflows.models import Run, RunState, Step
from shared_apps.workflows.services import control
from shared_apps.workflows.services.runs import steps_of
from shared_apps.workflows.services.stuck import overdue
from tenants.actor import Actor
from tenants.problems import not_found

WITH_THEIR_SCHOOL = (onboarding.WORKFLOW, welcome.WORKFLOW)  # what a new school's page shows


@dataclass(frozen=True)
class Work:
    """`stalled`: nobody does the next step; `given_up`: a step was, and stays so until somebody says otherwise."""

    run: Run
    steps: list[Step]
    stalled: bool

    @property
    def given_up(self) -> bool:
        return self.run.state in (RunState.PARTIAL, RunState.FAILED)

    @property
    def open(self) -> bool:
        return self.given_up or self.run.state == RunState.RUNNING


def work_of(key: UUID | None, *, actor: Actor, now: datetime) -> Work:
    """It belongs to no school that somebody could reach, so only who reaches all sees it. Raises 404."""
    run = Run.objects.filter(pk=key).first() if key and actor.roles & EVERYWHERE else None
    if run is None:
        raise not_found()
    steps = steps_of(run.id)
    return Work(run, steps, run.state == RunState.RUNNING and any(overdue(step, now) for step in steps))


def page_of(run: Run) -> str | None:
    """The page of a new school that shows this run; None for work of another kind."""
    at = {onboarding.WORKFLOW: str(run.id), welcome.WORKFLOW: f"{run.key}#after-go"}.get(run.workflow)
    return f"/operator/onboardings/{at}" if at else None


def act(run: Run, what: str, *, by: Actor, now: datetime) -> None:
    """`retry`, `resume` or `cancel`. Raises 404 for another word, 409 where it does not fit."""
    acts: dict[str, Callable[..., None]] = {
        "retry": control.retry, "resume": control.resume, "cancel": partial(control.cancel, given_up=True)
    }  # fmt: skip
    if what not in acts:
        raise not_found()
    acts[what](run.id, by=by.name_in_audit, now=now)
