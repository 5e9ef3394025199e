"""The Postgres logins, roles and grants of an installation. Runs with the administrator's URL, at set-up only."""

from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

LOGINS = ("platform", "schools", "migrator")
CELL_LOGINS = ("schools", "migrator")  # of a database that holds schools and no platform
PRIVILEGE_NOT_REVOKED, PRIVILEGE_NOT_GRANTED = "01006", "01007"
APPEND_ONLY_ON_PLATFORM = (
    "audit_platformevent", "audit_platformseal", "audit_platformcheckpoint", "audit_schoolcheckpoint",
    "billing_closedmonth", "billing_closedcount", "billing_adjustment",
)  # fmt: skip


Unreachable = psycopg.OperationalError


@dataclass(frozen=True)
class Measure:
    """One hardening statement and what is lost where a managed Postgres refuses it."""

    name: str
    statement: str
    without: str


HARDENING = (
    Measure("public schema closed", "REVOKE ALL ON SCHEMA public FROM PUBLIC", "any login could create objects there"),
    Measure("no temporary tables", "REVOKE TEMP ON DATABASE {db} FROM PUBLIC", "a login could shadow a table"),
    Measure(
        "database closed", "REVOKE CONNECT ON DATABASE {db} FROM PUBLIC", "other logins of the cluster may connect"
    ),
    Measure("UTC", "ALTER DATABASE {db} SET timezone = 'UTC'", "Django needs set_config at every connect"),
    Measure(
        "set_config closed",
        "REVOKE EXECUTE ON FUNCTION pg_catalog.set_config(text, text, boolean) FROM PUBLIC",
        "one SELECT could change the path",
    ),
    Measure(
        "set_config for migrations",
        "GRANT EXECUTE ON FUNCTION pg_catalog.set_config(text, text, boolean) TO owner, migrator",
        "pg_dump cannot make the golden schema",
    ),
    Measure(
        "session locks closed",
        "REVOKE EXECUTE ON FUNCTION pg_catalog.pg_advisory_lock(bigint), pg_catalog.pg_advisory_lock(int, int),"
        " pg_catalog.pg_advisory_lock_shared(bigint), pg_catalog.pg_advisory_lock_shared(int, int),"
        " pg_catalog.pg_try_advisory_lock(bigint), pg_catalog.pg_try_advisory_lock(int, int),"
        " pg_catalog.pg_try_advisory_lock_shared(bigint), pg_catalog.pg_try_advisory_lock_shared(int, int) FROM PUBLIC",
        "one SELECT could hold a lock of another school for as long as its connection lives",
    ),
    Measure(
        "session locks for migrations",
        "GRANT EXECUTE ON FUNCTION pg_catalog.pg_advisory_lock(bigint), pg_catalog.pg_try_advisory_lock(bigint)"
        " TO owner, migrator",
        "schools cannot be built or migrated",
    ),
    Measure(
        "large objects closed",
        "REVOKE EXECUTE ON FUNCTION pg_catalog.lo_creat(int), pg_catalog.lo_create(oid),"
        " pg_catalog.lo_from_bytea(oid, bytea) FROM PUBLIC",
        "one SELECT could leave something outside every school's schema",
    ),
)


def set_up(admin_url: str, database: str, passwords: dict[str, str]) -> list[str]:
    """Create roles, logins and the database, and harden it. Idempotent.

    `passwords`: one per login of LOGINS, or of CELL_LOGINS for a cell beside home. Returns one line per measure the
    server refused. Raises RuntimeError for a server older than PostgreSQL 16.
    """
    with _server(admin_url) as admin:
        if admin.info.server_version < 160000:
            raise RuntimeError("MySentinel needs PostgreSQL 16 or newer (GRANT ... WITH INHERIT FALSE, SET TRUE).")
        _roles(admin, passwords)
        found = admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database]).fetchone()
        if not found:
            admin.execute(sql.SQL("CREATE DATABASE {} OWNER owner").format(sql.Identifier(database)))
        admin.execute(sql.SQL("ALTER DATABASE {} OWNER TO owner").format(sql.Identifier(database)))
    with psycopg.connect(admin_url, dbname=database, autocommit=True) as admin:
        return harden(admin, database, cell="platform" not in passwords)


def _server(admin_url: str) -> psycopg.Connection:
    """The server of `admin_url`, whose database may not exist yet."""
    try:
        return psycopg.connect(admin_url, autocommit=True)
    except psycopg.OperationalError:
        return psycopg.connect(admin_url, dbname="postgres", autocommit=True)


def logins_of(admin_url: str) -> list[str]:
    """Which of LOGINS the server has already."""
    with _server(admin_url) as admin:
        found = admin.execute("SELECT rolname FROM pg_roles WHERE rolname = ANY(%s)", [list(LOGINS)])
        return [name for (name,) in found]


def _roles(admin: psycopg.Connection, passwords: dict[str, str]) -> None:
    known = {row[0] for row in admin.execute("SELECT rolname FROM pg_roles")}
    if "owner" not in known:
        admin.execute("CREATE ROLE owner NOLOGIN")
        # A superuser needs no membership; a managed server's administrator works through this one.
        admin.execute("GRANT owner TO CURRENT_USER WITH INHERIT TRUE, SET TRUE")
    for login in passwords:
        verb = "ALTER" if login in known else "CREATE"
        traits = f"LOGIN NOINHERIT {'CREATEROLE' if login == 'migrator' else 'NOCREATEROLE'}"
        admin.execute(
            sql.SQL(f"{verb} ROLE {{}} {traits} PASSWORD {{}}").format(
                sql.Identifier(login), sql.Literal(passwords[login])
            )
        )
    # Only a superuser may write these words, so they are written only where there is something to take away.
    strong = "SELECT rolname FROM pg_roles WHERE rolname = ANY(%s)"
    strong += " AND (rolsuper OR rolcreatedb OR rolreplication OR rolbypassrls)"
    for (login,) in admin.execute(strong, [list(passwords)]).fetchall():
        weaker = "ALTER ROLE {} NOSUPERUSER NOCREATEDB NOREPLICATION NOBYPASSRLS"
        admin.execute(sql.SQL(weaker).format(sql.Identifier(login)))
    admin.execute("GRANT owner TO migrator WITH INHERIT FALSE, SET TRUE")
    if "platform" in passwords:
        admin.execute("ALTER ROLE platform SET search_path = 'public'")
    admin.execute("ALTER ROLE schools SET search_path = ''")


def _platforms_rights(admin: psycopg.Connection, database: sql.Identifier) -> None:
    admin.execute("GRANT USAGE ON SCHEMA public TO platform")
    admin.execute(sql.SQL("GRANT CONNECT ON DATABASE {} TO platform").format(database))
    rights = "SELECT, INSERT, UPDATE, DELETE ON TABLES"
    admin.execute(f"ALTER DEFAULT PRIVILEGES FOR ROLE owner IN SCHEMA public GRANT {rights} TO platform")
    admin.execute("ALTER DEFAULT PRIVILEGES FOR ROLE owner IN SCHEMA public GRANT USAGE ON SEQUENCES TO platform")


def harden(admin: psycopg.Connection, database: str, *, cell: bool = False) -> list[str]:
    """Rights and hardening of one database; a copy of a template needs them again. Returns what was refused."""
    name = sql.Identifier(database)
    admin.execute("ALTER SCHEMA public OWNER TO owner")
    if not cell:
        _platforms_rights(admin, name)
    admin.execute(sql.SQL("GRANT CONNECT ON DATABASE {} TO schools, migrator").format(name))
    refused = [measure for measure in HARDENING if not _taken(admin, sql.SQL(measure.statement).format(db=name))]
    return [f"Hardening refused by this server: {measure.name} ({measure.without})." for measure in refused]


def _taken(admin: psycopg.Connection, statement: sql.Composed) -> bool:
    """Whether a grant or revoke had its effect: without the right to it, Postgres may only warn."""
    warned: list[str | None] = []

    def note(notice: psycopg.errors.Diagnostic) -> None:
        warned.append(notice.sqlstate)

    admin.add_notice_handler(note)
    try:
        admin.execute(statement)
    except psycopg.errors.InsufficientPrivilege:
        return False
    finally:
        admin.remove_notice_handler(note)
    return not set(warned) & {PRIVILEGE_NOT_REVOKED, PRIVILEGE_NOT_GRANTED}


def close_platform_history(migrator: Any) -> None:
    """After the platform's migrations: its history is append-only, its migration ledger not the platform's to touch.

    `migrator` is a connection or cursor of the owner.
    """
    for table in APPEND_ONLY_ON_PLATFORM:
        migrator.execute(
            sql.SQL("REVOKE UPDATE, DELETE, TRUNCATE ON {} FROM platform").format(sql.Identifier("public", table))
        )
    migrator.execute("REVOKE ALL ON public.django_migrations FROM platform")


def poisoned_defaults(admin: psycopg.Connection, database: str) -> list[str]:
    """Settings somebody put on a login with ALTER ROLE beyond ours; preflight shows them."""
    ours = {("platform", "search_path=public"), ("schools", 'search_path=""')}
    rows = admin.execute(
        "SELECT r.rolname, unnest(s.setconfig) FROM pg_db_role_setting s JOIN pg_roles r ON r.oid = s.setrole"
        " LEFT JOIN pg_database d ON d.oid = s.setdatabase"
        " WHERE r.rolname = ANY(%s) AND (d.datname = %s OR s.setdatabase = 0)",
        [list(LOGINS), database],
    )
    return [f"{login}: {setting}" for login, setting in rows if (login, setting) not in ours]


def sweep_orphan_roles(admin_url: str) -> list[str]:
    """Drop school roles that no database of the cluster uses any more. Returns their names."""
    dropped = []
    with psycopg.connect(admin_url, autocommit=True) as admin:
        rows = admin.execute(
            "SELECT rolname FROM pg_roles r WHERE rolname ~ '^t_[0-9a-f]{16}$'"
            " AND NOT EXISTS (SELECT 1 FROM pg_shdepend d WHERE d.refobjid = r.oid"
            " AND d.refclassid = 'pg_authid'::regclass AND d.dbid <> 0)"
        ).fetchall()
        for (role,) in rows:
            admin.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(role)))
            dropped.append(role)
    return dropped
