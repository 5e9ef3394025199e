"""PgBouncer as a real process: transaction mode, one server connection per login, two schools behind it."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from django.db import connections

from config import embedded, env
from tests import database, plugin, world

PGBOUNCER = os.environ.get("PGBOUNCER") or shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
SETTINGS = """
[databases]
{name} = host={sockets} dbname={name}

[pgbouncer]
pool_mode = transaction
default_pool_size = {size}
max_client_conn = 200
listen_addr =
listen_port = 6432
unix_socket_dir = {folder}
auth_type = scram-sha-256
auth_file = {folder}/users.txt
pidfile = {folder}/pgbouncer.pid
logfile = {folder}/pgbouncer.log
"""


@dataclass(frozen=True)
class Pooler:
    """A running PgBouncer in front of database `name`."""

    folder: Path
    name: str
    size: int = 1

    def at(self, login: str) -> env.Database:
        """Where `login` reaches the database through the pooler."""
        direct = env.Database.parse(plugin.VARIABLES[f"{login.upper()}_DATABASE_URL"], login)
        return env.Database(login, direct.password, str(self.folder), "6432", self.name)

    def environment(self) -> dict[str, str]:
        """What a process is told so that it works through the pooler."""
        urls = {}
        for login in ("platform", "schools"):
            at = self.at(login)
            where = f"host={quote(at.host, safe='')}&port={at.port}"
            urls[f"{login.upper()}_DATABASE_URL"] = (
                f"postgresql://{login}:{quote(at.password)}@/{quote(at.name)}?{where}"
            )
        return {**urls, "PREPARE_HOT_STATEMENTS": "0"}

    def log(self) -> str:
        return (self.folder / "pgbouncer.log").read_text()


@pytest.fixture
def pooler(real_commits: str, request: pytest.FixtureRequest) -> Iterator[Pooler]:
    """PgBouncer in front of a database of the test's own. Absent, its tests are skipped unless REQUIRE_TOOLS=1."""
    if not PGBOUNCER:
        line = "PgBouncer is not installed: the tests of a pooler are skipped."
        (pytest.fail if os.environ.get("REQUIRE_TOOLS") == "1" else pytest.skip)(line)
    folder = Path(tempfile.mkdtemp(prefix="pooler-"))
    try:
        with _running(Pooler(folder, real_commits, getattr(request, "param", 1))) as started:
            yield started
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _running(pooler: Pooler) -> Iterator[Pooler]:
    folder = pooler.folder
    sockets = embedded.ensure(plugin.STATE).sockets
    users = "".join(f'"{login}" "{pooler.at(login).password}"\n' for login in ("platform", "schools"))
    (folder / "users.txt").write_text(users)
    (folder / "pgbouncer.ini").write_text(
        SETTINGS.format(name=pooler.name, size=pooler.size, sockets=sockets, folder=folder)
    )
    who: dict[str, Any] = {}
    if os.geteuid() == 0:  # it refuses to run as root; the cluster's account may read the cluster's socket
        who = {"user": embedded.ACCOUNT, "group": embedded.ACCOUNT, "extra_groups": []}
        for path in (folder, *folder.iterdir()):
            shutil.chown(path, embedded.ACCOUNT, embedded.ACCOUNT)
    said = (folder / "said").open("wb")
    process = subprocess.Popen(
        [str(PGBOUNCER), str(folder / "pgbouncer.ini")],
        stdin=subprocess.DEVNULL, stdout=said, stderr=said, cwd="/", **who,
    )  # fmt: skip
    try:
        _until(lambda: (folder / ".s.PGSQL.6432").exists(), process, folder / "said")
        yield pooler
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _until(true: Any, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + 60
    while not true():
        if process.poll() is not None or time.monotonic() > until:
            pytest.fail(f"It did not start:\n{log.read_text()[-3000:]}")
        time.sleep(0.05)


@pytest.fixture
def through(pooler: Pooler, settings: Any) -> Iterator[None]:
    """This process's own logins go through the pooler, set as a process is that was told of it."""
    settings.PREPARE_HOT_STATEMENTS, before = False, {}
    for alias, wanted in _as_told(pooler).items():
        told = connections[alias].settings_dict
        before[alias] = {name: told[name] for name in wanted}
        connections[alias].close()
        told.update(wanted)
    yield
    for alias, kept in before.items():
        connections[alias].close()
        connections[alias].settings_dict.update(kept)


def _as_told(pooler: Pooler) -> dict[str, dict[str, Any]]:
    """What `config.settings` makes of the pooler's environment, asked of a process of its own."""
    words = (
        "import json; from config.settings import DATABASES as found; keep = 'HOST PORT DISABLE_SERVER_SIDE_CURSORS'"
    )
    words += "; print(json.dumps({a: {k: found[a][k] for k in keep.split()} for a in ('default', 'schools')}))"
    environment = {**database.environment(pooler.name), **pooler.environment()}
    told = subprocess.run(
        [sys.executable, "-c", words], cwd=plugin.ROOT, env=environment, capture_output=True, check=True
    )
    found: dict[str, dict[str, Any]] = json.loads(told.stdout)
    return found


@pytest.fixture
def casts(pooler: Pooler) -> list[world.Cast]:
    return [world.read("greenfield"), world.read("riverside")]


@pytest.fixture
def port(pooler: Pooler, tmp_path: Path) -> Iterator[int]:
    """The port of a real web process that reaches its database through the pooler alone."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        number = int(found.getsockname()[1])
    environment = {
        **database.environment(pooler.name), **pooler.environment(), "PROCESS": "web", "PORT": str(number),
        "PUBLIC_URL": f"http://127.0.0.1:{number}",
    }  # fmt: skip
    for name in env.NOT_AT_RUN_TIME:
        environment.pop(name, None)
    words = ["--interface", "wsgi", "--host", "127.0.0.1", "--port", str(number), "--blocking-threads", "8"]
    log = tmp_path / "web.log"
    with log.open("wb") as out:
        web = subprocess.Popen(
            [sys.executable, "-m", "granian", *words, "config.wsgi:application"], cwd=plugin.ROOT, env=environment,
            stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True,
        )  # fmt: skip
    try:
        _until(lambda: _listens(number), web, log)
        yield number
    finally:
        os.killpg(web.pid, signal.SIGTERM)
        try:
            web.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(web.pid, signal.SIGKILL)
            web.wait()


def _listens(number: int) -> bool:
    with socket.socket() as tried:
        return tried.connect_ex(("127.0.0.1", number)) == 0
