"""Migrating every school: the SQL is computed once per starting point, then applied school by school.

Each school moves in one transaction holding the DDL, its markers, its grants and its line in the ledger
(`SchoolPlacement.fingerprint`), so a kill at any point leaves every school either before or after, and the next run
goes on where this one stopped. A school that fails is quarantined: it answers 503 and the others go on.
"""

import logging
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Lock
from typing import Any

from django.conf import settings
from django.db import OperationalError, connections, transaction
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ProjectState
from django.db.models import Count
from django.db.models.functions import Substr

from tenants.models import SchoolPlacement
from tenants.provisioning import MIGRATOR, fingerprint, grants_on

log = logging.getLogger(__name__)
TRIES = 3  # of one school whose tables are locked by live work
LOCK_TIMEOUT = "2s"
LEDGERS = 100  # schools whose ledgers are read in one statement
Key = tuple[str, str]
Told = Callable[[str, str], None]


@dataclass(frozen=True)
class Step:
    """One migration as SQL. `atomic=False` (concurrent indexes) runs statement by statement, outside a transaction."""

    key: Key
    statements: tuple[str, ...]
    atomic: bool
    new_tables: tuple[str, ...] = ()


@dataclass(frozen=True)
class Place:
    """A school as the fleet sees it, with the migrations it has."""

    schema: str
    role: str
    applied: frozenset[Key]


@dataclass(frozen=True)
class Outcome:
    moved: int
    quarantined: int


class Planner:
    """SQL for the way from one set of applied migrations to the newest, computed once per set."""

    def __init__(self) -> None:
        self._plans: dict[frozenset[Key], tuple[Step, ...]] = {}
        self._lock = Lock()

    def steps(self, applied: frozenset[Key]) -> tuple[Step, ...]:
        with self._lock:
            if applied not in self._plans:
                self._plans[applied] = _plan(applied)
            return self._plans[applied]


def _plan(applied: frozenset[Key]) -> tuple[Step, ...]:
    connection: Any = connections[MIGRATOR]
    # The router lets school apps migrate only while the connection stands in a school: the name is never used.
    connection.set_schema("planning", include_public=False)
    try:
        return tuple(_steps(applied))
    finally:
        connection.set_schema_to_public()


def _steps(applied: frozenset[Key]) -> Iterator[Step]:
    """Replay the applied migrations in memory, then collect the SQL of each that is missing."""
    connection = connections[MIGRATOR]
    loader = MigrationLoader(None, ignore_no_migrations=True)
    state = ProjectState(real_apps=loader.unmigrated_apps)
    for key in _in_order(loader):
        migration = loader.graph.nodes[key]
        if key in applied:
            state = migration.mutate_state(state, preserve=False)
            continue
        before = _tables(state)
        with connection.schema_editor(collect_sql=True, atomic=migration.atomic) as editor:
            state = migration.apply(state, editor, collect_sql=True)
        statements = (text for text in editor.collected_sql if not text.startswith("--"))
        yield Step(key, tuple(statements), migration.atomic, tuple(sorted(_tables(state) - before)))


def _tables(state: ProjectState) -> set[str]:
    return {model.options.get("db_table") or f"{label}_{name}" for (label, name), model in state.models.items()}


def _in_order(loader: MigrationLoader) -> list[Key]:
    """Every migration of the school apps, each after those it depends on."""
    leaves = [key for key in loader.graph.leaf_nodes() if _of_schools(key[0])]
    ordered = (key for leaf in leaves for key in loader.graph.forwards_plan(leaf))
    return [key for key in dict.fromkeys(ordered) if _of_schools(key[0])]


def _of_schools(label: str) -> bool:
    return label in {name.rpartition(".")[2] for name in settings.TENANT_APPS}


def status() -> list[tuple[str, int, int]]:
    """`(short fingerprint, schools, of which quarantined)`, one query; the current one is `fingerprint()[:12]`."""
    rows = SchoolPlacement.objects.values_list(Substr("fingerprint", 1, 12), "quarantined").annotate(n=Count("pk"))
    found: dict[str, list[int]] = {}
    for mark, quarantined, number in rows:
        line = found.setdefault(mark, [0, 0])
        line[0] += number
        line[1] += number if quarantined else 0
    return [(mark, total, held) for mark, (total, held) in sorted(found.items())]


def migrate_fleet(*, workers: int = 1, canaries: int = 1, told: Told = lambda school, state: None) -> Outcome:
    """Bring every school up: a canary wave first, then the rest over `workers` connections.

    Stops after the canary wave when a canary fails. `told(schema, state)` hears of each school as it ends.
    """
    target = fingerprint()
    places = (
        SchoolPlacement.objects.using(MIGRATOR)
        .exclude(fingerprint=target)
        .order_by("school__created_at")
        .values_list("school__schema_name", "role")
    )
    behind = _with_ledgers(list(places))
    planner = Planner()

    def move(place: Place) -> bool:
        moved = _move(place, planner.steps(place.applied), target)
        told(place.schema, "migrated" if moved else "quarantined")
        return moved

    first = [move(place) for place in behind[:canaries]]
    if not all(first):
        return Outcome(sum(first), len(first) - sum(first))
    rest = _crowd(move, behind[canaries:], workers)
    return Outcome(sum(first) + sum(rest), len(rest) - sum(rest))


def _with_ledgers(places: list[tuple[str, str]]) -> list[Place]:
    """Each school with the migrations its own ledger names, a hundred schools to a statement."""
    found = []
    with connections[MIGRATOR].cursor() as cursor:
        for chunk in (places[at : at + LEDGERS] for at in range(0, len(places), LEDGERS)):
            parts = (
                f"SELECT '{schema}', '{role}', array_agg(ARRAY[app, name]::text[]) FROM \"{schema}\".django_migrations"
                for schema, role in chunk
            )
            cursor.execute(" UNION ALL ".join(parts))
            found += [Place(schema, role, _keys(rows)) for schema, role, rows in cursor.fetchall()]
    return found


def _keys(rows: list[list[str]] | None) -> frozenset[Key]:
    return frozenset((app, name) for app, name in rows or [] if _of_schools(app))


def _crowd(move: Callable[[Place], bool], places: list[Place], workers: int) -> list[bool]:
    if workers == 1:
        return [move(place) for place in places]

    with ThreadPoolExecutor(workers) as crowd:
        moved = list(crowd.map(move, places))
        for _ in range(workers):
            crowd.submit(connections[MIGRATOR].close)
    return moved


def _move(place: Place, steps: tuple[Step, ...], target: str) -> bool:
    for attempt in range(1, TRIES + 1):
        try:
            _apply(place, steps, target)
            return True
        except OperationalError as error:
            # The lock timeout: somebody is at work in this school. Anything else would fail the same way again.
            if attempt == TRIES or getattr(error.__cause__, "sqlstate", "") != "55P03":
                return _quarantine(place.schema, error)
        except Exception as error:
            return _quarantine(place.schema, error)
    return False


def _quarantine(schema: str, error: Exception) -> bool:
    log.exception("The migration of %s failed; the school is quarantined.", schema)
    SchoolPlacement.objects.using(MIGRATOR).filter(school__schema_name=schema).update(
        quarantined=True, migration_error=f"{type(error).__name__}: {error}"[:500]
    )
    return False


def _apply(place: Place, steps: tuple[Step, ...], target: str) -> None:
    """The slow lane first, statement by statement; then everything else as one string in one transaction.

    The ledger is read before, so a school that moved meanwhile would meet the same DDL again and fail, not drift.
    """
    for step in (step for step in steps if not step.atomic):
        with connections[MIGRATOR].cursor() as cursor:
            cursor.execute(f'SET search_path = "{place.schema}"')
            for statement in step.statements:
                cursor.execute(statement)
            cursor.execute(f"SET search_path = public; {_marker(place.schema, step.key)}")
    with transaction.atomic(using=MIGRATOR), connections[MIGRATOR].cursor() as cursor:
        cursor.execute(_script(place, [step for step in steps if step.atomic], target))


def _script(place: Place, steps: list[Step], target: str) -> str:
    """One round trip. Every name in it is ours: schemas and roles are `t_` + hex, migrations are file names."""
    lines = [f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'", f'SET LOCAL search_path = "{place.schema}"']
    for step in steps:
        lines += [*step.statements, _marker(place.schema, step.key)]
        lines += grants_on(step.new_tables, place.schema, place.role)
    lines.append("SET LOCAL search_path = public")
    lines.append(
        f"UPDATE public.tenants_schoolplacement SET fingerprint = '{target}', migrated_at = now(), quarantined = false,"
        f" migration_error = '' WHERE role = '{place.role}'"
    )
    return ";\n".join(line.rstrip().rstrip(";") for line in lines)


def _marker(schema: str, key: Key) -> str:
    app, name = key
    return f"INSERT INTO \"{schema}\".django_migrations (app, name, applied) VALUES ('{app}', '{name}', now())"
