"""A month as a file."""

from datetime import date, datetime

from django.http import HttpResponse

from shared_apps.audit.services import record
from shared_apps.billing.rules import CHANNELS, State
from shared_apps.billing.services import reading
from shared_apps.billing.services.proving import is_whole
from tenants.actor import Actor
from tenants.tables import csv_text

HEADER = ("month", "closed", "school_id", "school", "billable", *CHANNELS, "adjustment", "state")


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
