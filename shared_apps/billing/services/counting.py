"""Taking in what schools counted, and closing a month once nothing of it is missing."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet, Sum

from shared_apps.audit.services import record
from shared_apps.billing.models import Adjustment, ClosedCount, ClosedMonth, LearnerCount
from shared_apps.billing.rules import CHANNELS, CLOSES_AFTER, FRESH_FOR, MonthTold, before, digest
from tenants.models import School, SchoolState

AT_ONCE = 2_000  # schools woken in one turn of the clock
PARTS = ("school_days", "throughout", "joined", "departed", "visited", "outside")


def publish(told: Sequence[MonthTold], *, school: UUID) -> None:
    """Put what a school counted in the place of what it counted before; an older count gives way to a newer one."""
    since = School.objects.values_list("created_at", flat=True).get(pk=school)
    for one in told:
        if ends_at(one.month) > since:  # nobody is billed for a month before the school was here
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
    difference = told.billable - (row.billable if row else 0) - noticed
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


# -- closing ----------------------------------------------------------------------------------------------------------


def ends_at(month: date) -> datetime:
    """When the month is over everywhere on earth."""
    return datetime.combine(before(month, -1), time(12), UTC)


def missing(month: date, now: datetime) -> QuerySet[School]:
    """Schools that should have a count of this month and have none, or one from before the month was over.

    A suspended school cannot count; what it counted last stands.
    """
    needed = min(ends_at(month), now - FRESH_FOR * 2)
    told = LearnerCount.objects.filter(school=OuterRef("pk"), month=month)
    silent = Q(state=SchoolState.ACTIVE) & ~Exists(told.filter(as_of__gte=needed))
    schools: QuerySet[School] = School.objects.filter(silent, created_at__lt=ends_at(month))
    return schools


def close_months(*, now: datetime) -> list[date]:
    """Close every month that is over for long enough and complete, the oldest first; which ones those were."""
    first = LearnerCount.objects.order_by("month").values_list("month", flat=True).first()
    month, closed = first, []
    while month and ends_at(month) + CLOSES_AFTER <= now:
        if not ClosedMonth.objects.filter(pk=month).exists():
            if missing(month, now).exists():
                break  # a later month is never closed before an earlier one
            close(month, now=now)
            closed.append(month)
        month = before(month, -1)
    return closed


@transaction.atomic
def close(month: date, *, now: datetime) -> ClosedMonth:
    """Keep the month as it stands, for good. Raises IntegrityError when it is closed already."""
    counts = LearnerCount.objects.filter(month=month).select_for_update(of=("self",)).select_related("school")
    rows = [
        ClosedCount(
            month_id=month, school=one.school_id, name=one.school.name, billable=one.billable,
            **{channel: getattr(one, channel) for channel in CHANNELS},
        )
        for one in counts
    ]  # fmt: skip
    total = sum(row.billable for row in rows)
    made = ClosedMonth.objects.create(
        month=month, closed_at=now, schools=len(rows), total=total, digest=digest(month, map(plain, rows))
    )
    ClosedCount.objects.bulk_create(rows)
    facts = {"month": f"{month:%Y-%m}", "schools": len(rows), "total": total, "digest": made.digest}
    record("billing.month_closed", by="system:billing", now=now, facts=facts)
    return made


def plain(row: ClosedCount) -> tuple[object, ...]:
    """A closed row as it is hashed."""
    return (row.school, row.name, row.billable, *(getattr(row, channel) for channel in CHANNELS))


def is_whole(closed: ClosedMonth) -> bool:
    """Whether the rows of a closed month are still those it was closed with."""
    return digest(closed.month, map(plain, closed.rows.all())) == closed.digest
