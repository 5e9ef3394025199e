"""Taking in what schools counted, and whose count is due or missing."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet, Sum

from shared_apps.audit.services import record
from shared_apps.billing.models import Adjustment, ClosedCount, ClosedMonth, LearnerCount
from shared_apps.billing.rules import CHANNELS, FRESH_FOR, MonthTold, before, ends_in
from tenants.models import School, SchoolState

AT_ONCE = 2_000  # schools woken in one turn of the clock
PARTS = ("school_days", "throughout", "joined", "departed", "visited", "outside")


def publish(told: Sequence[MonthTold], *, school: UUID) -> None:
    """Put what a school counted in the place of what it counted before; an older count gives way to a newer one."""
    since, zone = School.objects.values_list("created_at", "timezone").get(pk=school)
    for one in told:
        if ends_in(one.month, ZoneInfo(zone)) > since:  # nobody is billed for a month before the school was here
            _take_in(one, school)


@transaction.atomic
def _take_in(told: MonthTold, school: UUID) -> None:
    fresh: dict[str, Any] = {name: getattr(told, name) for name in (*PARTS, "billable", "as_of")}
    fresh |= {channel: told.channels.get(channel, 0) for channel in CHANNELS}
    row, made = LearnerCount.objects.select_for_update().get_or_create(
        school_id=school, month=told.month, defaults=fresh
    )
    if not made and row.as_of < told.as_of:
        LearnerCount.objects.filter(pk=row.pk).update(**fresh)
    if made or row.as_of < told.as_of:
        _adjust(told, school)


def _adjust(told: MonthTold, school: UUID) -> None:
    """A closed month stays as it is; what changed since stands beside it."""
    closed = ClosedMonth.objects.filter(pk=told.month).first()
    if closed is None:
        return
    row = ClosedCount.objects.filter(month=closed, school=school).first()
    noticed = Adjustment.objects.filter(month=closed, school=school).aggregate(sum=Sum("difference"))["sum"] or 0
    difference = told.billable - ((row.billable if row else 0) or 0) - noticed
    if difference:
        name = School.objects.values_list("name", flat=True).get(pk=school)
        Adjustment.objects.create(
            month=closed, school=school, name=name, difference=difference, noticed_at=told.as_of
        )  # fmt: skip
        record(
            "billing.month_adjusted", by="system:billing", now=told.as_of, school=school,
            facts={"month": f"{told.month:%Y-%m}", "difference": difference},
        )  # fmt: skip


def due(now: datetime, *, limit: int = AT_ONCE) -> list[UUID]:
    """Schools whose newest count is missing or half a day old."""
    fresh = LearnerCount.objects.filter(school=OuterRef("pk"), as_of__gt=now - FRESH_FOR)
    schools = School.objects.filter(~Exists(fresh), state=SchoolState.ACTIVE, placement__quarantined=False)
    return list(schools.order_by("pk").values_list("pk", flat=True)[:limit])


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
