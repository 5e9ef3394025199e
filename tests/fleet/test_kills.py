"""Real migrations killed with SIGKILL: the ledger tells the truth in between, and the next run ends the same way."""

import os
import signal

import psycopg
import pytest
from django.db import connections

from tenants import catalog, fleet
from tenants.markers import ON_THE_WAY
from tenants.models import SchoolPlacement, SlowStep
from tenants.provisioning import MIGRATOR, fingerprint
from tests import database
from tests.ahead import SLOW
from tests.fleet.looking import NOTHING, by_hand
from tests.processes import Process, eventually

pytestmark = pytest.mark.processes
THOROUGH = os.environ.get("CHECK_ALL")  # every exchange with the database, not some of them


@pytest.fixture
def release(ahead):
    """Tables first, then an index in the slow lane, then a table that waits for it."""
    ahead.names_of = [ahead.add(), ahead.add(SLOW, atomic=False), ahead.add()]
    return ahead


@pytest.fixture
def migrate(ahead, real_commits, tmp_path):
    """`migrate(DIE="before:3")`: a real process of the command, its end waited for."""

    def start(*words, **more):
        at = f"{ahead.folder}:{ahead.package}"
        command = ["-m", "tests.fleet.release", "migrate_schools", *words]
        return Process(command, real_commits, tmp_path / "migrate.log", AHEAD=at, PROCESS="manage", **more)

    return start


def applied(place):
    with connections[MIGRATOR].cursor() as cursor:
        cursor.execute(f'SELECT name FROM "{place.school.schema_name}".django_migrations WHERE app = %s', ["people"])
        return {name for (name,) in cursor.fetchall()}


def shape(place, number):
    """What of migration `number` is there: its column, its table, its quick index."""
    with connections[MIGRATOR].cursor() as cursor:
        lines = catalog.lines_of_many(cursor, {place.school.schema_name: place.role})[place.school.schema_name]
    words = (f" | nick{number} | ", f"people_note{number} | r", f"learner_nick{number} | ")
    return [any(word in line for line in lines) for word in words]


def index(place, number):
    """Whether the slow index is valid; None when there is none."""
    with connections[MIGRATOR].cursor() as cursor:
        cursor.execute(
            "SELECT i.indisvalid FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid"
            " WHERE c.relnamespace = %s::regnamespace AND c.relname = %s",
            [place.school.schema_name, f"learner_slow{number}"],
        )
        row = cursor.fetchone()
        return row[0] if row else None


def assert_the_ledgers_tell_the_truth(release):
    """Whatever was killed: markers, tables, slow steps and the platform's line agree in every school."""
    first, slow, last = release.names_of
    numbers = [int(name[:4]) for name in release.names_of]
    for place in SchoolPlacement.objects.using(MIGRATOR).select_related("school"):
        has = applied(place) & set(release.names_of)
        assert shape(place, numbers[0]) == [first in has] * 3
        assert shape(place, numbers[2]) == [last in has] * 3
        assert has in (set(), {first}, {first, slow}, {first, slow, last})
        assert (place.fingerprint == ON_THE_WAY) == (has in ({first}, {first, slow}))
        assert (place.fingerprint == fingerprint()) == (last in has)
        assert not place.quarantined
        step = SlowStep.objects.using(MIGRATOR).filter(school=place.pk).first()
        assert (slow in has) == (step is not None and step.state == "done")
        if slow in has:
            assert index(place, numbers[1]) is True
        elif index(place, numbers[1]) is not None:
            assert step.state == "running" and step.attempts >= 1


def assert_everything_arrived(release):
    assert_the_ledgers_tell_the_truth(release)
    assert fleet.status() == [(fingerprint()[:12], 2, 0)]
    assert {len(applied(place)) for place in SchoolPlacement.objects.select_related("school")} == {len(release.names)}
    with connections[MIGRATOR].cursor() as cursor:
        for place in SchoolPlacement.objects.select_related("school"):
            cursor.execute(
                f'SELECT app, name, count(*) FROM "{place.school.schema_name}".django_migrations'
                " GROUP BY 1, 2 HAVING count(*) > 1"
            )
            assert cursor.fetchall() == []
    assert by_hand() == NOTHING


def die(migrate, admin, at):
    """Start a run that dies there; its exit status, once the server has ended what it was left with."""
    database.close()
    code = migrate(DIE=at).ended()
    assert code in (0, -signal.SIGKILL)
    eventually(lambda: not orphans(admin), "the orphans' end")
    return code


def orphans(admin):
    return admin.execute(
        "SELECT FROM pg_stat_activity WHERE datname = current_database() AND usename = 'migrator'"
    ).fetchall()


@pytest.mark.parametrize("when", ["after", "during"] if THOROUGH else ["during"])
def test_killed_again_and_again_until_one_gets_through(when, migrate, release, admin):
    """One killed process after the other, each some exchanges with the database later."""
    for number in range(1, 400, 1 if THOROUGH else 9):
        code = die(migrate, admin, f"{when}:{number}")
        assert_the_ledgers_tell_the_truth(release)
        if code == 0:
            break
    assert number > 12, "it was killed again and again"
    assert_everything_arrived(release)


FROM_SCRATCH = range(1, 200) if THOROUGH else (49,)  # of a fleet where nothing has moved yet; 49: the first index


@pytest.mark.parametrize("number", FROM_SCRATCH)
def test_killed_from_scratch_and_gone_on_with(number, migrate, release, admin):
    code = die(migrate, admin, f"{'after' if THOROUGH else 'during'}:{number}")
    if number == FROM_SCRATCH[-1]:
        assert (code == 0) == bool(THOROUGH), "the last is to be behind the end where every one is taken"
    assert_the_ledgers_tell_the_truth(release)
    outcome = fleet.migrate_fleet()
    assert outcome == fleet.Outcome(migrated=outcome.migrated)
    assert_everything_arrived(release)


def waiting_for_a_lock(admin, schema):
    """The command's statements that wait for somebody at work in this school."""
    return admin.execute(
        "SELECT query FROM pg_stat_activity WHERE datname = current_database() AND usename = 'migrator'"
        " AND wait_event_type = 'Lock' AND (query LIKE %s OR query LIKE '%%learner_slow%%')",
        [f"%{schema}%"],
    ).fetchall()


def test_killed_in_the_middle_of_a_schools_transaction(migrate, release, admin, real_commits):
    """Two connections: one school is through, the other's DDL is done and its marker waits for a lock: SIGKILL."""
    first, second = SchoolPlacement.objects.select_related("school").order_by("school__created_at")
    schema = second.school.schema_name
    with psycopg.connect(database.ADMIN, dbname=real_commits) as holder:
        holder.execute(f'LOCK TABLE "{schema}".django_migrations IN SHARE MODE')
        process = migrate("--workers", "2", "--canaries", "0")
        moved = SchoolPlacement.objects.filter(pk=first.pk, fingerprint=ON_THE_WAY)
        eventually(lambda: waiting_for_a_lock(admin, schema) and moved.exists(), "both turns", log=process.log)
        process.kill()
    assert_the_ledgers_tell_the_truth(release)
    marks = [p.fingerprint for p in SchoolPlacement.objects.order_by("school__created_at")]
    assert marks[0] == ON_THE_WAY and marks[1] not in (ON_THE_WAY, fingerprint())
    again = migrate("--workers", "2")
    assert again.ended() == 0, again.log.read_text()
    assert_everything_arrived(release)


def test_killed_while_an_index_is_built_leaves_it_invalid_and_the_next_run_builds_it_anew(
    migrate, ahead, admin, real_commits
):
    number = int(ahead.add(SLOW, atomic=False)[:4])
    school = SchoolPlacement.objects.select_related("school").order_by("school__created_at").first()
    schema = school.school.schema_name
    with psycopg.connect(database.ADMIN, dbname=real_commits) as holder:
        # A writer that was there before the index: it has to be waited for, with the index half made.
        holder.execute(f'UPDATE "{schema}".people_learner SET number = number')
        process = migrate()
        eventually(
            lambda: index(school, number) is False and waiting_for_a_lock(admin, schema), "the build", log=process.log
        )
        process.kill()
        assert SlowStep.objects.get(school=school.pk).state == "running"
        assert applied(school) == set(ahead.names[:-1])
        # The server's process notices that nobody listens any more, and gives up with the index half made.
        eventually(lambda: not waiting_for_a_lock(admin, schema), "the orphan's end", seconds=20)
    assert index(school, number) is False
    again = migrate()
    assert again.ended() == 0, again.log.read_text()
    assert fleet.status() == [(fingerprint()[:12], 2, 0)]
    step = SlowStep.objects.get(school=school.pk)
    assert (step.state, step.attempts, index(school, number)) == ("done", 2, True)
    assert by_hand() == NOTHING


def test_killed_before_a_wave_and_while_the_golden_schema_is_built(migrate, release, admin):
    process = migrate()
    eventually(
        lambda: admin.execute("SELECT 1 FROM pg_namespace WHERE nspname ~ '^golden_'").fetchone(), "the golden schema"
    )
    process.kill()
    assert_the_ledgers_tell_the_truth(release)
    canary = migrate("--first", "1")
    assert canary.ended() == 0, canary.log.read_text()
    assert_the_ledgers_tell_the_truth(release)
    assert sorted(number for _, number, _ in fleet.status()) == [1, 1]
    again = migrate()
    assert again.ended() == 0, again.log.read_text()
    assert_everything_arrived(release)
    left = admin.execute("SELECT nspname FROM pg_namespace WHERE nspname ~ '^golden_'").fetchall()
    assert left == []


def test_two_runs_at_once_move_every_school_once(migrate, release):
    one, two = migrate("--workers", "2", "--canaries", "0"), migrate("--workers", "2", "--canaries", "0")
    assert (one.ended(), two.ended()) == (0, 0), one.log.read_text()
    assert_everything_arrived(release)
