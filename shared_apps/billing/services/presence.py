"""Which schools were there in a month, which of them it still waits for, and whose count is due."""

from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Exists, OuterRef, Q, QuerySet

from shared_apps.billing.models import LearnerCount
from shared_apps.billing.rules import FRESH_FOR, before, ends_in
from tenants.models import School, SchoolState

AT_ONCE = 2_000  # schools woken in one turn of the clock


def ends_at(month: date) -> datetime:
    """When the month is over everywhere on earth."""
    return datetime.combine(before(month, -1), time(12), UTC)


def here_by(month: date) -> Q:
    """Schools that were created before the month was over where they lie."""
    nowhere_over = ends_at(month) - timedelta(hours=26)  # from the first zone of the earth to the last
    doubtful = School.objects.filter(created_at__gte=nowhere_over, created_at__lt=ends_at(month))
    here = Q(created_at__lt=nowhere_over)
    for zone in doubtful.order_by().values_list("timezone", flat=True).distinct():
        here |= Q(timezone=zone, created_at__lt=ends_in(month, ZoneInfo(zone)))
    return here


def missing(month: date, now: datetime) -> QuerySet[School]:
    """Schools that should have a count of this month and have none, or one from before the month was over.

    A suspended or quarantined school cannot count; what it counted last stands.
    """
    told = LearnerCount.objects.filter(school=OuterRef("pk"), month=month, as_of__gte=old_before(month, now))
    silent = Q(state=SchoolState.ACTIVE, placement__quarantined=False) & ~Exists(told)
    schools: QuerySet[School] = School.objects.filter(silent, here_by(month))
    return schools


def old_before(month: date, now: datetime) -> datetime:
    """A count from before this moment may have changed: the month went on, or a day has passed."""
    return min(ends_at(month), now - FRESH_FOR * 2)


def due(now: datetime, *, limit: int = AT_ONCE) -> list[UUID]:
    """Schools whose newest count is missing or half a day old."""
    fresh = LearnerCount.objects.filter(school=OuterRef("pk"), as_of__gt=now - FRESH_FOR)
    schools = School.objects.filter(~Exists(fresh), state=SchoolState.ACTIVE, placement__quarantined=False)
    return list(schools.order_by("pk").values_list("pk", flat=True)[:limit])
