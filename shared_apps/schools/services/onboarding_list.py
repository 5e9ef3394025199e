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
    """One line of the list. `there`: its school exists. `dismissed`: nothing was made, and somebody saw to that."""

    id: UUID
    name: str
    state: str
    begun: datetime
    acknowledged: bool
    dismissed: bool
    there: bool


def latest(actor: Actor, *, before: UUID | None, limit: int = PAGE) -> tuple[list[Row], bool]:
    """The newest onboardings within reach, `limit` of them older than `before`, and whether there are more."""
    schools = within_reach(actor)
    reached = Q(school__in=schools.values("pk"))
    if actor.roles & EVERYWHERE:
        reached |= ~Q(school__in=School.objects.values("pk"))  # never made, or not yet
    found = Onboarding.objects.select_related("run").filter(reached).order_by("-pk")
    page = list((found.filter(pk__lt=before) if before else found)[: limit + 1])
    there = set(School.objects.filter(pk__in=[one.school for one in page]).values_list("pk", flat=True))
    return [_row(one, one.school in there) for one in page[:limit]], len(page) > limit


def _row(one: Onboarding, there: bool) -> Row:
    return Row(
        one.pk, one.name, one.run.state, one.run.created_at, acknowledged=one.acknowledged_at is not None,
        dismissed=one.dismissed_at is not None, there=there,
    )  # fmt: skip
