"""Which schools a person of the platform may see and act on: the one answer for lists, single pages and exports."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from shared_apps.audit.services import record
from shared_apps.groups.models import CircleKeeper, CircleSchool
from shared_apps.identity.models import Membership
from tenants.actor import Actor
from tenants.models import School

EVERYWHERE = frozenset({"super_admin", "operator", "finance"})


def within_reach(actor: Actor) -> QuerySet[School]:
    """The schools `actor` reaches: all, those under their regions, those of their circles; none by default.

    A school outside it is 404 to them, wherever it is asked for.
    """
    schools: QuerySet[School] = School.objects.all()
    if actor.scope != "platform":
        return schools.none()
    if (actor.kind == "system" and actor.bounds is None) or actor.roles & EVERYWHERE:
        return schools
    reached = Q(pk__in=[])
    if "regional_admin" in actor.roles:
        for region in regions_of(actor):
            reached |= under(region)
    if "local_operator" in actor.roles:
        reached |= Q(pk__in=_looked_after(actor))
    return schools.filter(reached)


def _looked_after(actor: Actor) -> Any:
    """The ids of the schools in a local operator's circles."""
    if actor.bounds is not None:
        return actor.bounds.schools
    circles = CircleKeeper.objects.filter(login=actor.login).values("circle")
    return CircleSchool.objects.filter(circle__in=circles).values("school")


def leave_circles(login: UUID, *, by: str, now: datetime) -> None:
    """They look after no circle any more, whatever role they are given later. In the caller's transaction."""
    left = CircleKeeper.objects.filter(login=login)
    circles = sorted(str(circle) for circle in left.values_list("circle", flat=True))
    if circles:
        left.delete()
        record("groups.circles_left", by=by, now=now, facts={"login": str(login), "circles": circles})


def regions_of(actor: Actor) -> list[str]:
    """The regions a regional admin answers for."""
    if actor.bounds is not None:
        return sorted(actor.bounds.regions)
    held = Membership.objects.filter(login=actor.login, school=None, role="regional_admin", active=True)
    return sorted(region for region in held.values_list("region", flat=True) if region)


def under(region: str) -> Q:
    """What lies in `region` or in a part of it: ZA-GP holds ZA-GP-tshwane, but ZA-G holds neither."""
    return Q(region=region) | Q(region__startswith=f"{region}-")
