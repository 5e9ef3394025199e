"""What an administrator's eye looks for on the server before an installation serves people. Changes nothing."""

from collections.abc import Iterator
from urllib.parse import urlsplit

import psycopg

from tenants import roles
from tenants.models import SchoolPlacement
from tenants.sealing import Unsealable, prove_wrapped_key

TRAITS = ("rolsuper", "rolbypassrls", "rolcreatedb", "rolreplication", "rolinherit")
SET_CONFIG = "pg_catalog.set_config(text, text, boolean)"


def server_faults(admin_url: str, database: str, *, cell: bool = False) -> list[str]:
    """One sentence per thing that weakens the wall; empty when it stands. `admin_url` is the administrator's."""
    server = urlsplit(admin_url)._replace(path=f"/{database}").geturl()
    with psycopg.connect(server, autocommit=True) as admin:
        return [
            *_logins(admin, roles.CELL_LOGINS if cell else roles.LOGINS),
            *_rights(admin, database),
            *_poisoned(admin, database),
        ]


def _logins(admin: psycopg.Connection, wanted: tuple[str, ...]) -> Iterator[str]:
    found = {
        name: dict(zip(TRAITS, traits, strict=True))
        for name, *traits in admin.execute(
            f"SELECT rolname, {', '.join(TRAITS)} FROM pg_roles WHERE rolname = ANY(%s)", [list(wanted)]
        )
    }
    for login in wanted:
        if login not in found:
            yield f"The login {login} is missing: run setup_database."
        for trait in (trait for trait, held in found.get(login, {}).items() if held):
            yield f"The login {login} holds {trait} and must not."


def _rights(admin: psycopg.Connection, database: str) -> Iterator[str]:
    """The hardening that a managed server may have refused."""
    public = "has_function_privilege('public', %s, 'EXECUTE')", SET_CONFIG
    questions = (
        (*public, "Everybody may call set_config: one SELECT could change the path."),
        ("has_database_privilege('public', %s, 'TEMP')", database, "Everybody may make temporary tables."),
        ("has_database_privilege('public', %s, 'CONNECT')", database, "Every login of the server may connect."),
    )
    for question, about, sentence in questions:
        row = admin.execute(f"SELECT {question}", [about]).fetchone()
        if row and row[0]:
            yield sentence


def _poisoned(admin: psycopg.Connection, database: str) -> Iterator[str]:
    for setting in roles.poisoned_defaults(admin, database):
        yield f"Somebody changed a login's defaults with ALTER ROLE: {setting}."


def strangers(admin_url: str, database: str, *, login: str, expected: tuple[str, ...]) -> list[str]:
    """Names of the programs that hold a session of `login` just now and should not; empty for one without a name."""
    server = urlsplit(admin_url)._replace(path=f"/{database}").geturl()
    with psycopg.connect(server, autocommit=True) as admin:
        rows = admin.execute(
            "SELECT DISTINCT application_name FROM pg_stat_activity WHERE usename = %s AND datname = %s"
            " AND application_name <> ALL(%s)",
            [login, database, list(expected)],
        )
        return sorted(str(name) for (name,) in rows)


def school_keys() -> dict[str, tuple[int, int]]:
    """By cell: how many schools' keys open under the KEK, and how many do not. One query."""
    found: dict[str, tuple[int, int]] = {}
    for alias, wrapped in SchoolPlacement.objects.values_list("alias", "wrapped_key"):
        opened, shut = found.get(alias, (0, 0))
        try:
            prove_wrapped_key(bytes(wrapped))
            found[alias] = (opened + 1, shut)
        except Unsealable:
            found[alias] = (opened, shut + 1)
    return found
