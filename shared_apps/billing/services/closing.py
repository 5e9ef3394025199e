"""Closing a month once nothing of it is missing, or without those it waits for, as somebody decides and says why."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from shared_apps.audit.services import record
from shared_apps.billing.models import ClosedCount, ClosedMonth, LearnerCount
from shared_apps.billing.rules import CHANNELS, CLOSES_AFTER, before, digest
from shared_apps.billing.services.presence import ends_at, here_by, missing
from shared_apps.billing.services.proving import plain
from shared_apps.groups.services import EVERYWHERE
from tenants.actor import Actor
from tenants.models import School, SchoolState
from tenants.problems import Refusal, forbidden

CLOCK = "system:billing"


@dataclass(frozen=True)
class Blocked:
    """The month that cannot close, and the schools it waits for."""

    month: date
    since: datetime
    schools: QuerySet[School]
    count: int


def close_months(*, now: datetime) -> list[date]:
    """Close every month that is over for long enough and complete, the oldest first; which ones those were."""
    closed: list[date] = []
    while month := next_to_close(now):
        if missing(month, now).exists():
            break  # a later month is never closed before an earlier one
        close(month, now=now)
        closed.append(month)
    return closed


def next_to_close(now: datetime) -> date | None:
    """The oldest month that is over for long enough and not closed."""
    month = LearnerCount.objects.order_by("month").values_list("month", flat=True).first()
    closed = set(ClosedMonth.objects.values_list("month", flat=True))
    while month in closed:
        month = before(month, -1)
    return month if month and ends_at(month) + CLOSES_AFTER <= now else None


def blocked(now: datetime) -> Blocked | None:
    """What keeps the next month from closing; None when nothing does."""
    month = next_to_close(now)
    waits = missing(month, now).order_by("name", "pk") if month else School.objects.none()
    count = waits.count()
    return Blocked(month, ends_at(month) + CLOSES_AFTER, waits, count) if month and count else None


def close_without(*, by: Actor, month: date, schools: int, reason: str, now: datetime) -> ClosedMonth:
    """Close the month that waits, without the `schools` it waits for; what they count later is an adjustment.

    Raises Refusal: 403 for who does not see every school; 409 `conflict` with `why`: `closed`, `not_blocked` (it is
    not over for long enough, an earlier one waits, or nothing is missing), `number_differs`.
    """
    if by.kind != "system" and not by.roles & EVERYWHERE:
        raise forbidden()
    with transaction.atomic():
        if ClosedMonth.objects.filter(pk=month).exists():
            raise refused("closed", "This month is closed already.")
        waits = blocked(now)
        if waits is None or waits.month != month:
            raise refused("not_blocked", "No school keeps this month from closing now.")
        without = list(waits.schools.values_list("pk", flat=True))
        if len(without) != schools:
            raise refused("number_differs", "Another number of schools is missing by now. Look again.")
        return close(month, now=now, without=without, by=by.name_in_audit, reason=reason)


def refused(why: str, detail: str) -> Refusal:
    return Refusal(409, "conflict", detail, extra={"why": why})


@transaction.atomic
def close(
    month: date, *, now: datetime, without: Iterable[UUID] = (), by: str = CLOCK, reason: str = ""
) -> ClosedMonth:
    """Keep the month as it stands, for good. Raises IntegrityError when it is closed already.

    Every school that was here has a row; without a number where it never counted, or is one of `without`.
    """
    counts = LearnerCount.objects.filter(month=month).exclude(school__in=list(without)).select_for_update()
    told = {one.school_id: one for one in counts}
    counted = Exists(LearnerCount.objects.filter(month=month, school=OuterRef("pk")))
    schools = list(School.objects.filter(here_by(month) | counted).order_by("pk"))
    rows = [_row(month, one, told.get(one.pk)) for one in schools]
    total = sum(row.billable or 0 for row in rows)
    left_out = sum(one.pk not in told and one.state != SchoolState.PENDING for one in schools)
    made = ClosedMonth.objects.create(
        month=month, closed_at=now, schools=len(told), left_out=left_out, total=total,
        digest=digest(month, map(plain, rows)), closed_by=by, reason=reason,
    )  # fmt: skip
    ClosedCount.objects.bulk_create(rows)
    facts = {
        "month": f"{month:%Y-%m}", "schools": len(told), "left_out": left_out, "total": total, "digest": made.digest
    }  # fmt: skip
    if reason:  # its words stay in the row, as somebody may be named in them; a hash proves what they were
        facts["reason_sha256"] = hashlib.sha256(f"{month:%Y-%m}:{reason}".encode()).hexdigest()
    record("billing.month_closed", by=by, now=now, facts=facts)
    return made


def _row(month: date, school: School, told: LearnerCount | None) -> ClosedCount:
    sent = {channel: getattr(told, channel) if told else 0 for channel in CHANNELS}
    return ClosedCount(
        month_id=month, school=school.pk, name=school.name, billable=told.billable if told else None, **sent
    )  # fmt: skip
