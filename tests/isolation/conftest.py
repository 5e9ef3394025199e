"""Committed worlds and kept connections, for what a rolled-back test cannot show."""

from collections.abc import Callable

import pytest
from django.db import close_old_connections, connections
from django.db.backends.postgresql.base import ServerBindingCursor

from tenants.backend import base
from tests import world


@pytest.fixture
def committed(real_commits: str) -> Callable[[], list[world.Cast]]:
    return lambda: [world.read("greenfield"), world.read("riverside")]


@pytest.fixture
def greenfield_committed(real_commits: str) -> world.Cast:
    return world.read("greenfield")


@pytest.fixture
def kept(real_commits: str, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Keep connections as the web process does; what is returned ends a request on this thread's."""
    for alias in ("default", "schools"):
        connections[alias].close()
        monkeypatch.setitem(connections[alias].settings_dict, "CONN_MAX_AGE", 600)
    return close_old_connections


@pytest.fixture
def beneath(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cursors without the guard of `tenants.backend.rows`, so that what is tried is the database's own wall."""
    monkeypatch.setattr(base, "RowsCursor", ServerBindingCursor)
