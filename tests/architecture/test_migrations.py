"""Migrations of a school are DDL that can be planned once, named throughout, and taken back."""

import re

import pytest
from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.db import connections, migrations, models
from django.db.migrations.loader import MigrationLoader

from tenants import provisioning

GENERATED = re.compile(r"_[0-9a-f]{6,8}_idx$")
BANNED = re.compile(r"(?i)\s*(do|merge|notify|create\s+(materialized|unlogged|foreign))\b")
OURS = [app for app in apps.get_app_configs() if app.name in settings.TENANT_APPS or app.name.startswith("shared_apps")]
SCHOOL = {app.label for app in OURS if app.name in settings.TENANT_APPS}
WITH_MODELS = [app for app in OURS if app.label in SCHOOL and list(app.get_models())]


def operations(labels: set[str]):
    """Every operation of these apps' migrations, inner ones too, each with its migration's name."""
    loader = MigrationLoader(None, ignore_no_migrations=True)
    for (label, name), migration in sorted(loader.disk_migrations.items()):
        if label in labels:
            left = list(migration.operations)
            while left:
                operation = left.pop(0)
                yield f"{label}.{name}", operation
                left += getattr(operation, "database_operations", [])


def test_school_migrations_run_no_python():
    found = [name for name, operation in operations(SCHOOL) if isinstance(operation, migrations.RunPython)]
    assert found == []


RENAMING = (migrations.RenameField, migrations.RenameModel, migrations.AlterModelTable)
BEFORE_ANYBODY_RAN_IT = {"attendance.0002_first_mark"}


def trips_older_code(operation) -> bool:
    """Whether code that does not know of this change would fail on the changed schema (docs/migrations.md)."""
    if isinstance(operation, migrations.AddField):
        field = operation.field
        return not (field.null or field.many_to_many or field.has_db_default() or getattr(field, "generated", False))
    return isinstance(operation, RENAMING)


def test_a_change_of_a_schools_tables_is_survived_by_the_code_before_it():
    found = {name for name, operation in operations(SCHOOL) if trips_older_code(operation)}
    found = {name for name in found if not name.endswith(".0001_initial")}  # before it there was no table
    assert found - BEFORE_ANYBODY_RAN_IT == set()


@pytest.mark.parametrize(
    ("operation", "trips"),
    [
        (migrations.AddField("mark", "x", models.CharField(default="")), True),
        (migrations.AddField("mark", "x", models.CharField(db_default="")), False),
        (migrations.AddField("mark", "x", models.CharField(null=True)), False),
        (migrations.RenameField("mark", "x", "y"), True),
        (migrations.RenameModel("Mark", "Sign"), True),
        (migrations.AlterModelTable("mark", "sign"), True),
    ],
)
def test_what_trips_older_code_is_known(operation, trips):
    assert trips_older_code(operation) is trips


def test_every_operation_can_be_taken_back():
    labels = {app.label for app in OURS} | {"tenants"}
    assert [name for name, operation in operations(labels) if not operation.reversible] == []


def statements(sql) -> list[tuple[str, object]]:
    items = [sql] if isinstance(sql, str) else list(sql or [])
    return [(item, None) if isinstance(item, str) else tuple(item) for item in items]


def test_raw_sql_is_one_statement_each_without_parameters():
    for name, operation in operations(SCHOOL):
        if not isinstance(operation, migrations.RunSQL):
            continue
        for sql in (operation.sql, operation.reverse_sql):
            for text, parameters in statements(sql):
                assert not parameters, f"{name}: parameters"
                outside = re.sub(r"\$(\w*)\$.*?\$\1\$", "", text, flags=re.DOTALL).strip().rstrip(";")
                assert ";" not in outside, f"{name}: two statements in one item"
                assert not BANNED.match(outside), name
                assert "security definer" not in text.lower(), name


@pytest.mark.parametrize("app", OURS, ids=lambda app: app.label)
def test_constraints_and_indexes_have_names_of_their_own(app):
    for model in app.get_models():
        options = model._meta
        assert not options.unique_together, f"{options.label}: use a named UniqueConstraint"
        for thing in [*options.indexes, *options.constraints]:
            assert thing.name and not GENERATED.search(thing.name), f"{options.label}: {thing.name}"


def test_index_names_say_which_app_they_are_of_only_once():
    names = [thing.name for app in OURS for model in app.get_models() for thing in
             [*model._meta.indexes, *model._meta.constraints]]  # fmt: skip
    assert len(names) == len(set(names))


def test_models_and_migrations_agree(real_commits):
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def test_a_school_can_be_taken_back_to_nothing_and_built_again(real_commits):
    schema = "golden_backandforth"
    with connections["migrator"].cursor() as cursor:
        cursor.execute(f'CREATE SCHEMA "{schema}"')
    provisioning.migrate(schema)
    before = shape(schema)
    assert before
    for app in reversed(WITH_MODELS):
        call_command("migrate_schemas", app.label, "zero", schema_name=schema, tenant=True, verbosity=0)
        connections["migrator"].set_schema_to_public()
    assert {row[0] for row in shape(schema)} == {"django_migrations"}
    assert functions(schema) == []
    provisioning.migrate(schema)
    assert shape(schema) == before


def test_the_platform_can_be_taken_back_too(real_commits):
    for label in ("identity", "audit"):
        call_command("migrate_schemas", label, "zero", shared=True, verbosity=0, interactive=False)
        connections["migrator"].set_schema_to_public()
    left = {row[0] for row in shape("public")}
    assert not [table for table in left if table.startswith(("identity_", "audit_"))]
    call_command("migrate_schemas", shared=True, verbosity=0, interactive=False)
    connections["migrator"].set_schema_to_public()
    assert {"identity_login", "audit_platformevent"} <= {row[0] for row in shape("public")}


def shape(schema: str) -> list[tuple]:
    with connections["migrator"].cursor() as cursor:
        cursor.execute(
            "SELECT table_name, column_name, data_type, is_nullable FROM information_schema.columns"
            " WHERE table_schema = %s ORDER BY 1, 2",
            [schema],
        )
        return cursor.fetchall()


def functions(schema: str) -> list[tuple]:
    with connections["migrator"].cursor() as cursor:
        cursor.execute(
            "SELECT proname FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname = %s", [schema]
        )
        return cursor.fetchall()
