"""What a school still lacks, as SQL in stages: computed once for each set of applied migrations.

A stage is either transactional, everything in it together, or one migration that cannot run in a transaction
(concurrent indexes). Transactional ones come as early as their dependencies allow, so that a long index build holds
nothing up that does not need it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from threading import Lock
from typing import Any

from django.conf import settings
from django.db import connections
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ProjectState

from tenants.provisioning import MIGRATOR

Key = tuple[str, str]
CONCURRENTLY = re.compile(
    r'(?i)\s*(CREATE|DROP)\s+(?:UNIQUE\s+)?INDEX\s+CONCURRENTLY\s+(?:IF\s+(?:NOT\s+)?EXISTS\s+)?"?(\w+)"?'
)


class NoPlan(RuntimeError):
    """A migration outside a transaction holds something that could not be taken up again after a kill."""


class Gap(RuntimeError):
    """A ledger names a migration and lacks one that it rests on: what such a school consists of is not known."""


@dataclass(frozen=True)
class Step:
    """One migration as SQL."""

    key: Key
    statements: tuple[str, ...]
    atomic: bool
    new_tables: tuple[str, ...] = ()


@dataclass(frozen=True)
class Stage:
    """What is done to a school in one go: transactional steps together, or a single slow one."""

    steps: tuple[Step, ...]
    slow: bool = False


class Planner:
    """The stages from one set of applied migrations to the newest, computed once per set."""

    def __init__(self) -> None:
        self._plans: dict[frozenset[Key], tuple[Stage, ...]] = {}
        self._lock = Lock()

    def stages(self, applied: frozenset[Key]) -> tuple[Stage, ...]:
        """At least one: a school that lacks no migration may still lack its line in the ledger. Raises NoPlan, Gap."""
        with self._lock:
            if applied not in self._plans:
                self._plans[applied] = _plan(applied)
            return self._plans[applied]


def _plan(applied: frozenset[Key]) -> tuple[Stage, ...]:
    connection: Any = connections[MIGRATOR]
    # The router lets school apps migrate only while the connection stands in a school: the name is never used.
    connection.set_schema("planning", include_public=False)
    try:
        return tuple(_stages(applied)) or (Stage(()),)
    finally:
        connection.set_schema_to_public()


def _stages(applied: frozenset[Key]) -> Iterator[Stage]:
    """Replay the applied migrations in memory, then collect the SQL of those that are missing, lane by lane."""
    loader = MigrationLoader(None, ignore_no_migrations=True)
    _without_gap(loader, applied)
    state = ProjectState(real_apps=loader.unmigrated_apps)
    for key in in_order(loader):
        if key in applied:
            state = loader.graph.nodes[key].mutate_state(state, preserve=False)
    for keys in _lanes(loader, applied):
        steps = []
        for key in keys:
            state, step = _step(key, loader, state)
            steps.append(step)
        if steps[0].atomic:
            yield Stage(tuple(steps))
        else:
            yield from (Stage((_checked(step),), slow=True) for step in steps)


def _without_gap(loader: MigrationLoader, applied: frozenset[Key]) -> None:
    known = in_order(loader)
    for key in (key for key in known if key in applied):
        for before in sorted(node.key for node in loader.graph.node_map[key].parents):
            if before in known and before not in applied:
                raise Gap(f"Its ledger names {'.'.join(key)} and lacks {'.'.join(before)}, on which that rests.")


def _lanes(loader: MigrationLoader, applied: frozenset[Key]) -> Iterator[list[Key]]:
    """The missing migrations in groups, each either transactional throughout or slow throughout."""
    missing = [key for key in in_order(loader) if key not in applied]
    while missing:
        slow = {key for key in missing if not loader.graph.nodes[key].atomic}
        lane = [key for key in missing if not slow & set(loader.graph.forwards_plan(key))]
        # Then everything left is slow or waits for something slow, and the first in order waits for nothing.
        lane = lane or missing[:1]
        yield lane
        missing = [key for key in missing if key not in lane]


def _step(key: Key, loader: MigrationLoader, state: ProjectState) -> tuple[ProjectState, Step]:
    migration, before = loader.graph.nodes[key], _tables(state)
    with connections[MIGRATOR].schema_editor(collect_sql=True, atomic=migration.atomic) as editor:
        state = migration.apply(state, editor, collect_sql=True)
    statements = tuple(text for text in editor.collected_sql if not text.startswith("--"))
    return state, Step(key, statements, migration.atomic, tuple(sorted(_tables(state) - before)))


def _checked(step: Step) -> Step:
    strange = [text for text in step.statements if not CONCURRENTLY.match(text)]
    if strange:
        raise NoPlan(f"{'.'.join(step.key)} is not atomic and does more than build or drop indexes: {strange[0]}")
    return step


def _tables(state: ProjectState) -> set[str]:
    return {model.options.get("db_table") or f"{label}_{name}" for (label, name), model in state.models.items()}


def in_order(loader: MigrationLoader) -> list[Key]:
    """Every migration of the school apps, each after those it depends on."""
    leaves = [key for key in loader.graph.leaf_nodes() if of_schools(key[0])]
    ordered = (key for leaf in leaves for key in loader.graph.forwards_plan(leaf))
    return [key for key in dict.fromkeys(ordered) if of_schools(key[0])]


def of_schools(label: str) -> bool:
    return label in {name.rpartition(".")[2] for name in settings.TENANT_APPS}
