"""What a person may do to a run: cancel it, have a step tried again, let it go on."""

from datetime import datetime
from uuid import UUID

from django.db import OperationalError, transaction

from shared_apps.audit.services import record
from shared_apps.workflows.models import Run, RunState, Step, StepState
from shared_apps.workflows.services.ends import tell_app
from shared_apps.workflows.services.registry import workflow_named
from shared_apps.workflows.services.runs import wake
from tenants.problems import Refusal, conflict

OPEN = (StepState.WAITING, StepState.RUNNING)
GIVEN_UP = (RunState.PARTIAL, RunState.FAILED)
TAKEN = "55P03"  # lock_not_available


@transaction.atomic
def cancel(run: UUID, *, by: str, now: datetime, given_up: bool = False, must_have_done: int | None = None) -> None:
    """End a run before its next step; `given_up`: one that a step has ended already may be laid to rest, too.

    A step whose work is under way holds its row: then 409 `in_hand`, as what it makes cannot be told from here. One
    that is claimed and still prepares is fenced off: it finds its step cancelled and may not write. `must_have_done`
    is how many steps were done when whoever cancels was told what stays: 409 `moved_on` when there are others now.
    Raises 409 when the run is over.
    """
    held = _held(run, RunState.RUNNING, *(GIVEN_UP if given_up else ()), nowait=True)
    if must_have_done is not None and must_have_done != done(run):
        raise conflict("This has moved on. Look at it again.", "moved_on")
    Step.objects.filter(run=held, state__in=(*OPEN, StepState.LATER)).update(
        state=StepState.CANCELLED, ended_at=now, leased_until=None
    )
    held.state, held.ended_at = RunState.CANCELLED, now
    held.save(update_fields=["state", "ended_at"])
    record("workflows.run_cancelled", by=by, now=now, facts=_facts(held))
    tell_app(held, now)


@transaction.atomic
def take_up(run: UUID, *, by: str, now: datetime) -> None:
    """Let a cancelled run go on where it was stopped, with fresh attempts. Raises 409 when it is not cancelled."""
    held = _held(run, RunState.CANCELLED)
    stopped = list(held.steps.filter(state__in=(StepState.CANCELLED, StepState.FAILED)))
    for step in stopped:
        step.state = StepState.LATER if step is not stopped[0] else StepState.WAITING
        step.wake_at = max(step.wake_at, now)  # nobody is late with what was stopped on purpose
        step.ended_at, step.spent_at, step.reason = None, step.attempts + _attempts(held, step), ""
        step.save(update_fields=["state", "wake_at", "ended_at", "spent_at", "reason"])
    held.state, held.ended_at = RunState.RUNNING, None
    held.save(update_fields=["state", "ended_at"])
    record("workflows.run_taken_up", by=by, now=now, facts={**_facts(held), "step": stopped[0].name})
    wake(stopped[0].lane)


def done(run: UUID) -> int:
    return int(Step.objects.filter(run=run, state=StepState.DONE).count())


@transaction.atomic
def retry(run: UUID, *, by: str, now: datetime) -> None:
    """Give the step that was given up as many attempts again. Raises 409 when none was."""
    held = _held(run, *GIVEN_UP)
    step = held.steps.filter(state=StepState.FAILED).first()
    if step is None:
        raise conflict("No step of this was given up.")
    step.state, step.wake_at, step.ended_at = StepState.WAITING, now, None
    step.spent_at = step.attempts + _attempts(held, step)
    step.save(update_fields=["state", "wake_at", "ended_at", "spent_at"])
    held.state, held.ended_at = RunState.RUNNING, None
    held.save(update_fields=["state", "ended_at"])
    record("workflows.step_retried", by=by, now=now, facts={**_facts(held), "step": step.name})
    wake(step.lane)


@transaction.atomic
def resume(run: UUID, *, by: str, now: datetime) -> None:
    """Let a run that stands still go on at once: whoever held its step is fenced off. Raises 409 when it is over."""
    held = _held(run, RunState.RUNNING)
    step = held.steps.filter(state__in=OPEN).first()
    if step is None:
        raise conflict("Nothing of this is waiting.")
    step.state, step.wake_at, step.leased_until, step.fence = StepState.WAITING, now, None, step.fence + 1
    step.save(update_fields=["state", "wake_at", "leased_until", "fence"])
    record("workflows.run_resumed", by=by, now=now, facts={**_facts(held), "step": step.name})
    wake(step.lane)


def _held(run: UUID, *states: str, nowait: bool = False) -> Run:
    """The run, its steps locked first (as a worker does), then itself.

    Raises 409 outside `states`; with `nowait` 409 `in_hand` where a worker has one of them.
    """
    try:
        list(Step.objects.select_for_update(nowait=nowait).filter(run=run))
        held: Run = Run.objects.select_for_update(nowait=nowait).get(pk=run)
    except OperationalError as error:
        if getattr(error.__cause__, "sqlstate", "") != TAKEN:
            raise
        raise Refusal(409, "in_hand", "A step of this is being done at this moment. Try again in a few seconds.",
                      headers={"Retry-After": "5"}) from None  # fmt: skip
    if held.state not in states:
        raise conflict("This has moved on. Look at it again.")
    return held


def _attempts(run: Run, step: Step) -> int:
    found = workflow_named(run.workflow)
    plan = found.plan(step.name) if found else None
    return plan.attempts if plan else 1


def _facts(run: Run) -> dict[str, str]:
    return {"run": str(run.id), "workflow": run.workflow}
