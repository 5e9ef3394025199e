"""Does every school's schema equal one built by plain migrations? Names aside, line by line.

By hand (`manage.py drift`, with the migrator's login) the newest reference is built anew. The clock's nightly look and
the one after each wave of a migration compare with the lines written down when the golden schema was built: they need
only `pg_catalog`, which the platform's login may read, and no right in any school.
"""

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import ceil
from typing import Any
from uuid import UUID

from django.db import connections, transaction
from django.db.models import F, Q

from tenants import catalog, cells, likeness
from tenants.cells import HOME, CellDown, migrator_of
from tenants.findings import Finding as Finding
from tenants.findings import Standing as Standing
from tenants.findings import open_findings as open_findings
from tenants.findings import standing as standing
from tenants.models import DriftFinding, GoldenSchema, SchoolPlacement
from tenants.night import is_night
from tenants.provisioning import MIGRATOR, fingerprint, golden_catalog, plain_school
from tenants.waves import crowd

log = logging.getLogger(__name__)
KEPT = 100  # differences kept of one finding; a school that lost its tables has thousands
AT_ONCE = 100  # schools in a statement
TURN = 20.0  # seconds of looking at a time, so that the worker's other jobs do not wait long


# -- looking -----------------------------------------------------------------------------------------------------------


def look(schools: Sequence[UUID], *, now: datetime, using: str = "default", workers: int = 1) -> int:
    """Compare these schools with what their state of the migrations should be, and write down what was found.

    Returns how many were compared: a school at a state nobody wrote a reference for, or between two lanes of a
    migration, is left as it is. Several `workers` are for a migrating process, whose login `using` is.
    """
    places = SchoolPlacement.objects.using(using).filter(pk__in=schools).select_related("school")
    wanted: dict[str, list[str]] = {}
    for place in places:
        if place.fingerprint not in wanted:
            wanted[place.fingerprint] = catalog.without_ledger(golden_catalog(place.fingerprint, using=using))
    known = [place for place in places if wanted[place.fingerprint]]
    chunks = list(_chunks(known, workers))
    return sum(crowd(lambda chunk: _compare_if_there(chunk, wanted, now, using), chunks, workers))


def _chunks(places: Sequence[SchoolPlacement], workers: int) -> Iterator[list[SchoolPlacement]]:
    """Schools of one cell each, not too many for a statement, and enough chunks to go round."""
    for alias in dict.fromkeys(place.alias for place in places):
        there = [place for place in places if place.alias == alias]
        size = min(AT_ONCE, ceil(len(there) / workers))
        yield from (there[at : at + size] for at in range(0, len(there), size))


def _compare_if_there(
    places: Sequence[SchoolPlacement], wanted: dict[str, list[str]], now: datetime, using: str
) -> int:
    try:
        _compare(places, wanted, now, using)
    except CellDown:
        log.warning("The cell %s does not answer; its schools were not looked at.", places[0].alias)
        return 0
    return len(places)


@contextmanager
def _catalog_of(alias: str, using: str) -> Iterator[Any]:
    """A cursor that reads the catalog of a cell: as the login `using` at home, as the cell's own bare one elsewhere."""
    if alias == HOME:
        with connections[using].cursor() as cursor:
            yield cursor
    else:
        with cells.catalog_of(alias) as cursor:
            yield cursor


def _compare(places: Sequence[SchoolPlacement], wanted: dict[str, list[str]], now: datetime, using: str) -> None:
    """Schools that are the same among themselves are read once; each group's first stands for it."""
    groups: dict[tuple[str, ...], list[SchoolPlacement]] = {}
    with _catalog_of(places[0].alias, using) as cursor:
        marks = likeness.marks_of_many(cursor, {place.school.schema_name: place.role for place in places})
        for place in places:
            groups.setdefault((place.fingerprint, *marks[place.school.schema_name]), []).append(place)
        firsts = [group[0] for group in groups.values()]
        found = catalog.lines_of_many(cursor, {place.school.schema_name: place.role for place in firsts})
    seen: dict[UUID, list[str]] = {}
    for group in groups.values():
        first = group[0]
        differing = catalog.differences(wanted[first.fingerprint], found[first.school.schema_name])
        seen.update((place.pk, differing) for place in group)
    write_down_equal([place for place in places if not seen[place.pk]], now=now, using=using)
    for place in places:
        if seen[place.pk]:
            write_down(place, seen[place.pk], now=now, using=using)


def write_down_equal(places: Sequence[SchoolPlacement], *, now: datetime, using: str = "default") -> None:
    """The same look at many schools that are as they should be, in one commit. One that moved meanwhile is left."""
    looked_at = {place.pk: (place.fingerprint, place.migrated_at) for place in places}
    with transaction.atomic(using=using):
        # In one order, or two looks at once could each wait for the other.
        rows = SchoolPlacement.objects.using(using).select_for_update().filter(pk__in=looked_at).order_by("pk")
        still = [row.pk for row in rows if (row.fingerprint, row.migrated_at) == looked_at[row.pk]]
        SchoolPlacement.objects.using(using).filter(pk__in=still).update(drift_checked_at=now)
        opened = DriftFinding.objects.using(using).filter(school__in=still, resolved_at=None)
        opened.update(resolved_at=now)


def write_down(place: SchoolPlacement, differences: list[str], *, now: datetime, using: str = "default") -> bool:
    """One look at one school: opens a finding, renews the open one, or resolves it. False if it moved meanwhile."""
    still = SchoolPlacement.objects.using(using).filter(
        pk=place.pk, fingerprint=place.fingerprint, migrated_at=place.migrated_at
    )
    opened = DriftFinding.objects.using(using).filter(school=place.pk, resolved_at=None)
    with transaction.atomic(using=using):
        if not still.update(drift_checked_at=now):
            return False
        if not differences:
            opened.update(resolved_at=now)
            return True
        seen: dict[str, Any] = {"differences": differences[:KEPT], "number": len(differences), "seen_at": now}
        if not opened.update(**seen):
            # The placement's row is locked by the update above, so two looks at once cannot both come here.
            DriftFinding.objects.using(using).create(school_id=place.pk, found_at=now, **seen)
    return True


def by_night(*, now: datetime, clock: Callable[[], float] = time.monotonic) -> int:
    """A turn of the nightly look, so many seconds long, at schools not looked at since yesterday. How many it was."""
    if not is_night(now):
        return 0
    until, looked = clock() + TURN, 0
    away = {cells.alias_of(name) for name in cells.silent()}  # or the same schools would be due for ever
    while clock() < until and (schools := due(before=now - timedelta(hours=12), away=away)):
        some = look(schools, now=now)
        looked += some
        if not some:  # one went away meanwhile
            break
    return looked


def due(*, before: datetime, away: Iterable[str] = ()) -> list[UUID]:
    """Some schools not looked at since `before`, those longest ago first, of those that can be compared."""
    comparable = GoldenSchema.objects.exclude(catalog=[]).values("pk")
    late = Q(drift_checked_at=None) | Q(drift_checked_at__lt=before)
    here = set(cells.aliases()) - set(away)
    places = SchoolPlacement.objects.filter(late, fingerprint__in=comparable, alias__in=here)
    return list(places.order_by(F("drift_checked_at").asc(nulls_first=True)).values_list("pk", flat=True)[:AT_ONCE])


# -- by hand -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ByHand:
    """Slug and differences of each school that differs; slug of each that could not be compared, and why."""

    differing: list[tuple[str, list[str]]] = field(default_factory=list)
    passed_over: list[tuple[str, str]] = field(default_factory=list)


AWAY = "Its cell does not answer."
UNKNOWN = "No reference was kept of the state of the migrations that it is at."
MOVED = "It moved while it was looked at."


def look_by_hand(*, now: datetime) -> ByHand:
    """Compare every school with a reference of its own state, built now where that is the newest; write it all down."""
    # Before anything is compared: whoever moves or is born meanwhile is left for the next look.
    places = list(SchoolPlacement.objects.using(MIGRATOR).select_related("school").order_by("alias"))
    seen = ByHand()
    with reference() as newest:
        for place, found, why in _compared(places, {fingerprint(): newest}):
            if not why and not write_down(place, found, now=now, using=MIGRATOR):
                why = MOVED
            if why:
                seen.passed_over.append((place.school.slug, why))
            elif found:
                seen.differing.append((place.school.slug, found))
    return seen


def _compared(
    places: Sequence[SchoolPlacement], wanted: dict[str, list[str]]
) -> Iterator[tuple[SchoolPlacement, list[str], str]]:
    """Each with its differences (`-` missing, `+` too much), or with why it was passed over."""
    away = set()
    for place in places:
        mark = place.fingerprint
        if mark not in wanted:
            wanted[mark] = golden_catalog(mark, using=MIGRATOR)
        if place.alias in away or not wanted[mark]:
            yield place, [], AWAY if place.alias in away else UNKNOWN
            continue
        try:
            found = catalog.differences(wanted[mark], _lines(place))
        except CellDown:
            if place.alias == HOME:
                raise
            away.add(place.alias)
            yield place, [], AWAY
        else:
            yield place, found, ""


def _lines(place: SchoolPlacement) -> list[str]:
    """With its ledger, which the migrator's login alone may read. Raises CellDown."""
    wrapper = cells.connection_to(migrator_of(place.alias))
    with cells.reached(wrapper), wrapper.cursor() as cursor:
        return catalog.lines(cursor, place.school.schema_name, place.role)


@contextmanager
def reference() -> Iterator[list[str]]:
    """The catalog lines of a schema built by plain `migrate`, dropped again at the end."""
    with plain_school() as (schema, role):
        with connections[MIGRATOR].cursor() as cursor:
            lines = catalog.lines(cursor, schema, role)
        yield lines
