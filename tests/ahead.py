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
