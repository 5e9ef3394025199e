"""The platform's history as an operator reads it: filtered, newest first, with names where the platform knows them."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils import timezone

from shared_apps.audit.models import PlatformEvent
from shared_apps.groups.services import EVERYWHERE, within_reach
from shared_apps.identity.models import Membership
from shared_apps.operator.rules import changes_in
from tenants.actor import Actor
from tenants.ids import parse_id
from tenants.models import School

PART = 500  # rows read at once for an export
MOST = 50_000  # rows of an export: what is older is asked for by its dates


@dataclass(frozen=True)
class Asked:
    """What is looked for. `kind`: a kind or the part before its dot; `actor`: an id or `system:...`."""

    kind: str = ""
    actor: str = ""
    school: str = ""
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True)
class Entry:
    """One event. `who` and `school_name` are "" where the platform knows no name; `changes` are (field, before, after)
    and `facts` what else was written down."""

    event: PlatformEvent
    who: str
    school_name: str
    number: int | None  # in the chain; None while it waits for its seal
    changes: list[tuple[str, str, str]]
    facts: list[tuple[str, str]]

    @property
    def cursor(self) -> str:
        return str(self.event.pk)


def sought(actor: Actor, asked: Asked) -> QuerySet[PlatformEvent, PlatformEvent]:
    """The events that fit, newest first; those of schools out of reach never do."""
    found = PlatformEvent.objects.order_by("-at", "-id")
    if not actor.roles & EVERYWHERE:
        found = found.filter(school__in=within_reach(actor).values("pk"))
    if asked.kind:
        found = found.filter(Q(kind=asked.kind) | Q(kind__startswith=f"{asked.kind}."))
    if asked.actor:
        found = found.filter(actor=asked.actor)
    if asked.school:
        named = within_reach(actor).filter(Q(slug=asked.school) | Q(name__iexact=asked.school))
        key = parse_id(asked.school)
        found = found.filter(school=key) if key else found.filter(school__in=named.values("pk"))
    return _between(found, asked.since, asked.until)


def _between(
    found: QuerySet[PlatformEvent, PlatformEvent], since: date | None, until: date | None
) -> QuerySet[PlatformEvent, PlatformEvent]:
    """From the beginning of a day to the end of one, by the reader's clock."""
    zone = timezone.get_current_timezone()
    if since:
        found = found.filter(at__gte=datetime.combine(since, time(), zone))
    if until:
        found = found.filter(at__lt=datetime.combine(until + timedelta(days=1), time(), zone))
    return found


def page(
    found: QuerySet[PlatformEvent, PlatformEvent], *, cursor: str = "", limit: int = 50
) -> tuple[list[Entry], str]:
    """Entries behind `cursor`, and the cursor of the next page ("" at the end; an unknown one is the beginning)."""
    key = parse_id(cursor) if cursor else None
    place = PlatformEvent.objects.filter(pk=key).first() if key else None
    if place:
        found = found.filter(Q(at__lt=place.at) | Q(at=place.at, id__lt=place.id))
    rows = list(found.select_related("seal")[: limit + 1])
    shown = entries(rows[:limit])
    return shown, shown[-1].cursor if len(rows) > limit else ""


def every_entry(found: QuerySet[PlatformEvent, PlatformEvent]) -> Iterator[Entry]:
    """All of them, a part at a time, up to `MOST`."""
    cursor, count = "", 0
    while count < MOST:
        rows, cursor = page(found, cursor=cursor, limit=PART)
        yield from rows
        count += len(rows)
        if not cursor:
            return


def entries(events: list[PlatformEvent]) -> list[Entry]:
    """Three statements, whatever their number."""
    logins = {key for event in events if (key := parse_id(event.actor))}
    held = Membership.objects.filter(login__in=logins, school=None).exclude(name="")
    names = dict(held.values_list("login", "name"))
    schools = dict(School.objects.filter(pk__in={event.school for event in events}).values_list("pk", "name"))
    return [_entry(event, names, schools) for event in events]


def _entry(event: PlatformEvent, names: dict[UUID, str], schools: dict[UUID, str]) -> Entry:
    key = parse_id(event.actor)
    seal: Any = getattr(event, "seal", None)
    facts = json.loads(event.body).get("facts", {})
    changes, others = changes_in(facts)
    return Entry(
        event=event, who=names.get(key, "") if key else "", number=seal.seq if seal else None, changes=changes,
        school_name=schools.get(event.school, "") if event.school else "", facts=others,
    )  # fmt: skip
