"""What PostgreSQL itself says about the two worlds."""

import re
from collections.abc import Iterator

import psycopg
import pytest
from django.apps import apps
from django.conf import settings
from django.db import connections

from tests.database import ADMIN

SCHOOL = r"^t_[0-9a-f]{16}$"

# Questions whose answer must be nothing.
ACROSS = (
    "SELECT c.conname FROM pg_catalog.pg_constraint c JOIN pg_catalog.pg_class a ON a.oid = c.conrelid"
    " JOIN pg_catalog.pg_class b ON b.oid = c.confrelid"
    " WHERE c.contype = 'f' AND a.relnamespace <> b.relnamespace"
)
DEFERRABLE = (
    "SELECT n.nspname, c.conname FROM pg_catalog.pg_constraint c"
    " JOIN pg_catalog.pg_namespace n ON n.oid = c.connamespace WHERE {ours} AND c.condeferrable"
    " AND NOT (c.contype = 't' AND n.nspname = 'public')"  # the epoch's triggers, which wait for the commit on purpose
)
KEYLESS = (
    "SELECT n.nspname, r.relname FROM pg_catalog.pg_class r"
    " JOIN pg_catalog.pg_namespace n ON n.oid = r.relnamespace WHERE {ours} AND r.relkind IN ('r', 'p')"
    " AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint c WHERE c.conrelid = r.oid AND c.contype = 'p')"
)
DEFINERS = (
    "SELECT n.nspname, p.proname FROM pg_catalog.pg_proc p"
    " JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace WHERE {ours} AND p.prosecdef"
)
STRANGERS = (
    "SELECT n.nspname, r.relname, pg_catalog.pg_get_userbyid(r.relowner) FROM pg_catalog.pg_class r"
    " JOIN pg_catalog.pg_namespace n ON n.oid = r.relnamespace"
    " WHERE {ours} AND pg_catalog.pg_get_userbyid(r.relowner) <> 'owner'"
)


@pytest.fixture
def catalog(greenfield, riverside) -> Iterator[psycopg.Connection]:
    """The administrator's look at the database of this run, where both schools lie."""
    with psycopg.connect(ADMIN, dbname=connections["default"].settings_dict["NAME"], autocommit=True) as admin:
        admin.execute("SET search_path = ''")
        yield admin


@pytest.fixture
def schemas(greenfield, riverside) -> list[str]:
    return [greenfield.ref.schema, riverside.ref.schema]


def tables_of(world: str) -> set[str]:
    """Tables of the models that belong to `world` (school or platform)."""
    models = apps.get_models(include_auto_created=True)
    of_school = {app.label for app in apps.get_app_configs() if app.name in settings.TENANT_APPS}
    return {
        model._meta.db_table for model in models if (model._meta.app_label in of_school) is (world == "school")
    }  # fmt: skip


def lying_in(catalog, schema: str) -> set[str]:
    rows = catalog.execute("SELECT tablename FROM pg_catalog.pg_tables WHERE schemaname = %s", [schema])
    return {name for (name,) in rows}


def asked(catalog, question: str) -> list[tuple]:
    """Rows of a question about everything in `public` and in the schools' schemas, `{ours}` naming them."""
    ours = "n.nspname = 'public' OR n.nspname ~ '^t_[0-9a-f]{16}$'"
    return catalog.execute(question.replace("{ours}", f"({ours})")).fetchall()


def test_every_app_lives_in_exactly_one_world():
    both = set(settings.SHARED_APPS) & set(settings.TENANT_APPS)
    assert both == set()
    assert {app.name for app in apps.get_app_configs()} == set(settings.SHARED_APPS) | set(settings.TENANT_APPS)


def test_no_table_of_a_school_lies_on_the_platform_nor_the_reverse(catalog, schemas):
    assert lying_in(catalog, "public") == tables_of("platform") | {"django_migrations"}
    for schema in schemas:
        assert lying_in(catalog, schema) == tables_of("school") | {"django_migrations"}


def test_no_other_schema_is_left_behind(catalog, schemas):
    rows = catalog.execute("SELECT nspname FROM pg_catalog.pg_namespace WHERE nspname !~ '^pg_'")
    assert {name for (name,) in rows} == {"public", "information_schema", *schemas}


def test_no_foreign_key_crosses_the_wall(catalog):
    assert asked(catalog, ACROSS) == []


def test_no_model_points_over_the_wall():
    school = tables_of("school")
    across = [
        f"{model._meta.label}.{field.name}"
        for model in apps.get_models(include_auto_created=True)
        for field in model._meta.local_fields
        if field.related_model
        and (model._meta.db_table in school) is not (field.related_model._meta.db_table in school)
    ]
    assert across == []


def test_foreign_keys_are_checked_at_the_statement(catalog):
    assert asked(catalog, DEFERRABLE) == []


def test_every_table_has_a_primary_key(catalog):
    assert asked(catalog, KEYLESS) == []


def test_a_schools_keys_are_wide_from_birth(catalog, schemas):
    narrow = catalog.execute(
        "SELECT r.relname, t.typname FROM pg_catalog.pg_constraint c"
        " JOIN pg_catalog.pg_class r ON r.oid = c.conrelid JOIN pg_catalog.pg_namespace n ON n.oid = r.relnamespace"
        " JOIN pg_catalog.pg_attribute a ON a.attrelid = r.oid AND a.attnum = ANY(c.conkey)"
        " JOIN pg_catalog.pg_type t ON t.oid = a.atttypid"
        " WHERE n.nspname = ANY(%s) AND c.contype = 'p' AND t.typname NOT IN ('uuid', 'int8')",
        [schemas],
    ).fetchall()
    assert narrow == []


def test_no_function_runs_as_its_definer(catalog):
    assert asked(catalog, DEFINERS) == []


def test_functions_and_triggers_stay_in_their_own_schema(catalog, schemas):
    across = catalog.execute(
        "SELECT t.tgname FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_class r ON r.oid = t.tgrelid"
        " JOIN pg_catalog.pg_proc p ON p.oid = t.tgfoid"
        " WHERE NOT t.tgisinternal AND p.pronamespace <> r.relnamespace"
    ).fetchall()
    assert across == []
    bodies = catalog.execute(
        "SELECT n.nspname, p.proname, p.prosrc FROM pg_catalog.pg_proc p"
        " JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname = ANY(%s)",
        [schemas],
    ).fetchall()
    for schema, name, body in bodies:
        others = [other for other in schemas if other != schema]
        for word in ("public.", "notify", "create table", "set_config", *others):
            assert word not in body.lower(), f"{word} in {name}"


def test_schools_hold_plain_tables_alone(catalog, schemas):
    """No views, foreign or unlogged tables, inheritance or large objects: a school must be able to move."""
    strange = catalog.execute(
        "SELECT r.relname, r.relkind, r.relpersistence FROM pg_catalog.pg_class r"
        " JOIN pg_catalog.pg_namespace n ON n.oid = r.relnamespace WHERE n.nspname = ANY(%s)"
        " AND (r.relkind NOT IN ('r', 'i', 'S') OR r.relpersistence <> 'p')",
        [schemas],
    ).fetchall()
    assert strange == []
    assert catalog.execute("SELECT inhrelid::text FROM pg_catalog.pg_inherits").fetchall() == []
    assert catalog.execute("SELECT oid FROM pg_catalog.pg_largeobject_metadata").fetchall() == []


def test_everything_belongs_to_the_owner(catalog):
    assert asked(catalog, STRANGERS) == []


def test_both_schools_are_built_alike(catalog, schemas):
    """Same columns, constraints and indexes by the same names, so that one plan of a migration fits every school."""
    shapes = []
    for schema in schemas:
        shape = catalog.execute(
            "SELECT table_name, column_name, data_type, is_nullable, column_default FROM information_schema.columns"
            " WHERE table_schema = %s ORDER BY 1, 2",
            [schema],
        ).fetchall()
        shape += catalog.execute(
            "SELECT c.conname, replace(pg_catalog.pg_get_constraintdef(c.oid), %s, '@') FROM pg_catalog.pg_constraint c"
            " JOIN pg_catalog.pg_namespace n ON n.oid = c.connamespace WHERE n.nspname = %s ORDER BY 1",
            [schema, schema],
        ).fetchall()
        shape += catalog.execute(
            "SELECT indexname, replace(indexdef, %s, '@') FROM pg_catalog.pg_indexes WHERE schemaname = %s ORDER BY 1",
            [schema, schema],
        ).fetchall()
        shapes.append([tuple(str(value).replace(schema, "@") for value in row) for row in shape])
    assert shapes[0] == shapes[1]


def test_names_of_schemas_tell_nothing(schemas):
    assert all(re.match(SCHOOL, schema) for schema in schemas)


def test_each_question_finds_what_it_looks_for(real_commits):
    with psycopg.connect(ADMIN, dbname=real_commits, autocommit=True) as admin:
        (schema,) = admin.execute("SELECT schema_name FROM public.tenants_school ORDER BY 1").fetchone()
        for statement in (
            "CREATE TABLE {s}.bare (x int)",
            "CREATE TABLE {s}.tied (id uuid PRIMARY KEY, school uuid CONSTRAINT over_the_wall"
            " REFERENCES public.tenants_school (id) DEFERRABLE)",
            "CREATE FUNCTION {s}.mighty() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'",
        ):
            admin.execute(statement.format(s=f'"{schema}"'))
        admin.execute("SET search_path = ''")
        assert asked(admin, ACROSS) == [("over_the_wall",)]
        assert asked(admin, DEFERRABLE) == [(schema, "over_the_wall")]
        assert asked(admin, KEYLESS) == [(schema, "bare")]
        assert asked(admin, DEFINERS) == [(schema, "mighty")]
        assert {name for _, name, _ in asked(admin, STRANGERS)} >= {"bare", "tied"}
