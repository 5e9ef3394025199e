"""From a bare machine to a database with its logins: what `setup_database`, the demo and the tests share.

Runs before Django's settings, as these need the URLs it makes.
"""

import base64
import json
import os
import secrets
import shlex
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

from config import embedded, env
from tenants import roles

DATABASE = "mysentinel"


def write_private(path: Path, text: str) -> None:
    """Write a file only its owner may read, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    with os.fdopen(os.open(fresh, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w") as out:
        out.write(text)
    fresh.replace(path)


def made_once(path: Path) -> dict[str, str]:
    """Secrets of a local installation, made the first time."""
    if path.exists():
        kept: dict[str, str] = json.loads(path.read_text())
        return kept
    made = {
        "SECRET_KEY": secrets.token_urlsafe(48),
        "KEK": base64.b64encode(secrets.token_bytes(32)).decode(),
        "TOKEN_KEYS": f"k1:{base64.b64encode(secrets.token_bytes(32)).decode()}",
        **{login: secrets.token_urlsafe(24) for login in roles.LOGINS},
    }
    write_private(path, json.dumps(made))
    return made


def prepare(state: Path, admin_url: str | None, database: str = DATABASE) -> dict[str, str]:
    """Create logins and database and return every variable a process needs.

    `admin_url=None` starts the embedded cluster under `state`. Refused hardening is printed, one line each.
    """
    kept = made_once(state / "secrets.json")
    if admin_url is None:
        admin_url = embedded.ensure(state).admin_url
    else:
        named = urlsplit(admin_url).path.lstrip("/")
        database = named if named and named != "postgres" else database
    for line in roles.set_up(admin_url, database, {login: kept[login] for login in roles.LOGINS}):
        print(line)
    urls = {f"{login.upper()}_DATABASE_URL": _url(admin_url, login, kept[login], database) for login in roles.LOGINS}
    return {"DATABASE_URL": _url(admin_url, None, None, database), **urls, **{name: kept[name] for name in env.SECRETS}}


def _url(admin_url: str, user: str | None, password: str | None, database: str) -> str:
    parts = urlsplit(admin_url)
    host = parts.netloc.rpartition("@")[2]
    place = f"{quote(user)}:{quote(password or '')}@{host}" if user else parts.netloc
    return urlunsplit((parts.scheme, place, f"/{database}", parts.query, ""))


def save_local(values: dict[str, str]) -> None:
    """Write `.local/env`: every URL and key, 0600, readable by a shell and by `config.env`."""
    write_private(env.LOCAL / "env", "".join(f"{name}={shlex.quote(value)}\n" for name, value in values.items()))
