"""Loaded before Django's settings: starts the tests' own cluster and points the environment at it.

Tests never touch the demo's state. The cluster is not durable (fsync off): what is tested is the logic and the wall.
"""

import fcntl
import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STATE = ROOT / ".local" / "test"
os.environ["MYSENTINEL_STATE"] = str(STATE)
os.environ["ENVIRONMENT"] = "local"
os.environ["PROCESS"] = "manage"
os.environ["IDENTITY_SECONDS"] = "0"  # each request asks; tests of the memory turn it on
os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"

from config import bootstrap, catalogs, embedded  # noqa: E402

FAST = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off", "max_connections": "200"}


def start() -> dict[str, str]:
    STATE.mkdir(parents=True, exist_ok=True)
    with (STATE / "plugin.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        catalogs.compile_all(ROOT / "locale")
        embedded.ensure(STATE, FAST)
        return bootstrap.prepare(STATE, None)


VARIABLES = start()
os.environ.update(VARIABLES)
os.environ.pop("EMAIL_URL", None)
