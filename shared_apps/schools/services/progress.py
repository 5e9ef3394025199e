"""How far the onboarding of a school is, as every list shows it."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from shared_apps.schools.models import Onboarding
from shared_apps.workflows.models import RunState

STATES: dict[str, str] = {
    RunState.RUNNING: "in_progress",
    RunState.COMPLETE: "complete",
    RunState.PARTIAL: "needs_follow_up",
    RunState.FAILED: "failed",
    RunState.CANCELLED: "needs_follow_up",  # asked of schools that are there: it stayed, half made
}


@dataclass(frozen=True)
class Begun:
    """`complete`, `in_progress`, `needs_follow_up` or `failed`; `run` is None for a school that came in another way."""

    state: str
    run: UUID | None


def onboarding_of(schools: Iterable[UUID]) -> dict[UUID, Begun]:
    """How far each school is: one without an onboarding is complete, as is one that a person said to be."""
    found = dict.fromkeys(schools, Begun("complete", None))
    for row in Onboarding.objects.filter(school__in=found).select_related("run"):
        helped = row.acknowledged_at is not None and row.run.state in (RunState.PARTIAL, RunState.CANCELLED)
        found[row.school] = Begun("complete" if helped else STATES[row.run.state], row.run_id)
    return found
