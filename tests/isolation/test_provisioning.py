"""A school is built whole or not at all, and equals one built by plain migrations."""

from datetime import time

import psycopg
import pytest
from django.db import DatabaseError, IntegrityError, connections

from tenant_apps.people.for_platform import seed
from tenant_apps.people.models import SchoolProfile
from tenants import catalog, drift, provisioning, roles
from tenants.models import School
from tenants.scope import school_scope
from tests import database

HOURS = {"bell": time(8), "close_time": time(17)}


def build(slug="new", **more):
    return provisioning.provision(name="New", slug=slug, timezone="Africa/Johannesburg", seed=seed(**HOURS), **more)


@pytest.fixture
def left_behind(real_commits, monkeypatch):
    """What a failed build left: schemas of this database that were not there, and the role it would have made.

    Roles are the cluster's, where other tests make and drop theirs at the same time; so this one is known by name.
    """
    name = provisioning.opaque_name()
    monkeypatch.setattr(provisioning, "opaque_name", lambda: name)
    before = schemas()

    def found():
        with psycopg.connect(database.ADMIN, autocommit=True) as admin:
            role = admin.execute("SELECT rolname FROM pg_roles WHERE rolname = %s", [name]).fetchall()
        return (schemas() ^ before) | {row[0] for row in role}

    return found


def schemas():
    with connections["migrator"].cursor() as cursor:
        cursor.execute("SELECT nspname FROM pg_namespace WHERE nspname LIKE 't\\_%' OR nspname LIKE 'golden%'")
        return {row[0] for row in cursor.fetchall()}


def test_a_new_school_can_be_entered_at_once(real_commits):
    school = build()
    with school_scope(school.ref()):
        assert SchoolProfile.objects.get().bell == time(8)
    provisioning.destroy(school)


def test_golden_equals_plain_migrations(real_commits):
    """Tables, columns, constraints, indexes, triggers, functions, owners, grants and the migration ledger."""
    school = build()
    with drift.reference() as theirs, connections["migrator"].cursor() as cursor:
        ours = catalog.lines(cursor, school.schema_name, school.placement.role)
        assert len(ours) > 200
        assert catalog.differences(ours, theirs) == []
    provisioning.destroy(school)


@pytest.mark.parametrize("statement", ["SELECT 1/0", "SELECT * FROM nowhere"])
def test_a_failure_at_the_last_statement_leaves_nothing(left_behind, statement):
    with pytest.raises(DatabaseError):
        provisioning.provision(
            name="Half", slug="half", timezone="Africa/Johannesburg", seed=[*seed(**HOURS), (statement, [])]
        )
    assert left_behind() == set()
    assert not School.objects.filter(slug="half").exists()


def test_a_taken_slug_leaves_nothing(left_behind):
    with pytest.raises(IntegrityError):
        build("greenfield")
    assert left_behind() == set()


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


def test_what_a_killed_build_of_the_reference_left_is_dropped_and_a_living_one_kept(real_commits):
    with connections["migrator"].cursor() as cursor:
        cursor.execute("SET ROLE NONE")
        cursor.execute('CREATE ROLE "t_00000000cafecafe" NOLOGIN')
        cursor.execute("SET ROLE owner")
        cursor.execute('CREATE SCHEMA "golden_00000000cafecafe"')
    with provisioning.plain_school() as (one, _):
        found = schemas()
        assert one in found and "golden_00000000cafecafe" not in found
        with provisioning.plain_school() as (two, _):
            assert {one, two} < schemas()
    assert not [name for name in schemas() if name.startswith("golden")]
    with psycopg.connect(database.ADMIN, autocommit=True) as admin:
        assert not admin.execute("SELECT 1 FROM pg_roles WHERE rolname = 't_00000000cafecafe'").fetchall()
