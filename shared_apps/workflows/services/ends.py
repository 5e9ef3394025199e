"""How a step ends, and with the last one the run: always inside the caller's transaction."""

from datetime import datetime
from typing import Any

from shared_apps.audit.services import record
from shared_apps.workflows.models import Run, RunState, Step, StepState
from shared_apps.workflows.services.registry import workflow_named
from shared_apps.workflows.services.runs import wake


def close(step: Step, state: StepState, result: dict[str, Any], now: datetime, alias: str) -> None:
    """A step is over and the next one's turn has come, or the run's end."""
    step.state, step.result, step.ended_at, step.reason, step.leased_until = state, result, now, "", None
    step.save(using=alias, update_fields=["state", "result", "ended_at", "reason", "leased_until"])
    following = Step.objects.using(alias).filter(run=step.run_id, position=step.position + 1).first()
    if following is None:
        _end(step.run, RunState.COMPLETE, now)
        return
    following.state = StepState.WAITING
    following.wake_at = max(following.wake_at, step.wake_at)
    following.save(using=alias, update_fields=["state", "wake_at"])
    wake(following.lane, using=alias)


def give_up(step: Step, reason: str, now: datetime) -> None:
    """The run ends here: failed when nothing was made yet, else with what it made."""
    step.state, step.reason, step.ended_at, step.leased_until = StepState.FAILED, reason[:80], now, None
    step.save(update_fields=["state", "reason", "ended_at", "leased_until"])
    _end(step.run, RunState.PARTIAL if step.position else RunState.FAILED, now, step=step.name, reason=step.reason)


def _end(run: Run, state: RunState, now: datetime, **why: str) -> None:
    run.state, run.ended_at = state, now
    run.save(update_fields=["state", "ended_at"])
    facts = {"run": str(run.id), "workflow": run.workflow, "state": str(state), **why}
    record("workflows.run_ended", by=f"system:{run.workflow}", now=now, facts=facts)
    tell_app(run, now)


def tell_app(run: Run, now: datetime) -> None:
    """Say to the app whose workflow it is that a run is over, in the transaction in which it ended."""
    found = workflow_named(run.workflow)
    if found and found.ended:
        found.ended(run.id, run.state, now)
