"""Migrating 300 schools, against django-tenants' migrate_schemas, and finding that there is nothing to migrate."""

import secrets
import shutil
import sys
import tempfile
from collections.abc import Iterator
from datetime import time
from importlib import import_module, invalidate_caches
from pathlib import Path
from statistics import median

from django.conf import settings
from django.db.migrations.loader import MigrationLoader

from bench.figures import Figure, timed
from bench.ground import SETTINGS
from tenant_apps.people.for_platform import seed
from tenants import fleet, provisioning
from tenants.models import School

SCHOOLS = 300
SAMPLE = 5
ROUNDS = 5
CHANGE = """
import django.db.models, tenants.ids
from django.db import migrations, models

class Migration(migrations.Migration):
    dependencies = [("people", "{before}")]
    operations = [
        migrations.AddField("Learner", "nick{n}", models.CharField(max_length=40, default="", db_default="")),
        migrations.CreateModel("Note{n}", [("id", models.UUIDField(primary_key=True)), ("text", models.TextField())]),
        migrations.AddIndex("Learner", models.Index(fields=["nick{n}"], name="learner_nick{n}")),
    ]
"""


class Ahead:
    """The people app's migrations with more and more of them, in a folder of their own."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="bench-"))
        self.package = f"ahead_{secrets.token_hex(4)}"
        module, _ = MigrationLoader.migrations_module("people")
        source = Path(next(iter(import_module(module).__path__)))
        shutil.copytree(source, self.folder / self.package, ignore=shutil.ignore_patterns("__pycache__"))
        sys.path.insert(0, str(self.folder))
        settings.MIGRATION_MODULES = {"people": self.package}
        self.names = sorted(path.stem for path in source.glob("0*.py"))

    def add(self) -> None:
        number = len(self.names) + 1
        name = f"{number:04}_bench"
        text = CHANGE.format(before=self.names[-1], n=number)
        (self.folder / self.package / f"{name}.py").write_text(text)
        self.names.append(name)
        invalidate_caches()

    def close(self) -> None:
        settings.MIGRATION_MODULES = {}
        sys.path.remove(str(self.folder))
        shutil.rmtree(self.folder)


def measure() -> Iterator[Figure]:
    """One column, one table, one index in each of 300 schools; stock is timed on a sample and scaled."""
    _fill()
    ahead, pairs = Ahead(), []
    try:
        for _ in range(ROUNDS):
            ahead.add()
            sample = [school.schema_name for school in School.objects.using("migrator").order_by("?")[:SAMPLE]]
            stock = sum(timed(lambda schema=schema: provisioning.migrate(schema)) for schema in sample) / SAMPLE
            mine = timed(lambda: fleet.migrate_fleet(workers=2)) / (SCHOOLS - SAMPLE)
            pairs.append((mine, stock))
        mine, stock = median(pair[0] for pair in pairs), median(pair[1] for pair in pairs)
        yield Figure("fleet_300_schools", "s/school", mine, stock, stock / mine, ROUNDS, SETTINGS)
        idle = median(timed(fleet.migrate_fleet) for _ in range(ROUNDS)) / SCHOOLS
        stock = median(timed(lambda: provisioning.migrate(sample[0])) for _ in range(ROUNDS))
        yield Figure("fleet_nothing_to_do", "s/school", idle, stock, stock / idle, ROUNDS, SETTINGS)
    finally:
        ahead.close()


def _fill() -> None:
    for _ in range(SCHOOLS - School.objects.using("migrator").count()):
        provisioning.provision(
            name="Bench", slug=f"fleet-{secrets.token_hex(6)}", timezone="Africa/Johannesburg",
            seed=seed(bell=time(8), close_time=time(17)),
        )  # fmt: skip


BENCHMARKS = {"fleet": measure}
