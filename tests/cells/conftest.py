"""A second cluster with a cell on it, beside the tests' own: two servers, as two installations of PostgreSQL are."""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from django.db import connections
from django.db.utils import ConnectionHandler
from django.test import Client
from psycopg import sql

from config import bootstrap, embedded, env
from config import settings as wiring
from tenant_apps.people.for_platform import seed
from tenants import cells, provisioning
from tests import plugin, world
from tests.fleet.conftest import ahead as ahead


@dataclass
class Cell:
    """The cell `west`: its cluster, its database, and the variables by which a process is told of it."""

    state: Path
    cluster: embedded.Cluster
    database: str
    told: dict[str, str]

    alias = "schools_west"
    migrator = "migrator_west"

    def stop(self) -> None:
        embedded.stop(self.state)

    def start(self) -> None:
        embedded.ensure(self.state, plugin.FAST)
        cells._resting.clear()

    def asked(self, statement: str, *parameters: Any) -> set[Any]:
        """What the cell's server says to its administrator."""
        with psycopg.connect(self.cluster.admin_url, dbname=self.database, autocommit=True) as admin:
            return {row[0] for row in admin.execute(statement, parameters)}

    def schemas(self) -> set[str]:
        return self.asked("SELECT nspname FROM pg_namespace WHERE nspname LIKE 't\\_%%' OR nspname LIKE 'golden%%'")

    def roles(self) -> set[str]:
        return self.asked("SELECT rolname FROM pg_roles WHERE rolname LIKE 't\\_%%'")


@pytest.fixture(scope="session")
def second_cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, embedded.Cluster]]:
    state = tmp_path_factory.mktemp("west")
    try:
        yield state, embedded.ensure(state, plugin.FAST)
    finally:
        embedded.destroy(state)


@pytest.fixture
def west(
    real_commits: str, second_cluster: tuple[Path, embedded.Cluster], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Cell]:
    """A fresh cell, set up as `setup_database` does it, and this process told of it."""
    state, cluster = second_cluster
    name = f"cell_{secrets.token_hex(4)}"
    admin = urlsplit(cluster.admin_url)._replace(path=f"/{name}").geturl()
    given = {"ENVIRONMENT": "local", "CELLS_ADMIN": f"west={admin}"}
    told = {**given, **bootstrap._cells(given, bootstrap.made_once(state / "secrets.json"), rotate=False)}
    for variable, text in told.items():
        monkeypatch.setenv(variable, text)
    environment = env.load()
    _know("schools_west", wiring._run_time(environment.cells["west"], scoped=True))
    _know("migrator_west", wiring.cell_migrator(environment.cell_migrators["west"]))
    cell = Cell(state, cluster, name, told)
    try:
        yield cell
    finally:
        cell.start()
        for alias in (cell.alias, cell.migrator):
            connections[alias].close()
            del connections[alias]
            del connections.settings[alias]
        with psycopg.connect(cluster.admin_url, autocommit=True) as server:
            server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
            for (role,) in server.execute("SELECT rolname FROM pg_roles WHERE rolname LIKE 't\\_%'").fetchall():
                server.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(role)))


def _know(alias: str, told: dict[str, Any]) -> None:
    connections.settings[alias] = ConnectionHandler({"default": {}, alias: told}).settings[alias]


def build(slug: str = "westville", **more: Any) -> Any:
    rows = more.pop("seed", seed(bell=time(8), close_time=time(17)))
    more = {"cell": "west", **more}
    return provisioning.provision(name="Westville", slug=slug, timezone="Africa/Johannesburg", seed=rows, **more)


@pytest.fixture
def westville(west: Cell, monkeypatch: pytest.MonkeyPatch) -> world.Cast:
    """A school in the cell, with people like those of the others."""
    monkeypatch.setitem(world.CANARY, "westville", "Wstcanary")
    world._people(build().ref())
    return world.read("westville")


@pytest.fixture
def at_home(west: Cell) -> world.Cast:
    return world.read("greenfield")


def signed_in(email: str) -> Client:
    client = Client()
    body = {"email": email, "password": world.PASSWORD}
    answer = client.post("/api/auth/login", body, content_type="application/json")
    assert answer.status_code == 200, answer.content
    client.defaults["HTTP_AUTHORIZATION"] = f"Bearer {answer.json()['access_token']}"
    return client
