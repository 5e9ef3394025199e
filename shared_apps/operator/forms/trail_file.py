"""A part of the history as a file."""

import csv
import io
import json
from collections.abc import Iterable

from django.http import HttpResponse

from shared_apps.billing.rules import cell
from shared_apps.operator.services.trail_entries import Entry


def trail_csv(entries: Iterable[Entry]) -> HttpResponse:
    """The entries as a file for a spreadsheet."""
    text = io.StringIO()
    table = csv.writer(text)
    table.writerow(("at", "number", "kind", "actor", "actor_name", "school", "school_name", "facts"))
    for one in entries:
        event = one.event
        facts = json.dumps(json.loads(event.body).get("facts", {}), ensure_ascii=False, sort_keys=True)
        cells = (
            event.at.isoformat(),
            one.number,
            event.kind,
            event.actor,
            one.who,
            event.school,
            one.school_name,
            facts,
        )
        table.writerow([cell(value) for value in cells])
    response = HttpResponse("\ufeff" + text.getvalue(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="audit.csv"'
    return response
