"""What the standing search for leaks found, unknown said as unknown."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Max, Min, Sum

from shared_apps.audit.models import CanaryCheck
from tenants.ask import Unavailable
from tenants.models import School, SchoolState

WORST = 20  # schools whose places are told
STALE = timedelta(hours=1)  # the clock starts a turn every quarter of an hour


@dataclass(frozen=True)
class Canaries:
    """What the standing search for leaks found, over the active schools.

    `waiting` schools were never asked: `found` says nothing about them. `oldest` is when the school was asked whose
    turn lies furthest back.
    """

    schools: int
    waiting: int
    asked: int
    failed: int
    found: int
    places: tuple[str, ...]
    newest: datetime
    oldest: datetime


def canaries(now: datetime) -> Canaries | Unavailable:
    """How the search stands. Unavailable `never` or `too_old`, so that nothing unknown is shown as zero; a leak that
    was found is told however old it is."""
    active = School.objects.filter(state=SchoolState.ACTIVE)
    rows = CanaryCheck.objects.filter(school__in=active)
    told = rows.aggregate(
        rows=Count("pk"), newest=Max("at"), oldest=Min("at"), asked=Sum("asked"), failed=Sum("failed"),
        found=Sum("found"),
    )  # fmt: skip
    if not told["rows"]:
        return Unavailable("never")
    if now - told["newest"] > STALE and not told["found"]:
        return Unavailable("too_old")
    schools, worst = active.count(), rows.exclude(places=[]).order_by("-found", "-at")[:WORST]
    return Canaries(
        schools=schools,
        waiting=schools - told["rows"],
        asked=told["asked"],
        failed=told["failed"],
        found=told["found"],
        places=tuple(sorted({place for row in worst for place in row.places})),
        newest=told["newest"],
        oldest=told["oldest"],
    )


def canary_numbers(now: datetime) -> dict[str, float]:
    """The same for machines; empty when it is not known."""
    told = canaries(now)
    if isinstance(told, Unavailable):
        return {}
    return {
        "schools": told.schools, "waiting": told.waiting, "asked": told.asked, "failed": told.failed,
        "found": told.found, "age_seconds": (now - told.newest).total_seconds(),
        "oldest_seconds": (now - told.oldest).total_seconds(),
    }  # fmt: skip
