"""Each login: that it connects, and that it may no more than it should."""

import os
from collections.abc import Iterator

from django.conf import settings
from django.db import connection

from config import env
from config.probes.lines import Line, broken, judged, missing, ready
from tenants import cells, preflight

MAY_MIGRATE = tuple(f"mysentinel {kind}" for kind in (env.PROVISIONER, "manage")) + ("pg_dump",)


def run_time() -> Iterator[Line]:
    """The two logins of web and worker, and the schools' in every other cell."""
    for about, alias in (("PLATFORM_DATABASE_URL", "default"), ("SCHOOLS_DATABASE_URL", cells.HOME)):
        yield judged(about, "" if cells.answers(alias) else "does not connect", "connects")
    for alias in cells.aliases():
        if alias != cells.HOME:
            said = f"CELLS ({cells.name_of(alias)})"
            yield judged(said, "" if cells.answers(alias) else "does not connect", "connects")


def migrator() -> Iterator[Line]:
    """It belongs to the provisioner and to commands. Whoever else holds it could change every school's tables."""
    about = "MIGRATOR_DATABASE_URL"
    if not settings.ENV.migrator:
        yield missing(about, "not told to this process, so it was not tried: the provisioner and migrations need it")
    else:
        for alias in cells.migrators():
            where = "" if alias == cells.MIGRATOR else f"{cells.name_of(alias.replace('migrator', 'schools'))}: "
            yield judged(about, "" if cells.answers(alias) else f"{where}does not connect", f"{where}connects")
    admin = os.environ.get("DATABASE_URL")
    if admin:
        name = connection.settings_dict["NAME"]
        found = preflight.strangers(admin, name, login="migrator", expected=MAY_MIGRATE)
        held = ", ".join(one or "a program without a name" for one in found)
        yield judged("Migrator in use", f"by {held}" if held else "", "by the provisioner and commands alone")


def rights() -> Iterator[Line]:
    """Looked at with the administrator's eyes, in the platform's database and in every cell."""
    admin = os.environ.get("DATABASE_URL")
    if admin:
        yield from _rights("Rights (home)", admin, connection.settings_dict["NAME"], cell=False)
    else:
        yield missing("Rights (home)", "DATABASE_URL is not set, so logins and hardening were not looked at")
    admins = env.named_urls(os.environ, "CELLS_ADMIN")
    for name, at in settings.ENV.cells.items():
        about = f"Rights ({name})"
        if name not in admins:
            yield missing(about, "not named in CELLS_ADMIN, so logins and hardening were not looked at")
        elif cells.answers(cells.alias_of(name)):
            yield from _rights(about, admins[name], at.name, cell=True)


def _rights(about: str, admin: str, database: str, *, cell: bool) -> Iterator[Line]:
    faults = preflight.server_faults(admin, database, cell=cell)
    yield from (broken(about, fault) for fault in faults)
    if not faults:
        yield ready(about, "no login may more than it should, and the server is hardened")
