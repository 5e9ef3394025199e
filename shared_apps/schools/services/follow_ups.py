"""Schools whose first thirty days ended with something missing."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared_apps.groups.services import within_reach
from shared_apps.schools.models import Verdict, Welcome
from tenants.actor import Actor


@dataclass(frozen=True)
class FollowUp:
    """A school whose thirty days ended with something missing (`criteria`)."""

    id: UUID
    name: str
    since: datetime
    criteria: list[str]


def follow_ups(actor: Actor) -> list[FollowUp]:
    """What is to be followed up in the schools within reach, the oldest first. One statement."""
    within = Welcome.objects.filter(onboarding__school__in=within_reach(actor).values("pk")).select_related(
        "onboarding"
    )
    found = [
        FollowUp(one.pk, one.onboarding.name, one.evaluated_at or one.started_at, one.missing)
        for one in within.filter(verdict=Verdict.FOLLOW_UP, followed_up_at=None)
    ]
    return sorted(found, key=lambda one: one.since)
