"""A school in another cell is whole, or nobody can reach any of it; what a kill leaves is swept, and nothing else."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import DatabaseError, IntegrityError, OperationalError, connections, transaction

from tenant_apps.people.models import SchoolProfile
from tenants import births, catalog, cells, drift, preflight, provisioning
from tenants.models import School
from tenants.scope import school_scope
from tests import database, plugin
from tests.cells.conftest import build
from tests.fleet.looking import NOTHING, by_hand


def known():
    return set(School.objects.values_list("slug", flat=True))


def test_a_school_is_built_in_the_cell_and_nothing_of_it_at_home(west):
    school = build()
    with school_scope(school.ref()):
        assert SchoolProfile.objects.count() == 1
    assert (school.placement.alias, west.schemas(), west.roles()) == (
        "schools_west", {school.schema_name}, {school.placement.role},
    )  # fmt: skip
    with connections["migrator"].cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_namespace WHERE nspname = %s", [school.schema_name])
        assert cursor.fetchone() == (0,)
        cursor.execute("SELECT count(*) FROM pg_roles WHERE rolname = %s", [school.placement.role])
        assert cursor.fetchone() == (0,)


def test_it_equals_one_at_home_and_bears_no_mark(west):
    there = build()
    assert by_hand() == NOTHING
    with drift.reference() as wanted, connections[west.migrator].cursor() as cursor:
        assert catalog.differences(wanted, catalog.lines(cursor, there.schema_name, there.placement.role)) == []
    assert west.asked(births.MARKED, births.MARK) == set()


def test_new_schools_go_where_the_installation_says(west, settings):
    assert build("one", cell=None).placement.alias == "schools"
    settings.NEW_SCHOOLS_CELL = "west"
    assert build("two", cell=None).placement.alias == "schools_west"
    with pytest.raises(ValueError, match="no cell called east"):
        build("three", cell="east")


@pytest.mark.parametrize("statement", ["SELECT 1/0", "INSERT INTO nowhere VALUES (1)"])
def test_a_build_that_fails_in_the_cell_leaves_nothing(west, statement):
    before = known()
    with pytest.raises(DatabaseError):
        build(seed=[(statement, [])])
    assert (known(), west.schemas(), west.roles()) == (before, set(), set())


def test_a_taken_address_never_reaches_the_cell(west):
    with pytest.raises(IntegrityError):
        build("greenfield")
    assert (west.schemas(), west.roles()) == (set(), set())


def test_what_the_platform_takes_back_is_unreachable_and_swept(west):
    with pytest.raises(ZeroDivisionError), transaction.atomic(using="migrator"):
        lost = build("lost")
        raise ZeroDivisionError
    assert "lost" not in known() and west.schemas() == {lost.schema_name}
    living = build("living")
    assert births.sweep() == [lost.schema_name]
    assert (west.schemas(), west.roles()) == ({living.schema_name}, {living.placement.role})


def died(west, *words):
    done = subprocess.run(
        [sys.executable, "-m", "tests.cells.dying", *words], cwd=plugin.ROOT, capture_output=True, text=True,
        env={**database.environment(connections["default"].settings_dict["NAME"]), **west.told},
    )  # fmt: skip
    assert done.returncode == -9, done.stderr


@pytest.mark.processes
def test_a_kill_between_the_two_commits_leaves_no_school_and_the_next_try_makes_one(west):
    died(west, "build", "half")
    assert "half" not in known() and len(west.schemas()) == 1
    half = build("half")
    assert births.sweep() and west.schemas() == {half.schema_name} and west.roles() == {half.placement.role}


@pytest.mark.processes
def test_a_kill_while_a_school_is_dropped_leaves_it_unreachable_and_swept(west):
    build("gone")
    died(west, "destroy", "gone")
    assert "gone" not in known() and len(west.schemas()) == 1
    assert len(births.sweep()) == 1 and (west.schemas(), west.roles()) == (set(), set())


def test_a_school_is_dropped_whole(west):
    provisioning.destroy(build())
    assert (west.schemas(), west.roles(), "westville" in known()) == (set(), set(), False)


def test_the_sweep_takes_the_mark_from_a_school_that_is_known(west):
    school = build()
    births._mark(west.migrator, school.schema_name, births.MARK)
    assert births.sweep() == [] and west.asked(births.MARKED, births.MARK) == set()


def test_the_sweep_leaves_a_school_alone_that_an_old_backup_of_the_platform_does_not_know(west):
    school = build()
    School.objects.using("migrator").get(pk=school.pk).delete(using="migrator")
    assert births.sweep() == [] and west.schemas() == {school.schema_name}


def test_the_sweep_waits_for_a_build_in_hand(west):
    """Or it would take a school for a failed build in the moment between the two commits."""

    def sweep():
        try:
            with connections["migrator"].cursor() as cursor:
                cursor.execute("SET lock_timeout = '300ms'")
            return births.sweep()
        except OperationalError as waited:
            return waited
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as other:
        with transaction.atomic(using="migrator"):
            school = build("slow")
            assert isinstance(other.submit(sweep).result(), OperationalError)
        assert other.submit(sweep).result() == [] and west.schemas() == {school.schema_name}


def test_the_cells_server_is_as_hard_as_home_and_knows_no_platform(west):
    assert preflight.server_faults(west.cluster.admin_url, west.database, cell=True) == []
    assert west.asked("SELECT rolname FROM pg_roles WHERE rolname = 'platform'") == set()
    assert cells.silent() == []
