"""Migrating 300 schools, against django-tenants' migrate_schemas, and finding that there is nothing to migrate."""

import io
import secrets
from collections.abc import Iterator, Sequence
from datetime import time
from statistics import median
from uuid import UUID

from django.core.management.base import OutputWrapper

from bench.figures import Figure, timed
from bench.ground import SETTINGS
from config.management.commands.migrate_schools import Shown
from tenant_apps.people.for_platform import seed
from tenants import fleet, provisioning
from tenants.models import School
from tests.ahead import Ahead

SCHOOLS = 300
SAMPLE = 5
ROUNDS = 5


def measure() -> Iterator[Figure]:
    """One column, one table, one index in each of 300 schools, as the command does it: with the look for drift after
    each wave, which stock does not take. Stock is timed on a sample and scaled."""
    _fill()
    ahead, rounds = Ahead(), []
    try:
        for _ in range(ROUNDS):
            ahead.add()
            sample = [school.schema_name for school in School.objects.using("migrator").order_by("?")[:SAMPLE]]
            stock = sum(timed(lambda schema=schema: provisioning.migrate(schema)) for schema in sample) / SAMPLE
            provisioning.golden_text()  # outside the figure: once for a release, however many schools
            watch = Clocked(OutputWrapper(io.StringIO()), workers=2)
            whole = timed(lambda watch=watch: fleet.migrate_fleet(workers=2, watch=watch)) / (SCHOOLS - SAMPLE)
            rounds.append((whole, stock, whole - watch.looking / (SCHOOLS - SAMPLE)))
        whole, stock, moved = (median(round[at] for round in rounds) for at in range(3))
        yield Figure("fleet_300_schools", "s/school", whole, stock, stock / whole, ROUNDS, SETTINGS)
        yield Figure("fleet_300_schools_moved_alone", "s/school", moved, stock, stock / moved, ROUNDS, SETTINGS)
        idle = median(timed(fleet.migrate_fleet) for _ in range(ROUNDS)) / SCHOOLS
        stock = median(timed(lambda: provisioning.migrate(sample[0])) for _ in range(ROUNDS))
        yield Figure("fleet_nothing_to_do", "s/school", idle, stock, stock / idle, ROUNDS, SETTINGS)
    finally:
        ahead.close()


class Clocked(Shown):
    """What the command watches with, its looks for drift timed."""

    looking = 0.0

    def wave(self, schools: Sequence[UUID]) -> None:
        self.looking += timed(lambda: super(Clocked, self).wave(schools))


def _fill() -> None:
    for _ in range(SCHOOLS - School.objects.using("migrator").count()):
        provisioning.provision(
            name="Bench", slug=f"fleet-{secrets.token_hex(6)}", timezone="Africa/Johannesburg",
            seed=seed(bell=time(8), close_time=time(17)),
        )  # fmt: skip


BENCHMARKS = {"fleet": measure}
