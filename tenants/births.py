"""A school's beginning and end in a cell that is not the platform's own database: two servers, no shared commit.

The directory decides what is reachable, so the order is all there is to it: a school is built before the directory
names it, and dropped after the directory has forgotten it. In between its schema bears a mark. The sweep drops what
bears the mark and is in no directory, and nothing else: a platform restored from an old backup knows fewer schools than
there are, and those bear none.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import DatabaseError, connections, transaction

from tenants import cells
from tenants.cells import HOME, MIGRATOR
from tenants.models import SchoolPlacement

log = logging.getLogger(__name__)
MARK = "MySentinel: not in the directory"
IN_HAND = 0x5EED_0002  # advisory, on the platform: shared by who builds or drops, taken alone by the sweep
MARKED = (
    "SELECT nspname FROM pg_namespace WHERE obj_description(oid, 'pg_namespace') = %s AND nspname ~ '^t_[0-9a-f]+$'"
)


@contextmanager
def building(alias: str, schema: str) -> Iterator[None]:
    """Around the work in the cell, inside the platform's transaction that makes the school known.

    At home it is the same transaction. Elsewhere the cell's commits first; the mark goes once the platform's has.
    """
    migrator = cells.migrator_of(alias)
    if alias == HOME:
        yield
        return
    _in_hand(together=True)
    with transaction.atomic(using=migrator):
        yield
        _mark(migrator, schema, MARK)
    # A failure here costs nothing: the sweep takes the mark from a school that is known.
    transaction.on_commit(lambda: _mark(migrator, schema, None), using=MIGRATOR, robust=True)


@contextmanager
def ending(alias: str, schema: str, role: str) -> Iterator[None]:
    """Around making the directory forget a school."""
    migrator = cells.migrator_of(alias)
    if alias != HOME:
        _mark(migrator, schema, MARK)
    with transaction.atomic(using=MIGRATOR):
        if alias == HOME:
            _drop(MIGRATOR, schema, role)
        else:
            _in_hand(together=True)
        yield
    if alias != HOME:
        _drop(migrator, schema, role)


def sweep() -> list[str]:
    """Drop what failed builds left in the cells, and the marks of schools that are known. Returns what was dropped.

    Waits for builds in hand, and builds wait for it. A cell that is away is left for the next time.
    """
    dropped: list[str] = []
    with transaction.atomic(using=MIGRATOR):
        _in_hand(together=False)
        known = set(SchoolPlacement.objects.using(MIGRATOR).values_list("role", flat=True))
        for migrator in (name for name in cells.migrators() if name != MIGRATOR):
            try:
                dropped += _sweep(migrator, known)
            except DatabaseError:
                log.warning("The cell of %s was not swept.", migrator, exc_info=True)
                connections[migrator].close()
    return dropped


def _sweep(migrator: str, known: set[str]) -> Iterator[str]:
    with connections[migrator].cursor() as cursor:
        cursor.execute(MARKED, [MARK])
        marked = [name for (name,) in cursor.fetchall()]
    for name in marked:
        if name in known:
            _mark(migrator, name, None)
        else:
            _drop(migrator, name, name)
            yield name


def _in_hand(*, together: bool) -> None:
    shared = "_shared" if together else ""
    with connections[MIGRATOR].cursor() as cursor:
        cursor.execute(f"SELECT pg_advisory_xact_lock{shared}(%s)", [IN_HAND])


def _mark(migrator: str, schema: str, text: str | None) -> None:
    with connections[migrator].cursor() as cursor:
        cursor.execute(f'COMMENT ON SCHEMA "{schema}" IS ' + (f"'{text}'" if text else "NULL"))


def _drop(migrator: str, schema: str, role: str) -> None:
    """Schema and role together. Every name in it is ours: `t_` + hex."""
    with transaction.atomic(using=migrator):
        cursor: Any
        with connections[migrator].cursor() as cursor:
            cursor.execute(f'DROP SCHEMA "{schema}" CASCADE')
            cursor.execute("SET LOCAL ROLE NONE")
            cursor.execute(f'DROP ROLE "{role}"')
            cursor.execute("SET LOCAL ROLE owner")
