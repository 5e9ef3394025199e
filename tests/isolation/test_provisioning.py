"""A school is built whole or not at all, and equals one built by plain migrations."""

import secrets
from datetime import time

import psycopg
import pytest
from django.db import DatabaseError, IntegrityError, connections

from tenant_apps.people.for_platform import seed
from tenant_apps.people.models import SchoolProfile
from tenants import catalog, provisioning, roles
from tenants.models import School
from tenants.scope import school_scope
from tests import database

HOURS = {"bell": time(8), "close_time": time(17)}


def build(slug="new", **more):
    return provisioning.provision(name="New", slug=slug, timezone="Africa/Johannesburg", seed=seed(**HOURS), **more)


def roles_and_schemas():
    with psycopg.connect(database.ADMIN, autocommit=True) as admin:
        found = {row[0] for row in admin.execute("SELECT rolname FROM pg_roles WHERE rolname LIKE 't\\_%'")}
    with connections["migrator"].cursor() as cursor:
        cursor.execute("SELECT nspname FROM pg_namespace WHERE nspname LIKE 't\\_%' OR nspname LIKE 'golden%'")
        return found | {row[0] for row in cursor.fetchall()}


def test_a_new_school_can_be_entered_at_once(real_commits):
    school = build()
    with school_scope(school.ref()):
        assert SchoolProfile.objects.get().bell == time(8)
    provisioning.destroy(school)


def test_golden_equals_plain_migrations(real_commits):
    """Tables, columns, constraints, indexes, triggers, functions, owners, grants and the migration ledger."""
    school = build()
    plain = f"t_{secrets.token_hex(8)}"
    with connections["migrator"].cursor() as cursor:
        cursor.execute("SET ROLE NONE")
        cursor.execute(f'CREATE ROLE "{plain}" NOLOGIN NOINHERIT')
        cursor.execute("SET ROLE owner")
        cursor.execute(f'CREATE SCHEMA "{plain}"')
    provisioning.migrate(plain)
    with connections["migrator"].cursor() as cursor:
        for statement in provisioning.grants(plain, plain):
            cursor.execute(statement)
        ours = catalog.lines(cursor, school.schema_name, school.placement.role)
        theirs = catalog.lines(cursor, plain, plain)
        assert len(ours) > 200
        assert catalog.differences(ours, theirs) == []
        cursor.execute(f'DROP SCHEMA "{plain}" CASCADE')
        cursor.execute("SET ROLE NONE")
        cursor.execute(f'DROP ROLE "{plain}"')
        cursor.execute("SET ROLE owner")
    provisioning.destroy(school)


@pytest.mark.parametrize("statement", ["SELECT 1/0", "SELECT * FROM nowhere"])
def test_a_failure_at_the_last_statement_leaves_nothing(real_commits, statement):
    before = roles_and_schemas()
    with pytest.raises(DatabaseError):
        provisioning.provision(
            name="Half", slug="half", timezone="Africa/Johannesburg", seed=[*seed(**HOURS), (statement, [])]
        )
    assert roles_and_schemas() == before
    assert not School.objects.filter(slug="half").exists()


def test_a_taken_slug_leaves_nothing(real_commits):
    before = roles_and_schemas()
    with pytest.raises(IntegrityError):
        build("greenfield")
    assert roles_and_schemas() == before


def test_every_school_has_its_own_key_and_tag(real_commits):
    one, two = build("one"), build("two")
    assert bytes(one.placement.wrapped_key) != bytes(two.placement.wrapped_key)
    provisioning.destroy(one)
    provisioning.destroy(two)


def test_orphan_roles_are_swept_and_living_ones_kept(real_commits):
    with connections["migrator"].cursor() as cursor:
        cursor.execute("SET ROLE NONE")
        cursor.execute('CREATE ROLE "t_00000000deadbeef" NOLOGIN')
        cursor.execute("SET ROLE owner")
    living = School.objects.get(slug="greenfield").placement.role
    dropped = roles.sweep_orphan_roles(database.ADMIN)
    assert "t_00000000deadbeef" in dropped and living not in dropped
    with school_scope(School.objects.get(slug="greenfield").ref()):
        assert SchoolProfile.objects.count() == 1


def test_run_time_logins_cannot_change_a_schema(greenfield):
    with pytest.raises(DatabaseError), connections["default"].cursor() as cursor:
        cursor.execute("CREATE TABLE public.x (id int)")
