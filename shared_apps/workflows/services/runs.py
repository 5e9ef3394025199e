"""Starting runs, looking at them, and what a person may do to one: cancel, try again, go on."""

from datetime import datetime
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, transaction

from shared_apps.audit.services import record
from shared_apps.workflows.models import Run, RunState, Step, StepState
from shared_apps.workflows.services.registry import Lane, workflow_named
from tenants.ids import new_id
from tenants.jobs import later
from tenants.problems import conflict

WAKE_UP = "workflows.advance"
OPEN = (StepState.WAITING, StepState.RUNNING)


@transaction.atomic
def start(workflow: str, *, key: str, by: str, now: datetime, run: UUID | None = None) -> tuple[Run, bool]:
    """The run of `workflow` under `key`, and whether it is new. Raises KeyError for an unknown workflow."""
    found = workflow_named(workflow)
    if found is None:
        raise KeyError(workflow)
    made, new = Run.objects.get_or_create(
        workflow=workflow, key=key, defaults={"id": run or new_id(), "started_by": by, "created_at": now}
    )
    if new:
        Step.objects.bulk_create(
            Step(
                run=made, position=position, name=plan.name, lane=plan.lane, spent_at=plan.attempts,
                wake_at=now + plan.after, state=StepState.LATER if position else StepState.WAITING,
            )
            for position, plan in enumerate(found.steps)
        )  # fmt: skip
        wake(found.steps[0].lane)
    return made, new


def wake(lane: str, *, using: str = DEFAULT_DB_ALIAS) -> None:
    """Wake a worker once this is committed. The provisioner looks by itself; a lost wake-up is found by the sweep."""
    if lane == Lane.WORKER:
        transaction.on_commit(lambda: later(WAKE_UP), using=using, robust=True)


def steps_of(run: UUID) -> list[Step]:
    return list(Step.objects.filter(run=run))


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
