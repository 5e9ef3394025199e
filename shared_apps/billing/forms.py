"""What the billing page may be asked for in its address, and the month as a file."""

import csv
import io
from dataclasses import dataclass
from datetime import date, datetime
from urllib.parse import urlencode

from django.http import HttpResponse, QueryDict

from shared_apps.audit.services import record
from shared_apps.billing.rules import CHANNELS, cell, month_of, read_month
from shared_apps.billing.services import reading
from tenants.actor import Actor

HEADER = ("month", "closed", "school_id", "school", "billable", *CHANNELS)


@dataclass(frozen=True)
class BillingAsked:
    """The state of the page, as its address carries it; a month that is none is the current one."""

    month: date
    search: str = ""
    cursor: str = ""

    @classmethod
    def read(cls, query: QueryDict, today: date) -> "BillingAsked":
        search = "".join(letter for letter in query.get("search", "")[:100] if letter.isprintable())
        month = read_month(query.get("month", ""), today) or month_of(today)
        return cls(month, " ".join(search.split()), query.get("cursor", "")[:64])

    def address(self, path: str = "/operator/billing", *, search: str | None = None, cursor: str = "") -> str:
        search = self.search if search is None else search
        parts = {"month": f"{self.month:%Y-%m}", "search": search, "cursor": cursor}
        return f"{path}?{urlencode({name: value for name, value in parts.items() if value})}"


def csv_answer(actor: Actor, at: date, *, search: str, now: datetime) -> HttpResponse:
    """The rows of a month as a file for a spreadsheet. Taking it away is recorded."""
    closed = reading.is_closed(at)
    text = io.StringIO()
    table = csv.writer(text)
    table.writerow(HEADER)
    for row in reading.every_row(actor, at, search=search):
        counts = [row.billable, *(row.channels[channel] for channel in CHANNELS)]
        table.writerow(
            [f"{at:%Y-%m}", "yes" if closed else "no", row.school, cell(row.name), *map(_count, counts)]
        )  # fmt: skip
    record("billing.exported", by=actor.name_in_audit, now=now, facts={"month": f"{at:%Y-%m}"})
    # The mark tells a spreadsheet that names are UTF-8.
    response = HttpResponse("\ufeff" + text.getvalue(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="billable-learners-{at:%Y-%m}.csv"'
    return response


def _count(value: int | None) -> str:
    """Unknown is an empty cell, never a zero."""
    return "" if value is None else str(value)
