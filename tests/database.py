"""The tests' databases: one template per state of the code, one copy per worker, one more for tests that commit."""

import fcntl
import hashlib
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from django.apps import apps
from django.core.management import call_command
from django.db import connections
from psycopg import sql

from tenants import jobs, roles
from tests import plugin, world

ALIASES = ("default", "schools", "migrator")
ADMIN = plugin.VARIABLES["DATABASE_URL"]


def template() -> str:
    """The name of the template for the code as it is, built the first time."""
    name = f"template_{_fingerprint()}"
    with (plugin.STATE / "template.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with psycopg.connect(ADMIN, autocommit=True) as admin:
            if not admin.execute("SELECT 1 FROM pg_database WHERE datname = %s AND datistemplate", [name]).fetchone():
                _build(admin, name)
    return name


def _fingerprint() -> str:
    """Everything a template depends on: models, migrations, roles, provisioning and the cast."""
    digest = hashlib.sha256()
    folders = [Path(config.path) for config in apps.get_app_configs() if str(config.path).startswith(str(plugin.ROOT))]
    files = [path for folder in folders for path in folder.rglob("*.py")]
    for path in sorted({*files, Path(world.__file__)}):
        if {
            "migrations",
            "rules.py",
            "models.py",
            "roles.py",
            "rights.py",
            "provisioning.py",
            "world.py",
            "sealing.py",
        } & set(path.parts):
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _build(admin: psycopg.Connection, name: str) -> None:
    for (old,) in admin.execute(
        "SELECT datname FROM pg_database WHERE datname ~ '^(template|test)_[0-9a-f_gw]+$'"
    ).fetchall():
        _drop(admin, old)
    roles.sweep_orphan_roles(ADMIN)
    admin.execute(sql.SQL("CREATE DATABASE {} OWNER owner").format(sql.Identifier(name)))
    _harden(name)
    point_at(name)
    call_command("setup_database", verbosity=0)
    world.build()
    close()
    admin.execute(
        sql.SQL("ALTER DATABASE {} WITH IS_TEMPLATE true ALLOW_CONNECTIONS false").format(sql.Identifier(name))
    )


@contextmanager
def copy_of_template() -> Iterator[str]:
    """A database of one's own, all three aliases pointed at it, dropped at the end."""
    source, name = template(), f"test_{secrets.token_hex(4)}"
    before = connections["default"].settings_dict["NAME"]
    with psycopg.connect(ADMIN, autocommit=True) as admin:
        admin.execute(
            sql.SQL("CREATE DATABASE {} OWNER owner TEMPLATE {} STRATEGY file_copy").format(
                sql.Identifier(name), sql.Identifier(source)
            )
        )
    _harden(name)  # a template does not carry over rights on the database itself
    point_at(name)
    try:
        yield name
    finally:
        jobs.waker.finish()  # a wake-up under way would be said in the next test's database
        point_at(before)
        with psycopg.connect(ADMIN, autocommit=True) as admin:
            _drop(admin, name)


def _harden(name: str) -> None:
    with psycopg.connect(ADMIN, dbname=name, autocommit=True) as admin:
        roles.harden(admin, name)


def point_at(name: str) -> None:
    close()
    for alias in ALIASES:
        connections[alias].settings_dict["NAME"] = name


def close() -> None:
    for alias in ALIASES:
        connections[alias].close()


def _drop(admin: psycopg.Connection, name: str) -> None:
    admin.execute("UPDATE pg_database SET datistemplate = false WHERE datname = %s", [name])
    admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def environment(name: str) -> dict[str, str]:
    """Variables for a real process of the product on database `name`, as `.local/env` would give them."""
    swapped = {
        key: value.replace(f"/{plugin.bootstrap.DATABASE}?", f"/{name}?") if key.endswith("_URL") else value
        for key, value in plugin.VARIABLES.items()
    }
    return {**os.environ, **swapped}
