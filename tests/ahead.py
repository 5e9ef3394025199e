"""A release that is further than this one: the people app's migrations with more of them, in a folder of their own."""

import secrets
import shutil
import sys
import tempfile
from importlib import import_module, invalidate_caches
from pathlib import Path

from django.conf import settings
from django.db.migrations.loader import MigrationLoader

CHANGE = """
import django.contrib.postgres.operations as postgres, django.db.models, tenants.ids
from django.db import migrations, models

class Migration(migrations.Migration):
    atomic = {atomic}
    dependencies = [("people", "{before}")]
    operations = [{operations}]
"""
# What a release adds: a column that old code need not know of, a table, an index.
EXPAND = """
    migrations.AddField("Learner", "nick{n}", models.CharField(max_length=40, default="", db_default="")),
    migrations.CreateModel("Note{n}", [("id", models.UUIDField(primary_key=True)), ("text", models.TextField())]),
    migrations.AddIndex("Learner", models.Index(fields=["nick{n}"], name="learner_nick{n}")),
"""
SLOW = """
    postgres.AddIndexConcurrently("Learner", models.Index(fields=["number", "state"], name="learner_slow{n}")),
"""


class Ahead:
    """The people app's migrations with more and more of them, in a folder of their own."""

    def __init__(self) -> None:
        module, _ = MigrationLoader.migrations_module("people")
        source = Path(next(iter(import_module(module).__path__)))
        self.folder = Path(tempfile.mkdtemp(prefix="ahead-"))
        self.package = f"ahead_{secrets.token_hex(4)}"
        shutil.copytree(source, self.folder / self.package, ignore=shutil.ignore_patterns("__pycache__"))
        use(self.folder, self.package)
        self.names = sorted(path.stem for path in source.glob("0*.py"))

    def add(self, operations: str = EXPAND, *, atomic: bool = True) -> str:
        """One more migration; its name. `{n}` in `operations` is its number."""
        number = len(self.names) + 1
        name = f"{number:04}_ahead"
        text = CHANGE.format(before=self.names[-1], operations=operations.replace("{n}", str(number)), atomic=atomic)
        (self.folder / self.package / f"{name}.py").write_text(text)
        self.names.append(name)
        invalidate_caches()
        return name

    def close(self) -> None:
        settings.MIGRATION_MODULES = {}
        sys.path.remove(str(self.folder))
        shutil.rmtree(self.folder)


def use(folder: Path, package: str) -> None:
    """Make this process be of that release, as far as migrations go."""
    sys.path.insert(0, str(folder))
    settings.MIGRATION_MODULES = {"people": package}
