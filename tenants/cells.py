"""Cells: the databases that schools lie in. Each has an alias of the schools' login and one of the migrator's.

The home cell (`schools`, `migrator`) is the platform's own database; `CELLS` names the others. Which one a school lies
in is a column of the directory. A cell may be away while the others serve: then everything of its schools says so at
once, and nothing else is held up.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.db import InterfaceError, OperationalError, connections
from django.utils.connection import ConnectionDoesNotExist

HOME, MIGRATOR = "schools", "migrator"
REST = 2.0  # seconds in which a cell that did not answer is not asked again by this process
LATELY = 5.0  # seconds for which what a cell said to a stranger's question is repeated
_said: dict[str, tuple[float, bool]] = {}
_resting: dict[str, float] = {}


class CellDown(OperationalError):
    """The database of a school does not answer. Others may."""


def aliases() -> list[str]:
    """Every cell's alias, home first."""
    return [alias for alias, told in connections.settings.items() if told.get("SCOPED")]


def migrator_of(alias: str) -> str:
    """The alias of the migrator's login in the same cell; present in migrating processes alone."""
    return MIGRATOR + alias.removeprefix(HOME)


def migrators() -> list[str]:
    return [migrator_of(alias) for alias in aliases()]


def name_of(alias: str) -> str:
    """What people call a cell: the name that `CELLS` gave it, `home` for the platform's own."""
    return alias.removeprefix(HOME).removeprefix("_") or "home"


def alias_of(name: str) -> str:
    """The alias of the cell called `name`. Raises ValueError for one that is not configured."""
    for alias in aliases():
        if name_of(alias) == name:
            return alias
    raise ValueError(f"There is no cell called {name}.")


def for_new_schools() -> str:
    """The alias of the cell in which new schools are built: `NEW_SCHOOLS_CELL`."""
    return alias_of(settings.NEW_SCHOOLS_CELL)


def connection_to(alias: str) -> Any:
    """The connection of a cell. Raises CellDown for one that this process was not told of."""
    try:
        return connections[alias]
    except ConnectionDoesNotExist:
        raise CellDown("This school lies in a cell that is not configured here.") from None


@contextmanager
def reached(wrapper: Any) -> Iterator[None]:
    """Around work in a cell: a lost connection becomes CellDown, and so does everything for a moment after it.

    Without the rest, each request of its schools would hold a thread until its own attempt has timed out.
    """
    if time.monotonic() < _resting.get(wrapper.alias, 0.0):
        raise CellDown("The school's database did not answer a moment ago.")
    fresh = wrapper.connection is None
    try:
        yield
    except (OperationalError, InterfaceError) as error:
        if not lost(wrapper):
            raise
        if fresh:  # a kept connection may only be older than the server's last start
            _resting[wrapper.alias] = time.monotonic() + REST
        wrapper.close()
        raise CellDown("The school's database does not answer.") from error


def lost(wrapper: Any) -> bool:
    """Whether there is no connection any more, as seen from here: nothing is sent."""
    return wrapper.connection is None or bool(wrapper.connection.closed or wrapper.connection.broken)


def answers(alias: str) -> bool:
    """Ask below the cursor: the schools' login has no school here, and needs none to say that it is there."""
    wrapper: Any = connections[alias]
    try:
        wrapper.ensure_connection()
        wrapper.connection.execute("SELECT 1")
        return True
    except Exception:
        wrapper.close()
        return False


def answered_lately(alias: str) -> bool:
    """The same for whoever may ask as often as they like: tried at most once in LATELY seconds by this process."""
    now = time.monotonic()
    at, said = _said.get(alias, (float("-inf"), False))
    if now - at >= LATELY:
        said = answers(alias)
        _said[alias] = (now, said)
    return said


def silent() -> list[str]:
    """Names of the cells beside home that do not answer."""
    return [name_of(alias) for alias in aliases() if alias != HOME and not answers(alias)]


@contextmanager
def catalog_of(alias: str) -> Iterator[Any]:
    """A cursor of a cell's bare login, in no school: it may read `pg_catalog` and has no right anywhere else.

    Raises CellDown.
    """
    wrapper = connection_to(alias)
    with reached(wrapper):
        wrapper.ensure_connection()
        with wrapper.wrap_database_errors, wrapper.connection.cursor() as cursor:
            yield cursor
