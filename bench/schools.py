"""A page of the operator's list at 10,000 schools, against the same page at 100."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from statistics import median

import psycopg
from django.db import connection, connections
from django.test import Client
from django.utils import timezone
from psycopg import sql

from bench.figures import Figure, timed
from bench.ground import SETTINGS
from shared_apps.identity.models import Login, Session
from shared_apps.identity.services.accounts import give_role
from shared_apps.identity.services.sign_in import SignedIn, email_hash
from shared_apps.schools.services import directory
from tenants import roles, token
from tenants.models import School

FEW, MANY = 100, 10_000
ROUNDS = 15
NEEDLES = range(0, FEW, 20)  # as many at both sizes: what is compared is the looking, not the rows shown
ALIASES = ("default", "schools", "migrator")
WORDS = ("Acacia", "Baobab", "Karoo", "Milkwood", "Protea", "Umlazi", "Vaal", "Witels")
KINDS = ("Primary", "High", "Academy", "Combined")
ADDRESSES = {
    "schools_page": "/operator/schools",
    "schools_page_api": "/api/operator/schools?limit=50",
    "schools_page_middle": "/operator/schools?after={middle}",
    "schools_page_search": "/operator/schools?search=needle",
    "schools_page_state": "/operator/schools?state=disabled",
}


def measure() -> Iterator[Figure]:
    """Every address at both sizes in turn; the directory holds rows alone, as a list needs no more of a school."""
    client, few = _operator(), connection.settings_dict["NAME"]
    middles = {few: _fill(FEW)}
    with _copy(few) as many:
        middles[many] = _fill(MANY)
        for name, address in ADDRESSES.items():
            ours, baseline = [], []
            for _ in range(ROUNDS):
                for database, times in ((many, ours), (few, baseline)):
                    _point_at(database)
                    times.append(_one(client, address.format(middle=middles[database])))
            mine, theirs = median(ours), median(baseline)
            yield Figure(name, "s", mine, theirs, mine / theirs, ROUNDS, SETTINGS)
        _point_at(few)


def _one(client: Client, address: str) -> float:
    """Seconds of one visit, by a connection that has seen the address before."""
    _visit(client, address)
    return median(timed(lambda: _visit(client, address)) for _ in range(3))


def _visit(client: Client, address: str) -> None:
    answer = client.get(address)
    if answer.status_code != 200:
        raise RuntimeError(f"{address}: {answer.status_code}")


@contextmanager
def _copy(name: str) -> Iterator[str]:
    """A second database with the same schema, pointed at while it lasts."""
    copy = f"bench_{secrets.token_hex(3)}"
    _point_at(name)
    for alias in ALIASES:
        connections[alias].close()
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE DATABASE {} OWNER owner TEMPLATE {}").format(*map(sql.Identifier, (copy, name))))
        with psycopg.connect(os.environ["DATABASE_URL"], dbname=copy, autocommit=True) as inside:
            roles.harden(inside, copy)  # a template does not carry over rights on the database itself
        try:
            _point_at(copy)
            yield copy
        finally:
            _point_at(name)
            admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(copy)))


def _point_at(name: str) -> None:
    for alias in ALIASES:
        connections[alias].close()
        connections[alias].settings_dict["NAME"] = name


def _fill(size: int) -> str:
    """Bring the directory to `size` schools; the cursor of the one in the middle."""
    have = School.objects.count()
    rows = [
        School(
            name=f"Needle {number}" if number in NEEDLES else f"{WORDS[number % 8]} {KINDS[number // 8 % 4]} {number}",
            slug=f"bench-{secrets.token_hex(8)}", schema_name=f"t_{secrets.token_hex(8)}",
            state="disabled" if number in NEEDLES else "active",
            region=f"ZA-{'GP' if number % 3 else 'WC'}-d{number % 50}",
        )
        for number in range(have, size)
    ]  # fmt: skip
    School.objects.bulk_create(rows)
    directory.add_up()  # as the clock does every hour
    with connections["migrator"].cursor() as cursor:
        cursor.execute("VACUUM ANALYZE public.tenants_school")
        cursor.execute("VACUUM ANALYZE public.schools_schooltally")
    middle: School = School.objects.annotate(folded=directory.FOLDED).order_by(*directory.ORDER)[size // 2]
    return directory.cursor_of(middle)


def _operator() -> Client:
    now = timezone.now()
    give_role(
        email="bench@example.com", role="operator", by="bench", now=now, name="Bench", password="bench password",
        temporary=False,
    )  # fmt: skip
    login = Login.objects.get(email_hash=email_hash("bench@example.com"))
    session = Session.objects.create(
        login=login, scope="platform", device="bench", created_at=now, last_seen_at=now,
        expires_at=now + timedelta(hours=1),
    )  # fmt: skip
    opened = SignedIn(session, ("operator",), None, "")
    client = Client(SERVER_NAME="localhost", headers={"Authorization": f"Bearer {opened.token(token.ACCESS, now)}"})
    return client


BENCHMARKS = {"schools_page": measure}
