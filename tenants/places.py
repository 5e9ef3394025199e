"""Where each school stands on its way to the newest migrations."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from django.db import connections

from tenants.models import SchoolPlacement
from tenants.plans import Key, of_schools
from tenants.provisioning import MIGRATOR

LEDGERS = 100  # schools whose ledgers are read in one statement


@dataclass(frozen=True)
class Place:
    """A school as the fleet sees it, with the migrations it has. Schema and role are `t_` + hex."""

    school: UUID
    slug: str
    schema: str
    role: str
    applied: frozenset[Key] = frozenset()


def behind(target: str) -> list[Place]:
    """Schools that are not at `target`, oldest first, those whose migration failed last; their ledgers not read."""
    rows = SchoolPlacement.objects.using(MIGRATOR).exclude(fingerprint=target)
    rows = rows.order_by("quarantined", "school__created_at")
    return [Place(*row) for row in rows.values_list("school", "school__slug", "school__schema_name", "role")]


def with_ledgers(places: Sequence[Place]) -> list[Place]:
    """The same with the migrations that each school's own ledger names, a hundred schools to a statement."""
    found = []
    with connections[MIGRATOR].cursor() as cursor:
        for chunk in (places[at : at + LEDGERS] for at in range(0, len(places), LEDGERS)):
            parts = (
                f'SELECT {number}, array_agg(ARRAY[app, name]::text[]) FROM "{place.schema}".django_migrations'
                for number, place in enumerate(chunk)
            )
            cursor.execute(" UNION ALL ".join(parts))
            found += [replace(chunk[number], applied=_keys(rows)) for number, rows in cursor.fetchall()]
    return found


def _keys(rows: list[list[str]] | None) -> frozenset[Key]:
    return frozenset((app, name) for app, name in rows or [] if of_schools(app))
