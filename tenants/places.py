"""Where each school stands on its way to the newest migrations, and the lines that say so."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

import psycopg
from django.db import OperationalError, connections

from tenants.models import SchoolPlacement
from tenants.plans import Key, of_schools
from tenants.provisioning import MIGRATOR

ON_THE_WAY = "on the way"  # in place of a fingerprint: through one stage, another to come
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


GONE = ("57P", "08")


def lost(error: Exception) -> bool:
    """Whether the connection went away, which is no fault of the school it was working on."""
    cause = error.__cause__
    return isinstance(cause, psycopg.Error) and (cause.sqlstate is None or cause.sqlstate.startswith(GONE))


# Kinds of error whose text speaks of tables alone: syntax and names, locks, deadlocks, the server's own troubles.
ABOUT_TABLES = ("42", "55", "40", "53", "57", "0A", "2B", "3F")


def what_failed(error: Exception) -> str:
    """What the platform may keep of an error: its kind, and its text only where no row's values can be in it."""
    cause = error.__cause__
    if not isinstance(cause, psycopg.Error):
        return f"{type(error).__name__}: {error}"[:500] if isinstance(error, OperationalError) else type(error).__name__
    code, told = cause.sqlstate or "", cause.diag
    names = [f"{word} {name}" for word, name in (("table", told.table_name), ("column", told.column_name),
             ("constraint", told.constraint_name)) if name]  # fmt: skip
    text = str(told.message_primary) if code.startswith(ABOUT_TABLES) else ", ".join(names)
    return f"{type(cause).__name__} ({code}): {text}"[:500]


def marker(place: Place, key: Key) -> str:
    """The line of Django's own ledger in the school."""
    app, name = key
    return f"INSERT INTO \"{place.schema}\".django_migrations (app, name, applied) VALUES ('{app}', '{name}', now())"


def marked(place: Place, key: Key) -> bool:
    with connections[MIGRATOR].cursor() as cursor:
        cursor.execute(f'SELECT EXISTS (SELECT FROM "{place.schema}".django_migrations WHERE {same(key)})')
        return bool(cursor.fetchone()[0])


def same(key: Key) -> str:
    return f"(app, name) = ('{key[0]}', '{key[1]}')"


def ledger_line(place: Place, target: str | None) -> str:
    """The line on the platform. `target` is None while another stage is to come."""
    return (
        f"UPDATE public.tenants_schoolplacement SET fingerprint = '{target or ON_THE_WAY}', migrated_at = now(),"
        f" quarantined = false, migration_error = '' WHERE role = '{place.role}'"
    )
