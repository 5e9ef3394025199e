"""Where each school stands on its way to the newest migrations."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from django.db import DatabaseError, OperationalError, connections

from tenants.cells import HOME, migrator_of
from tenants.failures import lost, of_one_school, what_failed
from tenants.models import SchoolPlacement
from tenants.plans import Key, of_schools
from tenants.provisioning import MIGRATOR

log = logging.getLogger(__name__)
LEDGERS = 100  # schools whose ledgers are read in one statement


@dataclass(frozen=True)
class Place:
    """A school as the fleet sees it, with the migrations it has. Schema and role are `t_` + hex.

    `unread`: why its ledger could not be read ("" where it was).
    """

    school: UUID
    slug: str
    schema: str
    role: str
    alias: str = HOME
    applied: frozenset[Key] = frozenset()
    unread: str = ""

    @property
    def migrator(self) -> str:
        return migrator_of(self.alias)

    @property
    def at_home(self) -> bool:
        """Whether the school and the platform's line about it share a transaction."""
        return self.alias == HOME


def behind(target: str) -> list[Place]:
    """Schools that are not at `target`, oldest first, those whose migration failed last; their ledgers not read."""
    rows = SchoolPlacement.objects.using(MIGRATOR).exclude(fingerprint=target)
    rows = rows.order_by("quarantined", "school__created_at")
    return [Place(*row) for row in rows.values_list("school", "school__slug", "school__schema_name", "role", "alias")]


def with_ledgers(places: Sequence[Place]) -> list[Place]:
    """The same with the migrations that each school's own ledger names, a hundred schools to a statement.

    Those of a cell that does not answer are left out. One whose ledger is missing or broken is `unread`.
    """
    found = []
    for alias in dict.fromkeys(place.alias for place in places):
        try:
            found += _of_cell([place for place in places if place.alias == alias])
        except OperationalError as error:
            if alias == HOME or not lost(error):
                raise
            connections[migrator_of(alias)].close()
            log.warning("The cell %s does not answer; its schools stay where they are.", alias)
    return found


def _of_cell(places: Sequence[Place]) -> list[Place]:
    chunks = (places[at : at + LEDGERS] for at in range(0, len(places), LEDGERS))
    return [place for chunk in chunks for place in _read(chunk)]


def _read(places: Sequence[Place]) -> list[Place]:
    """In one statement; where that fails by one school's fault, one by one, so that it stands alone with it."""
    try:
        return _read_together(places)
    except DatabaseError as error:
        if not of_one_school(error):
            raise
        if len(places) == 1:
            return [replace(places[0], unread=what_failed(error))]
    return [found for place in places for found in _read([place])]


def _read_together(places: Sequence[Place]) -> list[Place]:
    parts = (
        f'SELECT {number}, array_agg(ARRAY[app, name]::text[]) FROM "{place.schema}".django_migrations'
        for number, place in enumerate(places)
    )
    with connections[places[0].migrator].cursor() as cursor:
        cursor.execute(" UNION ALL ".join(parts))
        return [replace(places[number], applied=_keys(rows)) for number, rows in cursor.fetchall()]


def _keys(rows: list[list[str]] | None) -> frozenset[Key]:
    return frozenset((app, name) for app, name in rows or [] if of_schools(app))
