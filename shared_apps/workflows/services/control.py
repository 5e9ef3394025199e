"""What a person may do to a run: cancel it, have a step tried again, let it go on."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from shared_apps.audit.services import record
from shared_apps.workflows.models import Run, RunState, Step, StepState
from shared_apps.workflows.services.registry import workflow_named
from shared_apps.workflows.services.runs import wake
from tenants.problems import conflict

OPEN = (StepState.WAITING, StepState.RUNNING)


@transaction.atomic
def cancel(run: UUID, *, by: str, now: datetime) -> None:
    """End a run before its next step. A step under way is waited for; what holds it no longer may write.

    Raises 409 when the run is over.
    """
    held = _held(run, RunState.RUNNING)
    Step.objects.filter(run=held, state__in=(*OPEN, StepState.LATER)).update(state=StepState.CANCELLED, ended_at=now)
    held.state, held.ended_at = RunState.CANCELLED, now
    held.save(update_fields=["state", "ended_at"])
    record("workflows.run_cancelled", by=by, now=now, facts=_facts(held))


@transaction.atomic
def retry(run: UUID, *, by: str, now: datetime) -> None:
    """Give the step that was given up as many attempts again. Raises 409 when none was."""
    held = _held(run, RunState.PARTIAL, RunState.FAILED)
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


def _held(run: UUID, *states: str) -> Run:
    """The run, its open step locked first (as a worker does), then itself. Raises 409 outside `states`."""
    list(Step.objects.select_for_update().filter(run=run))
    held: Run = Run.objects.select_for_update().get(pk=run)
    if held.state not in states:
        raise conflict("This has moved on. Look at it again.")
    return held


def _attempts(run: Run, step: Step) -> int:
    found = workflow_named(run.workflow)
    plan = found.plan(step.name) if found else None
    return plan.attempts if plan else 1


def _facts(run: Run) -> dict[str, str]:
    return {"run": str(run.id), "workflow": run.workflow}
