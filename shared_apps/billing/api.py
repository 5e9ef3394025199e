"""Billable learners per month, for finance and machines."""

from datetime import date
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Query, Router

from shared_apps.billing.forms.file import csv_answer
from shared_apps.billing.rules import CHANNELS, read_month
from shared_apps.billing.schemas import BillingOut, BillingQuery, ClosedOut, CloseIn, MonthQuery, WhyOut, WhyQuery
from shared_apps.billing.services import closing, explaining, reading
from shared_apps.billing.services.counting import PARTS
from shared_apps.billing.services.reading import Row
from tenants.door import Within, actor_of, api
from tenants.ids import parse_id
from tenants.permissions import Permission
from tenants.problems import invalid

router = Router(tags=["operator"])


@api(
    router, "GET", "/operator/billing", permission=Permission.BILLING, within=Within.PLATFORM, audit=None,
    response=BillingOut,
)  # fmt: skip
def billing(request: HttpRequest, query: Query[BillingQuery]) -> dict[str, Any]:
    """Each school's billable learners and sent messages of a month, by name."""
    actor, at = actor_of(request), asked_for(query.month)
    seen = reading.month(actor, at, now=timezone.now())
    rows, following = reading.page(actor, at, search=query.search, cursor=query.cursor, limit=query.limit)
    return {
        "month": f"{at:%Y-%m}", "closed": seen.closed is not None, "state": seen.state, "total": seen.total,
        "silent": seen.silent, "stale": seen.stale, "adjustment": seen.adjustment,
        "items": [row_out(row) for row in rows], "next": following or None,
    }  # fmt: skip


@api(
    router, "GET", "/operator/billing.csv", permission=Permission.BILLING, within=Within.PLATFORM,
    audit="billing.exported",
)  # fmt: skip
def billing_csv(request: HttpRequest, query: Query[MonthQuery]) -> HttpResponse:
    """The same rows as a table."""
    return csv_answer(actor_of(request), asked_for(query.month), search=query.search, now=timezone.now())


@api(
    router, "POST", "/operator/billing/close", permission=Permission.BILLING, within=Within.PLATFORM,
    audit="billing.month_closed", response=ClosedOut,
)  # fmt: skip
def close(request: HttpRequest, body: CloseIn) -> dict[str, Any]:
    """Close the month that waits without the schools it waits for; what they count later is an adjustment."""
    made = closing.close_without(
        by=actor_of(request), month=asked_for(body.month), schools=body.schools, reason=body.reason.strip(),
        now=timezone.now(),
    )  # fmt: skip
    return {
        "month": f"{made.month:%Y-%m}", "closed_at": made.closed_at, "schools": made.schools,
        "left_out": made.left_out, "total": made.total, "digest": made.digest,
    }  # fmt: skip


@api(
    router, "GET", "/operator/billing/{school_id}/why", permission=Permission.BILLING, within=Within.PLATFORM,
    audit=None, response=WhyOut,
)  # fmt: skip
def why(request: HttpRequest, school_id: str, query: Query[WhyQuery]) -> dict[str, Any]:
    """How a school's number came about: what it counted, part by part."""
    at = asked_for(query.month)
    seen = explaining.why(actor_of(request), at, parse_id(school_id))
    parts = {name: getattr(seen.told, name, None) for name in ("as_of", *PARTS)}
    return {
        "month": f"{at:%Y-%m}", "school": {"id": seen.school.pk, "name": seen.school.name},
        "billable": seen.billable, "adjustment": seen.adjustment, "counted": getattr(seen.told, "billable", None),
        "channels": seen.sent or dict.fromkeys(CHANNELS), **parts,
    }  # fmt: skip


def asked_for(text: str) -> date:
    at = read_month(text, timezone.localdate())
    if at is None:
        raise invalid("month", "unknown_month", "A month is YYYY-MM: the current one or one of the 23 before it.")
    return at


def row_out(row: Row) -> dict[str, Any]:
    school = {"id": row.school, "name": row.name}
    return {"school": school, "billable": row.billable, "channels": row.channels, "adjustment": row.adjustment}
