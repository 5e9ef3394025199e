"""The operator's console and health page at 1,000 schools, against asking each school, and against 100 schools.

Whole requests, from the middleware to the finished page. The platform's rows of the schools are written straight into
their tables; the loop asks real schools, on a sample and scaled, for what each would tell.
"""

import secrets
from collections.abc import Iterator
from datetime import datetime, time, timedelta
from statistics import median
from typing import Any

from django.db import connection
from django.test import Client
from django.utils import timezone

from bench.figures import Figure, timed
from bench.ground import SETTINGS
from shared_apps.deliveries.models import DeliveryCount, SchoolFigures, Trouble
from shared_apps.deliveries.rules import SLOT, slot_of
from shared_apps.identity.services.accounts import give_role
from tenant_apps.messaging.services import figures
from tenant_apps.people.for_platform import seed
from tenants import provisioning
from tenants.models import School
from tenants.scope import school_scope

MANY, FEW = 1_000, 100
SAMPLE = 20
SLOTS = 40  # ten-minute slots of the last day in which a school sent something
ROUNDS = 7
REQUESTS = 10  # per round; the median counts
PAGES = {"console": "/operator", "health": "/operator/health"}


def measure() -> Iterator[Figure]:
    client, now = _operator(), timezone.now()
    real = [_real_school() for _ in range(SAMPLE)]
    School.objects.exclude(pk__in=[school.pk for school in real]).delete()
    pages: dict[str, list[tuple[float, float, float]]] = {name: [] for name in PAGES}
    for _ in range(ROUNDS):
        loop = timed(lambda: [_asked(school, now) for school in real]) / SAMPLE * MANY
        _fill(FEW - SAMPLE, now)
        few = {name: _page(client, path) for name, path in PAGES.items()}
        _fill(MANY - FEW, now)
        for name, path in PAGES.items():
            pages[name].append((_page(client, path), loop, few[name]))
        _empty([school.pk for school in real])
    rows = f"{MANY} schools x {SLOTS} slots of deliveries; {SETTINGS}"
    told = f"{rows}; the loop over {SAMPLE}, scaled"
    for name, rounds in pages.items():
        mine, loop, few_schools = (median(column) for column in zip(*rounds, strict=True))
        yield Figure(f"{name}_vs_loop", "s/page", mine, loop, loop / mine, ROUNDS, told)
        yield Figure(f"{name}_1000_vs_100", "s/page", mine, few_schools, mine / few_schools, ROUNDS, rows)


def _operator() -> Client:
    email = f"operator-{secrets.token_hex(3)}@bench.example"
    give_role(
        email=email, role="operator", by="bench", now=timezone.now(), name="Bench", password="password123",
        temporary=False,
    )  # fmt: skip
    client = Client(SERVER_NAME="localhost")
    body = {"email": email, "password": "password123"}
    token = client.post("/api/auth/login", body, content_type="application/json").json()["access_token"]
    client.defaults["HTTP_AUTHORIZATION"] = f"Bearer {token}"
    return client


def _page(client: Client, path: str) -> float:
    answer: Any = client.get(path)
    assert answer.status_code == 200, answer.status_code
    return median(timed(lambda: client.get(path)) for _ in range(REQUESTS))


def _real_school() -> School:
    return provisioning.provision(
        name="Bench", slug=f"bench-{secrets.token_hex(6)}", timezone="Africa/Johannesburg",
        seed=seed(bell=time(8), close_time=time(17)),
    )  # fmt: skip


def _asked(school: School, now: datetime) -> None:
    with school_scope(school.ref()):
        figures.told(since=now - timedelta(hours=25), now=now)


def _fill(count: int, now: datetime) -> None:
    """Schools as the platform knows them, one in twenty gone quiet and one in fifty with dead letters."""
    schools = [
        School(
            schema_name=f"t_{secrets.token_hex(8)}", slug=secrets.token_hex(8), name=f"School {place}", state="active"
        )
        for place in range(count)
    ]
    School.objects.bulk_create(schools)
    SchoolFigures.objects.bulk_create(
        SchoolFigures(
            school=school, as_of=now, learners=500, active_learners=480, classes=20, staff=40, last_gate_activity=now,
            quiet_days=4 if place % 20 == 0 else 0, sent_week=9_000, failed_week=40, waiting=2, waiting_since=now,
            stuck=0, dead=3 if place % 50 == 0 else 0,
        )
        for place, school in enumerate(schools)
    )  # fmt: skip
    Trouble.objects.bulk_create(
        Trouble(school=school, state="dead", handler="messaging.deliver", reason="unreachable", count=3, since=now)
        for school in schools[::50]
    )
    first = slot_of(now)
    DeliveryCount.objects.bulk_create(
        [
            DeliveryCount(school=school, starts=first - 3 * place * SLOT, channel="email", reason=reason, count=60)
            for school in schools
            for place in range(SLOTS)
            for reason in ("", "no_address")
        ],
        batch_size=5_000,
    )
    _sum_up()


def _sum_up() -> None:
    DeliveryCount.objects.filter(school=None).delete()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO deliveries_deliverycount (school_id, starts, channel, reason, count)"
            " SELECT NULL, starts, channel, reason, sum(count) FROM deliveries_deliverycount GROUP BY 2, 3, 4"
        )


def _empty(kept: list[Any]) -> None:
    School.objects.exclude(pk__in=kept).delete()
    DeliveryCount.objects.filter(school=None).delete()


BENCHMARKS = {"console": measure}
