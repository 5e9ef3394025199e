"""Billable learners per month, for finance and machines."""

from datetime import date
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Query, Router

from shared_apps.billing.forms import csv_answer
from shared_apps.billing.rules import read_month
from shared_apps.billing.schemas import BillingOut, BillingQuery, MonthQuery
from shared_apps.billing.services import reading
from shared_apps.billing.services.reading import Row
from tenants.door import Within, actor_of, api
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
        "month": f"{at:%Y-%m}", "closed": seen.closed is not None, "total": seen.total,
        "items": [row_out(row) for row in rows], "next": following or None,
    }  # fmt: skip


@api(
    router, "GET", "/operator/billing.csv", permission=Permission.BILLING, within=Within.PLATFORM,
    audit="billing.exported",
)  # fmt: skip
def billing_csv(request: HttpRequest, query: Query[MonthQuery]) -> HttpResponse:
    """The same rows as a table."""
    return csv_answer(actor_of(request), asked_for(query.month), search=query.search, now=timezone.now())


def asked_for(text: str) -> date:
    at = read_month(text, timezone.localdate())
    if at is None:
        raise invalid("month", "unknown_month", "A month is YYYY-MM: the current one or one of the 23 before it.")
    return at


def row_out(row: Row) -> dict[str, Any]:
    return {"school": {"id": row.school, "name": row.name}, "billable": row.billable, "channels": row.channels}
