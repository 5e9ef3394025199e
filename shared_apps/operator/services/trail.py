"""The platform's history as an operator asks for it: filtered, newest first, a page at a time."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db.models import Q, QuerySet
from django.utils import timezone

from shared_apps.audit.models import PlatformEvent
from shared_apps.groups.services import EVERYWHERE, within_reach
from shared_apps.operator.services.trail_entries import Entry, entries
from tenants.actor import Actor
from tenants.ids import parse_id

PART = 500  # rows read at once for an export
COUNTED = 10_000
MOST = 50_000  # rows of an export: what is older is asked for by its dates


@dataclass(frozen=True)
class Asked:
    """What is looked for. `kind`: kinds, or parts before a dot, with commas between; `actor`: an id or `system:...`.

    `begins` and `ends` are moments, both included, as a signal that is proven here names them.
    """

    kind: str = ""
    actor: str = ""
    school: str = ""
    since: date | None = None
    until: date | None = None
    begins: datetime | None = None
    ends: datetime | None = None


def sought(actor: Actor, asked: Asked) -> QuerySet[PlatformEvent, PlatformEvent]:
    """The events that fit, newest first; those of schools out of reach never do."""
    found = PlatformEvent.objects.order_by("-at", "-id")
    if not actor.roles & EVERYWHERE:
        found = found.filter(school__in=within_reach(actor).values("pk"))
    if asked.kind:
        found = found.filter(_of_kinds(asked.kind))
    if asked.actor:
        found = found.filter(actor=asked.actor)
    if asked.school:
        named = within_reach(actor).filter(Q(slug=asked.school) | Q(name__iexact=asked.school))
        key = parse_id(asked.school)
        found = found.filter(school=key) if key else found.filter(school__in=named.values("pk"))
    if asked.begins:
        found = found.filter(at__gte=asked.begins)
    if asked.ends:
        found = found.filter(at__lte=asked.ends)
    return _between(found, asked.since, asked.until)


def _of_kinds(kinds: str) -> Q:
    wanted = Q(pk__in=[])
    for kind in kinds.split(","):
        wanted |= Q(kind=kind) | Q(kind__startswith=f"{kind}.")
    return wanted


def number_of(found: QuerySet[PlatformEvent, PlatformEvent]) -> int:
    """How many they are, counted no further than one beyond `COUNTED`."""
    return found.order_by()[: COUNTED + 1].count()


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


def is_place(cursor: str) -> bool:
    """Whether a cursor names an event."""
    key = parse_id(cursor)
    return key is not None and PlatformEvent.objects.filter(pk=key).exists()


def beyond(found: QuerySet[PlatformEvent, PlatformEvent]) -> bool:
    """Whether there are more than an export holds."""
    return found[MOST : MOST + 1].exists()


def every_entry(found: QuerySet[PlatformEvent, PlatformEvent]) -> Iterator[Entry]:
    """All of them, a part at a time, up to `MOST`."""
    cursor, count = "", 0
    while count < MOST:
        rows, cursor = page(found, cursor=cursor, limit=min(PART, MOST - count))
        yield from rows
        count += len(rows)
        if not cursor:
            return
