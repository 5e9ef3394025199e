"""A second durable cluster beside the benchmarks' own, with as little in it as possible: the baseline of crowds."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from django.core.management import call_command
from django.db import connections
from psycopg import sql

from bench.ground import STATE
from config import bootstrap, env
from tenants.roles import sweep_orphan_roles

EMPTY = STATE.with_name("bench-empty")
LOGINS = {"default": "PLATFORM", "schools": "SCHOOLS", "migrator": "MIGRATOR"}


class Cluster:
    """Connections of its own; `with cluster.entered()` the product's aliases lead there."""

    def __init__(self, urls: dict[str, str]) -> None:
        self.wrappers: dict[str, Any] = {}
        for alias, login in LOGINS.items():
            at = env.Database.parse(urls[f"{login}_DATABASE_URL"], login)
            told = {**connections[alias].settings_dict, "NAME": at.name, "HOST": at.host, "PORT": at.port}
            told.update(USER=at.user, PASSWORD=at.password)
            self.wrappers[alias] = type(connections[alias])(told, alias)

    @contextmanager
    def entered(self) -> Iterator[None]:
        before = {alias: connections[alias] for alias in LOGINS}
        self._use(self.wrappers)
        try:
            yield
        finally:
            self._use(before)

    def _use(self, wrappers: dict[str, Any]) -> None:
        for alias, wrapper in wrappers.items():
            connections[alias] = wrapper


def empty_cluster() -> Cluster:
    """A cluster with the product's logins, its own fresh database, and no school in it."""
    name = str(connections["default"].settings_dict["NAME"])
    urls = bootstrap.prepare(EMPTY, None, name)
    with psycopg.connect(urls["DATABASE_URL"], autocommit=True) as admin:
        rows = admin.execute("SELECT datname FROM pg_database WHERE datname LIKE 'bench\\_%'").fetchall()
        for (old,) in rows:
            if old != name:
                admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(old)))
    sweep_orphan_roles(urls["DATABASE_URL"])
    cluster = Cluster(urls)
    with cluster.entered():
        call_command("setup_database", verbosity=0)
    return cluster
