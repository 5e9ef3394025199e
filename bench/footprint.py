"""What a school costs by being there: its size in the catalogs. A backend that meets it is measured in `memory`."""

import secrets
from collections.abc import Iterator
from datetime import time
from statistics import median

from django.db import connections

from bench.figures import Figure
from tenant_apps.people.for_platform import seed
from tenants import provisioning

ROUNDS, EACH = 5, 60  # schools made in each round
MB = 1024 * 1024


def measure() -> Iterator[Figure]:
    """What the database grows by for each school without people, against a database with nothing in it at all."""
    ours, grown = connections["migrator"].settings_dict["NAME"], []
    for _ in range(ROUNDS):
        before = _size(ours)
        for _ in range(EACH):
            _school()
        grown.append((_size(ours) - before) / EACH)
    empty = _size("template1")
    each, told = median(grown), f"{ROUNDS} times {EACH} schools without people; baseline: an empty database"
    yield Figure("catalog_mb_per_school", "MB", each / MB, empty / MB, each / empty, ROUNDS, told)


def _school() -> None:
    provisioning.provision(
        name="Bench", slug=f"foot-{secrets.token_hex(6)}", timezone="Africa/Johannesburg",
        seed=seed(bell=time(8), close_time=time(17)),
    )  # fmt: skip


def _size(database: str) -> int:
    with connections["migrator"].cursor() as cursor:
        cursor.execute("SELECT pg_database_size(%s)", [database])
        found: int = cursor.fetchone()[0]
        return found


BENCHMARKS = {"footprint": measure}
