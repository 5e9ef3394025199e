"""What the billing pages may be asked for in their address and send, and the month as a file."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.http import HttpResponse, QueryDict
from django.utils.html import escape, format_html
from django.utils.translation import gettext_lazy

from shared_apps.audit.services import record
from shared_apps.billing.rules import CHANNELS, State, month_of, read_month
from shared_apps.billing.services import reading
from shared_apps.billing.services.proving import is_whole
from shared_apps.identity.forms import Form, storable
from tenants.actor import Actor
from tenants.tables import csv_text

HEADER = ("month", "closed", "school_id", "school", "billable", *CHANNELS, "adjustment", "state")


@dataclass(frozen=True)
class BillingAsked:
    """The state of the page, as its address carries it. A month that is none is the current one, and `unread`."""

    month: date
    search: str = ""
    cursor: str = ""
    unread: str = ""

    @classmethod
    def read(cls, query: QueryDict, today: date) -> "BillingAsked":
        search, wanted = _printable(query.get("search", "")[:100]), query.get("month", "")
        month = read_month(wanted, today)
        unread = "" if month else _printable(wanted[:40]) or "?"
        return cls(month or month_of(today), " ".join(search.split()), query.get("cursor", "")[:64], unread)

    def address(self, path: str = "/operator/billing", *, search: str | None = None, cursor: str = "") -> str:
        search = self.search if search is None else search
        parts = {"month": f"{self.month:%Y-%m}", "search": search, "cursor": cursor}
        return f"{path}?{urlencode({name: value for name, value in parts.items() if value})}"


def _printable(text: str) -> str:
    return "".join(letter for letter in text if letter.isprintable())


class CloseForm(Form):
    """How many schools are left out, typed as they were seen, and why."""

    schools = forms.IntegerField(
        min_value=1, max_value=1_000_000, widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"})
    )
    reason = forms.CharField(
        label=gettext_lazy("Reason"), max_length=500, validators=[storable], widget=forms.Textarea(attrs={"rows": "2"}),
        help_text=gettext_lazy("Kept in this platform’s history. Name no learner and no guardian."),
    )  # fmt: skip

    def __init__(self, *args: Any, number: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["schools"].label = format_html(
            escape(gettext_lazy("Type this to confirm: {name}")), name=format_html("<em>{}</em>", number)
        )


def csv_answer(actor: Actor, at: date, *, search: str, now: datetime) -> HttpResponse:
    """The rows of a month as a file for a spreadsheet, the month's state in each. Taking it away is recorded."""
    closed = reading.closed_month(at)
    state = reading.state_of(closed, whole=is_whole(closed) if closed else True)
    month, done = f"{at:%Y-%m}", "yes" if closed else "no"
    text = csv_text(
        HEADER,
        (
            (month, done, row.school, row.name, row.billable, *row.channels.values(), row.adjustment, state)
            for row in reading.every_row(actor, at, search=search)
        ),
    )
    record("billing.exported", by=actor.name_in_audit, now=now, facts={"month": month})
    response = HttpResponse(text, content_type="text/csv; charset=utf-8")
    mark = "-do-not-invoice" if state is State.CHANGED else ""
    response["Content-Disposition"] = f'attachment; filename="billable-learners-{month}{mark}.csv"'
    return response
