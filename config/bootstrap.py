"""From a bare machine to a database with its logins: what `manage.py`, the demo and the tests share.

Runs before Django's settings, as these need the URLs it makes.
"""

import base64
import fcntl
import json
import os
import secrets
import shlex
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

from config import embedded, env
from tenants import roles, vapid

DATABASE = "mysentinel"
URLS = ("DATABASE_URL", *(f"{login.upper()}_DATABASE_URL" for login in roles.LOGINS))
CELL_URLS = {"schools": "CELLS", "migrator": "CELLS_MIGRATOR"}
RUN_TIME_URLS = ("PLATFORM_DATABASE_URL", "SCHOOLS_DATABASE_URL")
DEFAULTS = {"ENVIRONMENT": "local", "PORT": "8000"}
OF_THE_DEMO = {  # nobody real: mail to this domain reaches nobody
    "RESPONSIBLE_PARTY": "MySentinel Demonstration", "RESPONSIBLE_ADDRESS": "1 Example Street, Pretoria, 0002",
    "INFORMATION_OFFICER": "Lindiwe Example", "INFORMATION_OFFICER_EMAIL": "privacy@mysentinel.example",
}  # fmt: skip
SETTING_UP = ("demo", "setup_database")
ALONE = ("", "help", "--help", "--version")  # need no database to answer


def for_command(argv: list[str]) -> None:
    """What `manage.py` does first: fill this process's environment as far as the installation allows.

    In local everything that is missing is made, the database too. Elsewhere only `setup_database` makes something:
    the logins, whose URLs it prints once. Raises BadEnvironment with what to set.
    """
    command = argv[1] if len(argv) > 1 else ""
    if command in ALONE:
        return
    if os.environ.get("ENVIRONMENT", "local") == "local":
        _end_like_an_exit()
        os.environ.update(local(command))
    elif command == "setup_database":
        os.environ.update(elsewhere(os.environ.get("DATABASE_URL", ""), rotate="--rotate" in argv))
    for name in env.not_for(env.process_kind()):
        os.environ.pop(name, None)


def _end_like_an_exit() -> None:
    """Asked to stop by a signal, still leave in order: or the cluster would be left running."""
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs start with it ignored
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # nohup means it
        signal.signal(signal.SIGHUP, lambda number, frame: sys.exit(128 + number))


# -- local -------------------------------------------------------------------------------------------------------------


def local(command: str) -> dict[str, str]:
    """Every variable of this local installation, its database running and its logins made; kept in `.local/env`.

    What the environment already says wins; then what `.local/env` says (not for `demo`, which starts from defaults);
    then what is made here.
    """
    told = {name: os.environ[name] for name in env.KNOWN if os.environ.get(name)}
    stored = {} if command == "demo" else env.read_local()
    if any(name in told for name in URLS):  # another database: nothing stored about the last one holds
        stored = {name: value for name, value in stored.items() if name not in URLS}
    with _one_at_a_time(env.LOCAL):
        kept = made_once(env.LOCAL / "secrets.json")
        secret = {name: kept[name] for name in env.SECRETS}
        demo = OF_THE_DEMO if command == "demo" else {}
        values = {**DEFAULTS, **demo, **secret, **stored, **told, **_urls({**stored, **told}, told)}
        if command in SETTING_UP:
            values |= _cells(values, kept, rotate=False)
        if "PUBLIC_URL" not in told and ("PORT" in told or "PUBLIC_URL" not in stored):
            values["PUBLIC_URL"] = f"http://localhost:{values['PORT']}"
        elsewhere = all(name in told for name in RUN_TIME_URLS)  # a passing process's database is not this folder's
        if command in SETTING_UP or not (elsewhere or (env.LOCAL / "env").exists()):
            save_local(values)
    return values


def _urls(known: dict[str, str], told: dict[str, str]) -> dict[str, str]:
    """The database's URLs, its cluster started if it is the embedded one. Told completely, they are left alone."""
    needed = RUN_TIME_URLS if env.process_kind() in env.RUN_TIME else URLS[1:]
    admin = known.get("DATABASE_URL")
    if all(name in told for name in needed):
        if any(embedded.serves(env.LOCAL, told[name]) for name in needed):
            embedded.use(env.LOCAL)
        return {}
    ours = admin is None or embedded.serves(env.LOCAL, admin)
    made = prepare(env.LOCAL, None if ours else admin, _named(admin or ""))
    return {name: made[name] for name in URLS}


@contextmanager
def _one_at_a_time(state: Path) -> Iterator[None]:
    """Two processes that alter the same login at once would fail on each other."""
    state.mkdir(parents=True, exist_ok=True)
    with (state / "bootstrap.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield


def write_private(path: Path, text: str) -> None:
    """Write a file only its owner may read, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    with os.fdopen(os.open(fresh, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w") as out:
        out.write(text)
    fresh.replace(path)


def made_once(path: Path) -> dict[str, str]:
    """Secrets of a local installation, made the first time; one that a newer version wants is added."""
    kept: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
    made = {
        "SECRET_KEY": secrets.token_urlsafe(48),
        "KEK": base64.b64encode(secrets.token_bytes(32)).decode(),
        "TOKEN_KEYS": f"k1:{base64.b64encode(secrets.token_bytes(32)).decode()}",
        "SEAL_KEYS": f"s1:{base64.b64encode(secrets.token_bytes(32)).decode()}",
        "VAPID_PRIVATE_KEY": vapid.new_key(),
        **_passwords(),
        **kept,
    }
    if made != kept:
        write_private(path, json.dumps(made))
    return made


def _passwords() -> dict[str, str]:
    return {login: secrets.token_urlsafe(24) for login in roles.LOGINS}


def prepare(state: Path, admin_url: str | None, database: str = DATABASE) -> dict[str, str]:
    """Create logins and database and return every variable a process needs.

    `admin_url=None` starts the embedded cluster under `state`. Refused hardening is printed, one line each.
    The logins get the passwords kept under `state` every time, so a lost or changed one mends itself.
    """
    kept = made_once(state / "secrets.json")
    if admin_url is None:
        admin_url = embedded.use(state).admin_url
    urls = _set_up(admin_url, {login: kept[login] for login in roles.LOGINS}, database)
    return {**urls, **{name: kept[name] for name in env.SECRETS}}


def _named(admin_url: str) -> str:
    """The database an administrator's URL names; ours has its own name where the URL names none, or `postgres`."""
    named = urlsplit(admin_url).path.lstrip("/")
    return named if named not in ("", "postgres") else DATABASE


def _set_up(admin_url: str, passwords: dict[str, str], database: str) -> dict[str, str]:
    for line in roles.set_up(admin_url, database, passwords):
        print(line)
    urls = {f"{login.upper()}_DATABASE_URL": _url(admin_url, login, passwords[login], database) for login in passwords}
    return {"DATABASE_URL": _url(admin_url, None, None, database), **urls}


def _url(admin_url: str, user: str | None, password: str | None, database: str) -> str:
    parts = urlsplit(admin_url)
    host = parts.netloc.rpartition("@")[2]
    place = f"{quote(user)}:{quote(password or '')}@{host}" if user else parts.netloc
    return urlunsplit((parts.scheme, place, f"/{database}", parts.query, ""))


def _cells(values: Mapping[str, str], made: Mapping[str, str], *, rotate: bool) -> dict[str, str]:
    """Logins, database and hardening of every cell that CELLS_ADMIN names; the variables that name its logins.

    A login that CELLS or CELLS_MIGRATOR gives keeps its password; the others get those of `made`. Raises BadEnvironment
    for a cell that does not answer, or whose logins exist and were not given.
    """
    urls = {login: env.named_urls(values, variable) for login, variable in CELL_URLS.items()}
    for name, admin in env.named_urls(values, "CELLS_ADMIN").items():
        given = {login: urls[login][name] for login in CELL_URLS if name in urls[login]}
        passwords = {login: made[login] for login in CELL_URLS}
        if not rotate:
            passwords |= {login: env.Database.parse(url, CELL_URLS[login]).password for login, url in given.items()}
        try:
            if values["ENVIRONMENT"] != "local" and not rotate and set(roles.logins_of(admin)) - set(given):
                raise env.BadEnvironment(f"The logins of {name} exist: name them in CELLS and CELLS_MIGRATOR.")
            for line in roles.set_up(admin, _named(admin), passwords):
                print(f"{name}: {line}")
        except roles.Unreachable:
            raise env.BadEnvironment(f"The cell {name} of CELLS_ADMIN does not answer.") from None
        for login in CELL_URLS:
            urls[login][name] = _url(admin, login, passwords[login], _named(admin))
    found = {CELL_URLS[login]: " ".join(f"{name}={url}" for name, url in urls[login].items()) for login in CELL_URLS}
    return {variable: text for variable, text in found.items() if text}


def save_local(values: dict[str, str]) -> None:
    """Write `.local/env`: every URL and key, 0600, readable by a shell and by `config.env`."""
    lines = (f"{name}={shlex.quote(value)}\n" for name, value in sorted(values.items()))
    write_private(env.LOCAL / "env", "".join(lines))


# -- elsewhere ---------------------------------------------------------------------------------------------------------


def elsewhere(admin_url: str, *, rotate: bool) -> dict[str, str]:
    """Make or mend the logins of a real installation; new passwords are printed once and kept nowhere.

    With the three URLs set, their passwords stay. Raises BadEnvironment rather than lock out a running installation.
    """
    if not admin_url:
        raise env.BadEnvironment("DATABASE_URL is not set: setup_database needs the administrator's login.")
    before = {"ENVIRONMENT": "", **os.environ}
    cells = _cells(before, _passwords(), rotate=rotate)
    _print_once([f"{name}={text}" for name, text in cells.items() if rotate or text != before.get(name)])
    return {**cells, **_home(admin_url, rotate=rotate)}


def _home(admin_url: str, *, rotate: bool) -> dict[str, str]:
    given = [os.environ.get(f"{login.upper()}_DATABASE_URL", "") for login in roles.LOGINS]
    if all(given) and not rotate:
        passwords = [env.Database.parse(url, "the URL of a login").password for url in given]
        _set_up(admin_url, dict(zip(roles.LOGINS, passwords, strict=True)), _named(admin_url))
        return {}
    if not rotate and roles.logins_of(admin_url):
        raise env.BadEnvironment(
            "The logins exist already. Set PLATFORM_DATABASE_URL, SCHOOLS_DATABASE_URL and MIGRATOR_DATABASE_URL, "
            "or give them new passwords with `setup_database --rotate`."
        )
    made = _set_up(admin_url, _passwords(), _named(admin_url))
    _print_once([f"{name}={made[name]}" for name in URLS[1:]])
    return made


def _print_once(lines: list[str]) -> None:
    if lines:
        print("Shown once; keep them where your processes read their environment:")
        print("\n".join(lines))
