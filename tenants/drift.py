"""Does every school's schema equal one built by plain migrations? Names aside, line by line.

By hand (`manage.py drift`, with the migrator's login) a reference is built anew. The clock's nightly look and the one
after each wave of a migration compare with the lines written down when the golden schema was built: they need only
`pg_catalog`, which the platform's login may read, and no right in any school.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connections, transaction
from django.db.models import F, Q

from tenants import catalog
from tenants.findings import Finding as Finding
from tenants.findings import Standing as Standing
from tenants.findings import open_findings as open_findings
from tenants.findings import standing as standing
from tenants.models import DriftFinding, GoldenSchema, School, SchoolPlacement
from tenants.provisioning import MIGRATOR, golden_catalog, plain_school

KEPT = 100  # differences kept of one finding; a school that lost its tables has thousands
AT_ONCE = 20  # schools in a statement
NIGHT = (22, 23, 0, 1, 2)  # hours in UTC: from midnight to five in South Africa
TURN = 20.0  # seconds of looking at a time, so that the worker's other jobs do not wait long


# -- looking -----------------------------------------------------------------------------------------------------------


def look(schools: Sequence[UUID], *, now: datetime, using: str = "default") -> int:
    """Compare these schools with what their state of the migrations should be, and write down what was found.

    Returns how many were compared: a school at a state nobody wrote a reference for, or between two lanes of a
    migration, is left as it is.
    """
    places = SchoolPlacement.objects.using(using).filter(pk__in=schools).select_related("school")
    wanted: dict[str, list[str]] = {}
    for place in places:
        if place.fingerprint not in wanted:
            wanted[place.fingerprint] = catalog.without_ledger(golden_catalog(place.fingerprint, using=using))
    known = [place for place in places if wanted[place.fingerprint]]
    for chunk in (known[at : at + AT_ONCE] for at in range(0, len(known), AT_ONCE)):
        _compare(chunk, wanted, now, using)
    return len(known)


def _compare(places: Sequence[SchoolPlacement], wanted: dict[str, list[str]], now: datetime, using: str) -> None:
    with connections[using].cursor() as cursor:
        found = catalog.lines_of_many(cursor, {place.school.schema_name: place.role for place in places})
    for place in places:
        lines = catalog.differences(wanted[place.fingerprint], found[place.school.schema_name])
        write_down(place, lines, now=now, using=using)


def write_down(place: SchoolPlacement, differences: list[str], *, now: datetime, using: str = "default") -> None:
    """One look at one school: opens a finding, renews the open one, or resolves it. Nothing if it moved meanwhile."""
    still = SchoolPlacement.objects.using(using).filter(
        pk=place.pk, fingerprint=place.fingerprint, migrated_at=place.migrated_at
    )
    opened = DriftFinding.objects.using(using).filter(school=place.pk, resolved_at=None)
    with transaction.atomic(using=using):
        if not still.update(drift_checked_at=now):
            return
        if not differences:
            opened.update(resolved_at=now)
            return
        seen: dict[str, Any] = {"differences": differences[:KEPT], "number": len(differences), "seen_at": now}
        if not opened.update(**seen):
            # The placement's row is locked by the update above, so two looks at once cannot both come here.
            DriftFinding.objects.using(using).create(school_id=place.pk, found_at=now, **seen)


def by_night(*, now: datetime, clock: Callable[[], float] = time.monotonic) -> int:
    """A turn of the nightly look, so many seconds long, at schools not looked at since yesterday. How many it was."""
    if now.hour not in NIGHT:
        return 0
    until, looked = clock() + TURN, 0
    while clock() < until and (schools := due(before=now - timedelta(hours=12))):
        looked += look(schools, now=now)
    return looked


def due(*, before: datetime) -> list[UUID]:
    """Some schools not looked at since `before`, those longest ago first, of those that can be compared."""
    comparable = GoldenSchema.objects.exclude(catalog=[]).values("pk")
    late = Q(drift_checked_at=None) | Q(drift_checked_at__lt=before)
    places = SchoolPlacement.objects.filter(late, fingerprint__in=comparable)
    return list(places.order_by(F("drift_checked_at").asc(nulls_first=True)).values_list("pk", flat=True)[:AT_ONCE])


# -- by hand -----------------------------------------------------------------------------------------------------------


def look_by_hand(*, now: datetime) -> list[tuple[str, list[str]]]:
    """Compare every school with a reference built now, and write down what was found; `(slug, differences)` of each."""
    differing = {school.id: (str(school.slug), lines) for school, lines in drifted()}
    for place in SchoolPlacement.objects.using(MIGRATOR).all():
        lines = differing[place.pk][1] if place.pk in differing else []
        write_down(place, lines, now=now, using=MIGRATOR)
    return list(differing.values())


def drifted() -> Iterator[tuple[School, list[str]]]:
    """Each school that differs from a reference built now, with what differs (`-` missing, `+` too much)."""
    with reference() as wanted, connections[MIGRATOR].cursor() as cursor:
        for school in School.objects.using(MIGRATOR).select_related("placement"):
            found = catalog.differences(wanted, catalog.lines(cursor, school.schema_name, school.placement.role))
            if found:
                yield school, found


@contextmanager
def reference() -> Iterator[list[str]]:
    """The catalog lines of a schema built by plain `migrate`, dropped again at the end."""
    with plain_school() as (schema, role):
        with connections[MIGRATOR].cursor() as cursor:
            lines = catalog.lines(cursor, schema, role)
        yield lines
