"""Does every school's schema equal one built by plain migrations? Names aside, line by line."""

import hashlib
import secrets
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connections, transaction

from tenants import catalog
from tenants.models import School
from tenants.provisioning import MIGRATOR, grants, migrate


def digest(lines: list[str]) -> str:
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def drifted() -> Iterator[tuple[School, list[str]]]:
    """Each school that differs from the reference, with what differs (`-` missing, `+` too much)."""
    with reference() as wanted, connections[MIGRATOR].cursor() as cursor:
        mark = digest(wanted)
        for school in School.objects.using(MIGRATOR).select_related("placement"):
            found = catalog.lines(cursor, school.schema_name, school.placement.role)
            if digest(found) != mark:
                yield school, catalog.differences(wanted, found)


@contextmanager
def reference() -> Iterator[list[str]]:
    """The catalog lines of a schema built by plain `migrate`, dropped again at the end."""
    plain = f"t_{secrets.token_hex(8)}"
    # Role and right appear together, and go together: a sweep of orphan roles takes what has no right anywhere.
    with transaction.atomic(using=MIGRATOR), connections[MIGRATOR].cursor() as cursor:
        _as(cursor, "NONE", f'CREATE ROLE "{plain}" NOLOGIN NOINHERIT')
        cursor.execute(f'CREATE SCHEMA "{plain}"')
        cursor.execute(f'GRANT USAGE ON SCHEMA "{plain}" TO "{plain}"')
    try:
        migrate(plain)
        with connections[MIGRATOR].cursor() as cursor:
            for statement in grants(plain, plain):
                cursor.execute(statement)
            lines = catalog.lines(cursor, plain, plain)
        yield lines
    finally:
        with transaction.atomic(using=MIGRATOR), connections[MIGRATOR].cursor() as cursor:
            cursor.execute(f'DROP SCHEMA "{plain}" CASCADE')
            _as(cursor, "NONE", f'DROP ROLE "{plain}"')


def _as(cursor: object, role: str, statement: str) -> None:
    for text in (f"SET ROLE {role}", statement, "SET ROLE owner"):
        cursor.execute(text)  # type: ignore[attr-defined]
