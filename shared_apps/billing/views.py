"""Billing: the month's total first, then each school, and how its number came about. No money anywhere."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from shared_apps.billing.forms import BillingAsked, csv_answer
from shared_apps.billing.rules import CHANNELS, months
from shared_apps.billing.services import reading
from tenants.door import Within, actor_of, page
from tenants.ids import parse_id
from tenants.permissions import Permission
from tenants.problems import not_found

ROWS = 50


@page(permission=Permission.BILLING, within=Within.PLATFORM, audit=None)
def billing(request: HttpRequest) -> HttpResponse:
    """A month over every school within reach."""
    actor, now, today = actor_of(request), timezone.now(), timezone.localdate()
    asked = BillingAsked.read(request.GET, today)
    seen = reading.month(actor, asked.month, now=now)
    rows, following = reading.page(actor, asked.month, search=asked.search, cursor=asked.cursor, limit=ROWS)
    context = {
        "asked": asked, "seen": seen, "rows": rows, "months": months(today), "current": asked.month == months(today)[0],
        "following": asked.address(cursor=following) if following else "",
        "start": asked.address() if asked.cursor else "",
        "unfiltered": asked.address(search=""),
        "here": asked.address("", cursor=asked.cursor),
        "download": asked.address("/operator/billing/download"),
    }  # fmt: skip
    return render(request, "billing/billing.html", context)


@page(permission=Permission.BILLING, within=Within.PLATFORM, audit="billing.exported")
def download(request: HttpRequest) -> HttpResponse:
    """The month as a file."""
    asked = BillingAsked.read(request.GET, timezone.localdate())
    return csv_answer(actor_of(request), asked.month, search=asked.search, now=timezone.now())


@page(permission=Permission.BILLING, within=Within.PLATFORM, audit=None)
def why(request: HttpRequest, school_id: str) -> HttpResponse:
    """Why this number: what the school counted, part by part."""
    key = parse_id(school_id)
    if key is None:
        raise not_found()
    asked = BillingAsked.read(request.GET, timezone.localdate())
    school, told, closed = reading.why(actor_of(request), asked.month, key)
    counted = closed or told
    context = {
        "asked": asked, "of": school, "told": told, "closed": closed, "back": asked.address(cursor=asked.cursor),
        "sent": {channel: getattr(counted, channel) for channel in CHANNELS} if counted else None,
    }  # fmt: skip
    return render(request, "billing/why.html", context)
