"""Starting runs and looking at them."""

from datetime import datetime
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, transaction

from shared_apps.workflows.models import Run, Step, StepState
from shared_apps.workflows.services.registry import Lane, workflow_named
from tenants.ids import new_id
from tenants.jobs import later

WAKE_UP = "workflows.advance"


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
