"""Schools whose first thirty days ended with something missing, or broke off."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared_apps.groups.services import within_reach
from shared_apps.schools.models import Verdict, Welcome
from shared_apps.schools.rules import Found
from shared_apps.workflows.models import RunState, Step, StepState
from tenants.actor import Actor


@dataclass(frozen=True)
class FollowUp:
    """A school whose thirty days ended with something missing (`criteria`), or broke off (`reason`)."""

    id: UUID
    name: str
    since: datetime
    criteria: list[str]
    reason: str = ""


def follow_ups(actor: Actor) -> list[FollowUp]:
    """What is to be followed up in the schools within reach, the oldest first. Three statements."""
    within = Welcome.objects.filter(onboarding__school__in=within_reach(actor).values("pk")).select_related(
        "onboarding"
    )
    found = [
        FollowUp(one.pk, one.onboarding.name, one.evaluated_at or one.started_at, _missing(one))
        for one in within.filter(verdict=Verdict.FOLLOW_UP, followed_up_at=None)
    ]
    broken = {one.run_id: one for one in within.filter(run__state__in=(RunState.PARTIAL, RunState.FAILED))}
    for step in Step.objects.filter(run__in=broken, state=StepState.FAILED):
        one = broken[step.run_id]
        found.append(FollowUp(one.pk, one.onboarding.name, step.ended_at or step.wake_at, [], step.reason))
    return sorted(found, key=lambda one: one.since)


def _missing(welcome: Welcome) -> list[str]:
    return [one["name"] for one in welcome.criteria if one["found"] != Found.MET]
