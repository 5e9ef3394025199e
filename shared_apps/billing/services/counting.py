"""Taking in what schools counted."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Sum

from shared_apps.audit.services import record
from shared_apps.billing.models import Adjustment, ClosedCount, ClosedMonth, LearnerCount
from shared_apps.billing.rules import CHANNELS, MonthTold, ends_in
from tenants.models import School

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
