"""The typed environment. Fails loudly and names what is missing; in `local`, fills gaps from `.local/env`."""

import os
import re
import shlex
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from config import complete
from tenants.addresses import Networks, networks

ROOT = Path(__file__).resolve().parent.parent
LOCAL = Path(os.environ.get("MYSENTINEL_STATE", ROOT / ".local"))
SECRETS = ("SECRET_KEY", "KEK", "TOKEN_KEYS", "SEAL_KEYS", "VAPID_PRIVATE_KEY")
WEB = "web"
RUN_TIME = (WEB, "worker")  # process kinds that never see the administrator's or the migrator's login
NOT_AT_RUN_TIME = ("DATABASE_URL", "MIGRATOR_DATABASE_URL", "CELLS_ADMIN", "CELLS_MIGRATOR")
PROVISIONER = "provisioner"  # has the migrator's login, but not the administrator's
KINDS = (*RUN_TIME, PROVISIONER, "manage")
OF_COMMANDS = {"worker": "worker", "qcluster": "worker", PROVISIONER: PROVISIONER}
HOME_CELL = "home"  # the platform's own database
MAILBOX = re.compile(r"[^@\s<>\"]+@[^@\s<>\"]+\.[^@\s<>\".]+")
CELL_NAME = re.compile(r"[a-z][a-z0-9]{0,29}")
KNOWN = (
    "ENVIRONMENT", "PORT", "PUBLIC_URL", "ALLOWED_HOSTS", "TRUSTED_PROXIES", "DATABASE_URL", "PLATFORM_DATABASE_URL",
    "SCHOOLS_DATABASE_URL", "MIGRATOR_DATABASE_URL", "CELLS", "CELLS_MIGRATOR", "CELLS_ADMIN",
    "NEW_SCHOOLS_CELL", "EMAIL_URL", *SECRETS, "PUSH_ALLOW", "WHATSAPP_BASE_URL",
    "SMS_BASE_URL", "BACKUP_MARKER", "METRICS_TOKEN", "RESPONSIBLE_PARTY", "RESPONSIBLE_ADDRESS", "INFORMATION_OFFICER",
    "INFORMATION_OFFICER_EMAIL",
)  # fmt: skip


class BadEnvironment(RuntimeError):
    """Something in the environment is missing or makes no sense; the text says what to set."""


@dataclass(frozen=True)
class Database:
    """A parsed postgresql:// URL."""

    user: str
    password: str = field(repr=False)
    host: str
    port: str
    name: str

    @classmethod
    def parse(cls, url: str, variable: str) -> "Database":
        parts = urlsplit(url)
        if parts.scheme not in ("postgresql", "postgres"):
            raise BadEnvironment(f"{variable} must be a postgresql:// URL.")
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        return cls(
            user=unquote(parts.username or ""), password=unquote(parts.password or ""),
            host=query.get("host") or parts.hostname or "", port=str(parts.port or query.get("port", "")),
            name=unquote(parts.path.lstrip("/")),
        )  # fmt: skip


@dataclass(frozen=True)
class Responsible:
    """Who answers for what this installation itself collects about people. Empty where nobody was named."""

    party: str = ""
    address: str = ""
    officer: str = ""
    officer_email: str = ""

    @property
    def named(self) -> bool:
        return all((self.party, self.address, self.officer, self.officer_email))


@dataclass(frozen=True, repr=False)
class Environment:
    """What the process was told. `migrator` is None in web and worker, whatever the environment holds."""

    kind: str
    environment: str
    port: int
    public_url: str
    allowed_hosts: list[str]
    trusted_proxies: Networks
    platform: Database
    schools: Database
    migrator: Database | None
    cells: dict[str, Database]  # beside home: the schools' login in each
    cell_migrators: dict[str, Database]  # empty wherever `migrator` is None
    new_schools_cell: str
    email_url: str
    secret_key: str
    kek: str
    token_keys: str
    seal_keys: str  # empty: one is derived from the KEK
    vapid_private_key: str  # empty in a `manage` process alone
    stand_ins: tuple[str, ...]  # names of what sends messages to a stand-in instead of their provider
    backup_marker: str
    metrics_token: str  # empty: whoever reaches /metrics is answered
    responsible: Responsible

    @property
    def local(self) -> bool:
        return self.environment == "local"


def process_kind() -> str:
    """`web`, `worker`, `provisioner` or `manage`, told by PROCESS or by the command line.

    Raises BadEnvironment for another word, and for one that the command contradicts: neither may end as `manage`, which
    is checked for nothing and holds every login.
    """
    told = os.environ.get("PROCESS")
    started = OF_COMMANDS.get(sys.argv[1] if len(sys.argv) > 1 else "", "")
    if told and told not in KINDS:
        raise BadEnvironment(f"PROCESS must be one of {', '.join(KINDS)}.")
    if told and started and told != started:
        raise BadEnvironment(f"PROCESS is {told}, but what was started is the {started}.")
    return told or started or "manage"


def not_for(kind: str) -> tuple[str, ...]:
    """Logins that a process of this kind must not be told."""
    if kind == PROVISIONER:
        return ("DATABASE_URL", "CELLS_ADMIN")
    return NOT_AT_RUN_TIME if kind in RUN_TIME else ()


def read_local() -> dict[str, str]:
    """`.local/env` as a mapping; empty when there is none."""
    path = LOCAL / "env"
    if not path.exists():
        return {}
    pairs = (line.partition("=") for line in path.read_text().splitlines() if "=" in line)
    return {name: "".join(shlex.split(value)) for name, _, value in pairs}


def option(name: str, default: str) -> str:
    """A tuning knob that has a good default."""
    return os.environ.get(name, default)


def load() -> Environment:
    """The environment of this process. Raises BadEnvironment naming the first thing that is wrong."""
    values = dict(os.environ)
    environment = values.get("ENVIRONMENT", "local")
    if environment not in ("local", "uat", "production"):
        raise BadEnvironment("ENVIRONMENT must be local, uat or production.")
    if environment == "local":
        values = {**read_local(), **values}
    kind = process_kind()
    if environment == "production" and kind in (*RUN_TIME, PROVISIONER):
        _not_hollow(values, kind)
    port = values.get("PORT", "8000")
    if not re.fullmatch(r"\d{2,5}", port):
        raise BadEnvironment("PORT must be a port number.")
    hosts = values.get("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]" if environment == "local" else "")
    migrator = values.get("MIGRATOR_DATABASE_URL") if kind not in RUN_TIME else None
    cells, cell_migrators = _cells(values, with_migrators=migrator is not None)
    return Environment(
        kind=kind, environment=environment, port=int(port),
        public_url=values.get("PUBLIC_URL", f"http://localhost:{port}").rstrip("/"),
        allowed_hosts=[host.strip() for host in hosts.split(",") if host.strip()],
        trusted_proxies=_proxies(values),
        platform=Database.parse(_needed(values, "PLATFORM_DATABASE_URL"), "PLATFORM_DATABASE_URL"),
        schools=Database.parse(_needed(values, "SCHOOLS_DATABASE_URL"), "SCHOOLS_DATABASE_URL"),
        migrator=Database.parse(migrator, "MIGRATOR_DATABASE_URL") if migrator else None,
        cells=cells, cell_migrators=cell_migrators, new_schools_cell=_cell_for_new(values, cells),
        email_url=values.get("EMAIL_URL", ""),
        secret_key=_needed(values, "SECRET_KEY"), kek=_needed(values, "KEK"),
        token_keys=_needed(values, "TOKEN_KEYS"), seal_keys=values.get("SEAL_KEYS", ""),
        vapid_private_key=_vapid(values, kind), backup_marker=values.get("BACKUP_MARKER", ""),
        metrics_token=values.get("METRICS_TOKEN", ""),
        stand_ins=tuple(name for name in complete.ELSEWHERE if values.get(name)),
        responsible=_responsible(values),
    )  # fmt: skip


def _proxies(values: Mapping[str, str]) -> Networks:
    try:
        return networks(values.get("TRUSTED_PROXIES", ""))
    except ValueError:
        raise BadEnvironment(
            "TRUSTED_PROXIES must be `none` or a comma list of networks: 10.0.0.0/8, fd00::/8"
        ) from None


def _responsible(values: Mapping[str, str]) -> Responsible:
    names = ("RESPONSIBLE_PARTY", "RESPONSIBLE_ADDRESS", "INFORMATION_OFFICER", "INFORMATION_OFFICER_EMAIL")
    told = Responsible(*(" ".join(values.get(name, "").split()) for name in names))
    if told.officer_email and not MAILBOX.fullmatch(told.officer_email):
        raise BadEnvironment("INFORMATION_OFFICER_EMAIL must be an email address.")
    return told


def _not_hollow(values: Mapping[str, str], kind: str) -> None:
    wrong = list(complete.faults(values, migrator=kind == PROVISIONER, local=read_local()))
    if wrong:
        raise BadEnvironment(f"The {kind} does not start in production: {'; '.join(wrong)}.")


def _vapid(values: dict[str, str], kind: str) -> str:
    """Made once in local and needed wherever messages are sent; commands work before there is one."""
    elsewhere = values.get("ENVIRONMENT", "local") != "local" and kind in RUN_TIME
    return _needed(values, "VAPID_PRIVATE_KEY") if elsewhere else values.get("VAPID_PRIVATE_KEY", "")


def named_urls(values: Mapping[str, str], variable: str) -> dict[str, str]:
    """`name=url name=url ...` as a mapping. Raises BadEnvironment for a name that is not one, or stands there twice."""
    found: dict[str, str] = {}
    for word in values.get(variable, "").split():
        name, _, url = word.partition("=")
        if not CELL_NAME.fullmatch(name) or name == HOME_CELL or name in found:
            raise BadEnvironment(
                f"{variable} must be `name=postgresql://... name=...`; {name!r} is no new cell's name."
            )
        found[name] = url
    return found


def _cells(values: Mapping[str, str], *, with_migrators: bool) -> tuple[dict[str, Database], dict[str, Database]]:
    logins = {name: Database.parse(url, "CELLS") for name, url in named_urls(values, "CELLS").items()}
    if not with_migrators:
        return logins, {}
    told = named_urls(values, "CELLS_MIGRATOR")
    if set(told) != set(logins):
        raise BadEnvironment("CELLS_MIGRATOR must name the same cells as CELLS.")
    return logins, {name: Database.parse(url, "CELLS_MIGRATOR") for name, url in told.items()}


def _cell_for_new(values: Mapping[str, str], cells: Mapping[str, Database]) -> str:
    name = values.get("NEW_SCHOOLS_CELL") or HOME_CELL
    if name != HOME_CELL and name not in cells:
        raise BadEnvironment("NEW_SCHOOLS_CELL must be `home` or one of the names in CELLS.")
    return name


def _needed(values: dict[str, str], name: str) -> str:
    if not values.get(name):
        raise BadEnvironment(f"{name} is not set. Locally, `make demo` or `manage.py setup_database` makes it.")
    return values[name]
