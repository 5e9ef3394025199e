"""The onboardings somebody may see, the newest first."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Q

from shared_apps.groups.services import EVERYWHERE, within_reach
from shared_apps.schools.models import Onboarding
from tenants.actor import Actor
from tenants.models import School

PAGE = 25


@dataclass(frozen=True)
class Row:
    """One line of the list."""

    id: UUID
    name: str
    state: str
    begun: datetime
    acknowledged: bool


def latest(actor: Actor, *, before: UUID | None) -> tuple[list[Row], bool]:
    """The newest onboardings within reach, PAGE of them older than `before`, and whether there are more."""
    schools = within_reach(actor)
    reached = Q(school__in=schools.values("pk"))
    if actor.roles & EVERYWHERE:
        reached |= ~Q(school__in=School.objects.values("pk"))  # never made, or not yet
    found = Onboarding.objects.select_related("run").filter(reached).order_by("-pk")
    page = list((found.filter(pk__lt=before) if before else found)[: PAGE + 1])
    rows = [
        Row(one.pk, one.name, one.run.state, one.run.created_at, one.acknowledged_at is not None) for one in page[:PAGE]
    ]
    return rows, len(page) > PAGE
