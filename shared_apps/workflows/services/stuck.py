"""Runs that do not go on by themselves: a step was given up, or nobody does one that could have run for long."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Q

from shared_apps.workflows.models import RunState, Step, StepState

OVERDUE = timedelta(minutes=2)  # a step that could have run for that long waits for a process that is not there
SHOWN = 200  # more of them at once have one cause, and it is not in them


@dataclass(frozen=True)
class Stuck:
    """A run at a stand. `stalled`: nobody does its step; else the step was given up, for `reason` (a code)."""

    run: UUID
    workflow: str
    key: str
    step: str
    reason: str
    attempts: int
    stalled: bool
    since: datetime


def overdue(step: Step, now: datetime) -> bool:
    """Whether somebody should have done this long ago. What sleeps or waits for its next attempt is not overdue; what a
    dead worker holds is, once its lease has been over for long."""
    due = {StepState.WAITING: step.wake_at, StepState.RUNNING: step.leased_until}.get(StepState(step.state))
    return due is not None and now - due > OVERDUE


def stuck(*, now: datetime, only: Collection[str] = (), besides: Collection[str] = ()) -> list[Stuck]:
    """What stands still, the oldest first: of the workflows `only`, if any are named, and of none of `besides`."""
    limit = now - OVERDUE
    still = Q(state=StepState.WAITING, wake_at__lt=limit) | Q(state=StepState.RUNNING, leased_until__lt=limit)
    given_up = Q(run__state__in=(RunState.PARTIAL, RunState.FAILED), state=StepState.FAILED)
    steps = Step.objects.select_related("run").exclude(run__workflow__in=besides)
    if only:
        steps = steps.filter(run__workflow__in=only)
    # Two statements, as each has an index of its own.
    found = [
        *steps.filter(still, run__state=RunState.RUNNING).order_by("wake_at")[:SHOWN],
        *steps.filter(given_up).order_by("ended_at")[:SHOWN],
    ]
    return sorted((_told(step) for step in found), key=lambda one: one.since)[:SHOWN]


def _told(step: Step) -> Stuck:
    stalled = step.state != StepState.FAILED
    since = (step.leased_until if step.state == StepState.RUNNING else None) or step.wake_at
    return Stuck(
        step.run_id, step.run.workflow, step.run.key, step.name, step.reason, step.attempts, stalled,
        since if stalled else step.ended_at or since,
    )  # fmt: skip
