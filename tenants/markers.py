"""The lines that say how far a school has come: in its own ledger of migrations, and in the platform's."""

from django.db import connections

from tenants.contents import MIGRATOR
from tenants.places import Place
from tenants.plans import Key

ON_THE_WAY = "on the way"  # in place of a fingerprint: through one stage, another to come


def marker(place: Place, key: Key) -> str:
    """The line of Django's own ledger in the school."""
    app, name = key
    return f"INSERT INTO \"{place.schema}\".django_migrations (app, name, applied) VALUES ('{app}', '{name}', now())"


def marked(place: Place, key: Key) -> bool:
    with connections[place.migrator].cursor() as cursor:
        cursor.execute(f'SELECT EXISTS (SELECT FROM "{place.schema}".django_migrations WHERE {same(key)})')
        return bool(cursor.fetchone()[0])


def same(key: Key) -> str:
    return f"(app, name) = ('{key[0]}', '{key[1]}')"


def note_elsewhere(place: Place, target: str | None) -> None:
    """The line on the platform about a school of another cell, after what it tells of was committed there.

    Killed in between, the next run finds the migrations in the school's own ledger and has this line left to write.
    """
    if not place.at_home:
        with connections[MIGRATOR].cursor() as cursor:
            cursor.execute(ledger_line(place, target))


def ledger_line(place: Place, target: str | None) -> str:
    """The line on the platform. `target` is None while another stage is to come."""
    return (
        f"UPDATE public.tenants_schoolplacement SET fingerprint = '{target or ON_THE_WAY}', migrated_at = now(),"
        f" quarantined = false, migration_error = '' WHERE role = '{place.role}'"
    )
