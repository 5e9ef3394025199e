"""Migrating 300 schools, against django-tenants' migrate_schemas, and finding that there is nothing to migrate."""

import secrets
from collections.abc import Iterator
from datetime import time
from statistics import median
from uuid import UUID

from django.utils import timezone

from bench.figures import Figure, timed
from bench.ground import SETTINGS
from tenant_apps.people.for_platform import seed
from tenants import drift, fleet, provisioning
from tenants.models import School
from tests.ahead import Ahead

SCHOOLS = 300
SAMPLE = 5
ROUNDS = 5


def measure() -> Iterator[Figure]:
    """One column, one table, one index in each of 300 schools; stock is timed on a sample and scaled."""
    _fill()
    ahead, rounds = Ahead(), []
    try:
        for _ in range(ROUNDS):
            ahead.add()
            sample = [school.schema_name for school in School.objects.using("migrator").order_by("?")[:SAMPLE]]
            stock = sum(timed(lambda schema=schema: provisioning.migrate(schema)) for schema in sample) / SAMPLE
            mine = timed(lambda: fleet.migrate_fleet(workers=2)) / (SCHOOLS - SAMPLE)
            provisioning.golden_text()  # outside the figure: once for a release, however many schools
            look = timed(lambda: drift.look(everybody(), now=timezone.now(), using="migrator")) / SCHOOLS
            rounds.append((mine, stock, mine + look))
        mine, stock, both = (median(round[at] for round in rounds) for at in range(3))
        yield Figure("fleet_300_schools", "s/school", mine, stock, stock / mine, ROUNDS, SETTINGS)
        yield Figure("fleet_300_schools_compared", "s/school", both, stock, stock / both, ROUNDS, SETTINGS)
        idle = median(timed(fleet.migrate_fleet) for _ in range(ROUNDS)) / SCHOOLS
        stock = median(timed(lambda: provisioning.migrate(sample[0])) for _ in range(ROUNDS))
        yield Figure("fleet_nothing_to_do", "s/school", idle, stock, stock / idle, ROUNDS, SETTINGS)
    finally:
        ahead.close()


def everybody() -> list[UUID]:
    return list(School.objects.using("migrator").values_list("pk", flat=True))


def _fill() -> None:
    for _ in range(SCHOOLS - School.objects.using("migrator").count()):
        provisioning.provision(
            name="Bench", slug=f"fleet-{secrets.token_hex(6)}", timezone="Africa/Johannesburg",
            seed=seed(bell=time(8), close_time=time(17)),
        )  # fmt: skip


BENCHMARKS = {"fleet": measure}
