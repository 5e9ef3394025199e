"""Billing: the month's total first, then each school, and how its number came about. No money anywhere."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from shared_apps.billing.forms.asked import BillingAsked
from shared_apps.billing.forms.close import CloseForm
from shared_apps.billing.forms.file import csv_answer
from shared_apps.billing.rules import months, read_month
from shared_apps.billing.services import closing, reading
from shared_apps.billing.services.explaining import why as explain
from tenants.door import Within, actor_of, page
from tenants.ids import parse_id
from tenants.permissions import Permission
from tenants.problems import Refusal, invalid

ROWS = 50
NAMED = 500  # schools that a month waits for; the rest are only counted


@page(permission=Permission.BILLING, within=Within.PLATFORM, audit=None)
def billing(request: HttpRequest) -> HttpResponse:
    """A month over every school within reach."""
    actor, now, today = actor_of(request), timezone.now(), timezone.localdate()
    asked = BillingAsked.read(request.GET, today)
    seen = reading.month(actor, asked.month, now=now)
    rows, following = reading.page(actor, asked.month, search=asked.search, cursor=asked.cursor, limit=ROWS)
    waits = closing.blocked(now)
    context = {
        "asked": asked, "seen": seen, "rows": rows, "months": months(today), "current": asked.month == months(today)[0],
        "following": asked.address(cursor=following) if following else "",
        "start": asked.address() if asked.cursor else "",
        "unfiltered": asked.address(search=""),
        "here": asked.address("", cursor=asked.cursor),
        "download": asked.address("/operator/billing/download"),
        "blocked": waits if waits and waits.month == asked.month else None,
    }  # fmt: skip
    return render(request, "billing/billing.html", context)


@page(permission=Permission.BILLING, within=Within.PLATFORM, audit="billing.exported")
def download(request: HttpRequest) -> HttpResponse:
    """The month as a file."""
    asked = BillingAsked.read(request.GET, timezone.localdate())
    if asked.unread:  # a file is kept and sent on: it is never another month than the one that was asked for
        raise invalid("month", "unknown_month", _("There is no such month here."))
    return csv_answer(actor_of(request), asked.month, search=asked.search, now=timezone.now())


@page(permission=Permission.BILLING, within=Within.PLATFORM, audit=None)
def why(request: HttpRequest, school_id: str) -> HttpResponse:
    """Why this number: what the school counted, part by part."""
    asked = BillingAsked.read(request.GET, timezone.localdate())
    seen = explain(actor_of(request), asked.month, parse_id(school_id))
    context = {
        "asked": asked, "of": seen.school, "told": seen.told, "closed": seen.closed, "seen": seen, "sent": seen.sent,
        "back": asked.address(cursor=asked.cursor),
    }  # fmt: skip
    return render(request, "billing/why.html", context)


@page(permission=Permission.BILLING, within=Within.PLATFORM, audit="billing.month_closed")
def close(request: HttpRequest) -> HttpResponse:
    """The schools that a month waits for, by name, and closing it without them."""
    now = timezone.now()
    waits = closing.blocked(now)
    if waits is None:
        return render(request, "billing/close.html", {"blocked": None})
    form = CloseForm(request.POST if request.method == "POST" else None, number=waits.count)
    if form.is_valid():
        seen = read_month(request.POST.get("month", ""), timezone.localdate())
        try:
            if seen is None:
                raise invalid("month", "unknown_month", _("There is no such month here."))
            closing.close_without(by=actor_of(request), month=seen, now=now, **form.cleaned_data)
            return redirect(f"/operator/billing?month={seen:%Y-%m}&saved=month_closed")
        except Refusal as refusal:
            form.refuse(refusal, conflict=_("Something changed in the meantime. Look at the schools again."))
    context = {"blocked": waits, "form": form, "schools": waits.schools[:NAMED], "more": max(0, waits.count - NAMED)}
    return render(request, "billing/close.html", context, status=422 if form.errors else 200)
