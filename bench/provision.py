"""Building a school, against the bare replay of the same SQL and against django-tenants' own way."""

import secrets
from collections.abc import Iterator
from datetime import time

from django.db import connections, transaction

from bench.figures import Figure, interleaved
from bench.ground import SETTINGS
from bench.two_grounds import empty_cluster
from tenant_apps.people.for_platform import seed
from tenants import provisioning
from tenants.models import School
from tenants.provisioning import MIGRATOR, TEMPLATE_MARK

ROUNDS = 9
STOCK_ROUNDS = 5
CROWD = 1000
CROWD_ROUNDS = 25  # the spread between rounds is wide on a machine that others use
WARM = 3


def ours() -> None:
    provisioning.provision(
        name="Bench", slug=f"bench-{secrets.token_hex(6)}", timezone="Africa/Johannesburg",
        seed=seed(bell=time(8), close_time=time(17)),
    )  # fmt: skip


def replay() -> None:
    """The golden text alone: no role, no grant, no row, no record of a school."""
    text = provisioning.golden_text().replace(TEMPLATE_MARK, f"bare_{secrets.token_hex(6)}")
    with transaction.atomic(using=MIGRATOR), connections[MIGRATOR].cursor() as cursor:
        cursor.execute(text)


def stock() -> None:
    """CREATE SCHEMA, then django-tenants' migrate_schemas, as its create_schema does."""
    schema = f"stock_{secrets.token_hex(6)}"
    with connections[MIGRATOR].cursor() as cursor:
        cursor.execute(f'CREATE SCHEMA "{schema}"')
    provisioning.migrate(schema)


def provision() -> Iterator[Figure]:
    ours(), replay(), stock()
    mine, bare = interleaved(ours, replay, ROUNDS)
    yield Figure("provision_vs_replay", "s", mine, bare, mine / bare, ROUNDS, SETTINGS)
    mine, theirs = interleaved(ours, stock, STOCK_ROUNDS)
    with connections[MIGRATOR].cursor() as cursor:
        cursor.execute("SELECT count(*) FROM information_schema.tables WHERE table_schema LIKE 'stock%%'")
        tables = cursor.fetchone()[0] // (STOCK_ROUNDS + 1)
    yield Figure(
        "provision_vs_create_schema", "s", mine, theirs, theirs / mine, STOCK_ROUNDS, f"{SETTINGS}; {tables} tables"
    )


def crowded() -> Iterator[Figure]:
    """With a thousand schools present, against a cluster of its own with none; in turn, on kept connections."""
    nobody = empty_cluster()
    while School.objects.using(MIGRATOR).count() < CROWD:
        ours()

    def alone() -> None:
        with nobody.entered():
            ours()

    for _ in range(WARM):
        ours(), alone()
    full, empty = interleaved(ours, alone, CROWD_ROUNDS)
    told = f"{SETTINGS}; two clusters, {WARM} to {WARM + CROWD_ROUNDS} schools in the empty one"
    yield Figure("provision_with_1000_schools", "s", full, empty, full / empty, CROWD_ROUNDS, told)


BENCHMARKS = {"provision": provision, "provision_crowded": crowded}
