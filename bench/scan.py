"""The durable scan as shipped, against django-tenants' own way, and a bare view with the same statements in one school.

The web processes are granian with the same workers, threads and pool, on one durable cluster; the load comes from a
process of its own. Rounds are interleaved. CPU is read from /proc, for Python and for PostgreSQL apart.
"""

import json
import os
import secrets
import socket
import subprocess
import sys
import time as clock
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, time, timedelta
from pathlib import Path
from statistics import median
from typing import Any

import jwt
import psycopg
from django.utils import timezone

from bench.figures import Figure
from bench.ground import ROOT, SETTINGS, STATE
from shared_apps.identity.models import Session
from shared_apps.identity.services.accounts import give_role
from shared_apps.identity.services.sign_in import sign_in
from tenant_apps.events.services import record
from tenant_apps.gate.models import Badge, Gate
from tenant_apps.gate.rules import new_badge_code
from tenant_apps.gate.services import ground, presence, scans
from tenant_apps.people.for_platform import seed
from tenant_apps.people.models import AcademicYear, ClassGroup, Learner, SchoolProfile, Term
from tenants import provisioning, token
from tenants.models import Domain, School
from tenants.reactions import handlers_of
from tenants.scope import school_scope

SCHOOLS = 40
LEARNERS = 50
CONNECTIONS = 8
SECONDS = float(os.environ.get("BENCH_SECONDS", "4"))
ROUNDS = 5
GRANIAN = {"GRANIAN_WORKERS": "2", "GRANIAN_BLOCKING_THREADS": "4", "GRANIAN_HOST": "127.0.0.1"}
STOCK_KEY = "bench-only-" + "x" * 40
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass
class Site:
    """A running web process with the plan of requests it is asked."""

    name: str
    pid: int
    port: int
    plan: list[dict[str, str]]


@dataclass
class Round:
    per_second: float
    python: float  # CPU seconds per scan
    postgres: float


def build() -> list[dict[str, Any]]:
    """Forty schools of fifty learners; what a caller needs of each."""
    now, schools = timezone.now(), []
    for number in range(SCHOOLS):
        slug = f"scan-{number}-{secrets.token_hex(3)}"
        school = provisioning.provision(
            name=slug, slug=slug, timezone="Africa/Johannesburg", seed=seed(bell=time(8), close_time=time(17))
        )
        email = f"officer@{slug}.example"
        give_role(
            email=email, role="gate_officer", by="bench", now=now, school=school.id, password="password123",
            temporary=False,
        )  # fmt: skip
        Domain(domain=f"{slug}.localhost", tenant=school, is_primary=True).save(using="migrator")
        opened = sign_in(email=email, password="password123", school=None, device="bench", network="::1", now=now)
        claims = {"sid": str(opened.session.id), "exp": now + timedelta(hours=2)}
        schools.append(
            {
                "slug": slug, "schema": school.schema_name, "badges": _people(school),
                "gate": _gate(school), "ours": opened.token(token.ACCESS, now),
                "stock": jwt.encode(claims, STOCK_KEY, algorithm="HS256"),
            }
        )  # fmt: skip
    return schools


def _people(school: School) -> list[str]:
    with school_scope(school.ref()):
        year = AcademicYear.objects.create(year=date.today().year)
        Term.objects.create(year=year, number=1, starts_on=date(year.year, 1, 1), ends_on=date(year.year, 12, 31))
        group = ClassGroup.objects.create(year=year, name="1A", grade=1)
        tag, codes = SchoolProfile.objects.get().badge_tag, []
        for number in range(LEARNERS):
            learner = Learner.objects.create(
                number=str(number),
                given_name="A",
                family_name="B",
                class_group=group,
                enrolled_on=date(year.year, 1, 1),
            )
            codes.append(Badge.objects.create(code=new_badge_code(tag), learner=learner, issued_at=timezone.now()).code)
        return codes


def _gate(school: School) -> str:
    with school_scope(school.ref()):
        return str(Gate.objects.create(name="Main").id)


def plan(schools: list[dict[str, Any]], path: str, kind: str) -> list[dict[str, str]]:
    lines = []
    for school in schools:
        host = f"{school['slug']}.localhost" if kind == "stock" else "localhost"
        headers = f"Host: {host}\r\nAuthorization: Bearer {school.get(kind, '')}\r\n"
        lines += [
            {"path": path, "headers": headers, "badge": badge, "gate": school["gate"]} for badge in school["badges"]
        ]
    return lines


@contextmanager
def serving(name: str, target: str, lines: list[dict[str, str]], **more: str) -> Iterator[Site]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = (STATE / f"{name}.log").open("w")
    process = subprocess.Popen(
        [sys.executable, "-m", "granian", "--interface", "wsgi", "--no-ws", "--log-level", "warning", target],
        cwd=ROOT, stdout=log, stderr=log, env={**os.environ, **GRANIAN, "GRANIAN_PORT": str(port), **more},
    )  # fmt: skip
    try:
        _wait(port)
        yield Site(name, process.pid, port, lines)
    finally:
        process.terminate()
        process.wait(20)


def _wait(port: int) -> None:
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=2).close()
            return
        except OSError:
            clock.sleep(0.1)
    raise RuntimeError("A web process did not come up.")


def run(site: Site, seconds: float = SECONDS) -> Round:
    before = _cpu(site.pid), _postgres_cpu()
    done = subprocess.run(
        [sys.executable, "-m", "bench.load", str(site.port), str(CONNECTIONS), str(seconds)],
        cwd=ROOT, input=json.dumps(site.plan), capture_output=True, text=True, check=True,
    )  # fmt: skip
    told = json.loads(done.stdout)
    if told["other"] or not told["done"]:
        raise RuntimeError(f"{site.name} answered {told} {done.stderr[-800:]}")
    count = told["done"]
    return Round(count / told["seconds"], (_cpu(site.pid) - before[0]) / count, (_postgres_cpu() - before[1]) / count)


def _cpu(pid: int) -> float:
    """CPU seconds of a process and its descendants."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except FileNotFoundError:
        return 0.0  # it ended while we looked; its parent has its time
    own = (int(fields[11]) + int(fields[12])) / TICKS
    return own + sum(_cpu(int(child)) for child in children)


def _postgres_cpu() -> float:
    postmaster = int((STATE / "pg" / "data" / "postmaster.pid").read_text().splitlines()[0])
    fields = Path(f"/proc/{postmaster}/stat").read_text().rpartition(")")[2].split()
    gone = (int(fields[13]) + int(fields[14])) / TICKS  # of backends that ended meanwhile
    return _cpu(postmaster) + gone


def statements(schema: str) -> str:
    """What the bare view sends: the product's own statements, written for one school."""
    texts = {
        "badges": ground.BADGES, "gates": ground.GATES, "scans": ground.SCANS, "scan": scans.PUT,
        "event": record.EVENTS, "beside": record.BESIDE, "follow": record.FOLLOW, "presence": presence.PUT,
    }  # fmt: skip
    return json.dumps({name: text.replace("{s}", f'"{schema}"') for name, text in texts.items()})


def measure() -> Iterator[Figure]:
    schools = build()
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as admin:
        admin.execute("GRANT SELECT ON ALL TABLES IN SCHEMA public TO owner")
    handlers = json.dumps([[handler.name, handler.lane] for handler in handlers_of("gate.scan_recorded")])
    stock = {"STOCK_DATABASE_URL": os.environ["MIGRATOR_DATABASE_URL"], "BENCH_HANDLERS": handlers}
    plain = {**stock, "BENCH_SITE": "bench.bare.settings", "BENCH_STATEMENTS": statements(schools[0]["schema"])}
    web = {"PROCESS": "web"}
    target = "bench.stock.wsgi:application"
    with (
        serving("ours", "config.wsgi:application", plan(schools, "/api/gate/scans", "ours"), **web) as ours,
        serving("stock", target, plan(schools, "/api/gate/scans", "stock"), **stock) as theirs,
        serving("bare", target, plan(schools[:1], "/bare", "bare"), **plain) as bare,
    ):
        one = Site("one school", ours.pid, ours.port, plan(schools[:1], "/api/gate/scans", "ours"))
        sites = (ours, theirs, bare, one)
        for site in sites:
            run(site, 2.0)
        rounds: dict[str, list[Round]] = {site.name: [] for site in sites}
        for _ in range(ROUNDS):
            for site in sites:
                rounds[site.name].append(run(site))
        yield from _figures(rounds)
    print(f"{Session.objects.count()} sessions, {SCHOOLS} schools of {LEARNERS} learners")


def _figures(rounds: dict[str, list[Round]]) -> Iterator[Figure]:
    def middle(name: str, field: str) -> float:
        return median(getattr(one, field) for one in rounds[name])

    ours = middle("ours", "per_second")
    for other, name in (("stock", "scan_vs_stock"), ("bare", "scan_vs_bare")):
        base = middle(other, "per_second")
        yield Figure(name, "scans/s", ours, base, ours / base, ROUNDS, SETTINGS)
        for field in ("python", "postgres"):
            mine, base = middle("ours", field) * 1000, middle(other, field) * 1000
            yield Figure(f"{name}_{field}_cpu", "ms/scan", mine, base, base / mine, ROUNDS, SETTINGS)
    mine, base = middle("ours", "postgres") * 1000, middle("one school", "postgres") * 1000
    yield Figure("scan_40_schools_vs_one_postgres_cpu", "ms/scan", mine, base, mine / base, ROUNDS, SETTINGS)


BENCHMARKS = {"scan": measure}
