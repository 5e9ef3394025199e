"""Closing a month once nothing of it is missing, and seeing later that it is still what it was."""

from datetime import date, datetime

from django.db import transaction

from shared_apps.audit.services import record
from shared_apps.billing.models import ClosedCount, ClosedMonth, LearnerCount
from shared_apps.billing.rules import CHANNELS, CLOSES_AFTER, before, digest
from shared_apps.billing.services.counting import ends_at, missing


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
