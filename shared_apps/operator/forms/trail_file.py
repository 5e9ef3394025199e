"""A part of the history as a file."""

import json
from collections.abc import Iterable

from django.http import HttpResponse
from django.utils.translation import gettext

from shared_apps.operator.services.trail_entries import Entry, facts_of
from tenants.tables import csv_text

HEADER = ("at", "number", "kind", "actor", "actor_name", "school", "school_name", "facts")


def trail_csv(entries: Iterable[Entry], *, cut_at: int = 0) -> HttpResponse:
    """The entries as a file for a spreadsheet; its last line says so when there are more than `cut_at`."""
    said = gettext("These are not all. The newest entries are here: %(count)s. Ask for older ones by their dates.")
    last = [said % {"count": cut_at}] if cut_at else []
    text = csv_text(HEADER, map(_cells, entries), last=last)
    response = HttpResponse(text, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="audit.csv"'
    return response


def _cells(one: Entry) -> tuple[object, ...]:
    event = one.event
    facts = json.dumps(facts_of(event), ensure_ascii=False, sort_keys=True)
    return (event.at.isoformat(), one.number, event.kind, event.actor, one.who, event.school, one.school_name, facts)
