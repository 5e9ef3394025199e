"""Where benchmarks run: a durable cluster of their own, under the state folder, with the product's real logins."""

import os
import secrets
from pathlib import Path

import django
import psycopg
from django.core.management import call_command
from psycopg import sql

from tenants.roles import sweep_orphan_roles

ROOT = Path(__file__).resolve().parent.parent
STATE = ROOT / ".local" / "bench"
SETTINGS = "fsync on, synchronous_commit on"


def start() -> None:
    """Start the cluster and Django on a fresh database. Called before anything of the product is imported."""
    os.environ.update(MYSENTINEL_STATE=str(STATE), ENVIRONMENT="local", PROCESS="manage")
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    from config import bootstrap  # noqa: PLC0415  the environment comes first

    database = f"bench_{secrets.token_hex(3)}"
    os.environ.update(bootstrap.prepare(STATE, None, database))
    django.setup()
    _drop_old(database)
    call_command("setup_database", verbosity=0)


def _drop_old(current: str) -> None:
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as admin:
        rows = admin.execute("SELECT datname FROM pg_database WHERE datname LIKE 'bench\\_%'").fetchall()
        for (name,) in rows:
            if name != current:
                admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
    sweep_orphan_roles(os.environ["DATABASE_URL"])
