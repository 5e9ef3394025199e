"""The fleet moves school by school, survives failures and can always be gone on with."""

import io
from threading import Thread

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connections
from django.test import Client

from tenants import catalog, drift, fleet, waves
from tenants.ids import new_id
from tenants.models import School, SchoolPlacement
from tenants.places import behind, with_ledgers
from tenants.plans import Planner, Stage, Step
from tenants.provisioning import MIGRATOR, fingerprint
from tests import world
from tests.ahead import Ahead
from tests.fleet.looking import NOTHING, by_hand
from tests.processes import eventually

KEY = ("people", "9999_test")
COLUMN = "ALTER TABLE people_learner ADD COLUMN nickname varchar(40) NOT NULL DEFAULT ''"


@pytest.fixture
def one_more(monkeypatch, real_commits):
    """A pending migration of one statement; `one_more(statement)`."""

    def pending(*statements, atomic=True):
        def stages(self, applied):
            steps = () if KEY in applied else (Step(KEY, statements, atomic),)
            return (Stage(steps, slow=not atomic),)

        monkeypatch.setattr(Planner, "stages", stages)
        monkeypatch.setattr(fleet, "fingerprint", lambda: "f" * 64)

    return pending


def has_column(school, name="nickname"):
    with connections[MIGRATOR].cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM information_schema.columns WHERE table_schema = %s AND column_name = %s",
            [school.schema_name, name],
        )
        return cursor.fetchone()[0] == 1


def schools():
    return {school.slug: school for school in School.objects.select_related("placement")}


def test_every_school_moves_and_the_ledger_says_so(one_more):
    one_more(COLUMN)
    outcome = fleet.migrate_fleet()
    assert (outcome.migrated, outcome.quarantined) == (2, 0)
    assert all(has_column(school) for school in schools().values())
    assert fleet.status() == [("f" * 12, 2, 0)]
    assert fleet.migrate_fleet() == fleet.Outcome(0, 0)


def test_no_connection_meets_more_schools_than_a_wave_has(one_more, monkeypatch):
    """A backend keeps something of each school it worked in, and a fleet has thousands."""
    one_more(COLUMN)
    met = []
    whole = fleet._Run._move

    def seen(run, place):
        told = whole(run, place)
        met.append(connections[MIGRATOR].connection.info.backend_pid)
        return told

    monkeypatch.setattr(fleet._Run, "_move", seen)
    monkeypatch.setattr(waves, "MOST", 1)
    monkeypatch.setattr(waves, "GROWTH", 1)
    assert fleet.migrate_fleet(canaries=1).migrated == 2
    assert len(met) == len(set(met)) == 2


def test_a_failing_canary_stops_the_fleet(one_more):
    one_more("SELECT 1/0;")
    assert fleet.migrate_fleet(canaries=1) == fleet.Outcome(0, 1, untried=1)
    assert sorted(p.quarantined for p in SchoolPlacement.objects.all()) == [False, True]


def test_a_failing_school_is_quarantined_answers_503_and_the_others_go_on(one_more):
    broken = schools()["riverside"]
    with connections[MIGRATOR].cursor() as cursor:
        cursor.execute(f'ALTER TABLE "{broken.schema_name}".people_learner ADD COLUMN nickname int')
    one_more(COLUMN)
    outcome = fleet.migrate_fleet(canaries=1)
    assert (outcome.migrated, outcome.quarantined) == (1, 1)

    def me(slug):
        client = Client()
        body = {"email": f"admin@{slug}.example", "password": world.PASSWORD}
        answer = client.post("/api/auth/login", body, content_type="application/json").json()
        return client.get("/api/me", HTTP_AUTHORIZATION=f"Bearer {answer['access_token']}")

    assert me("greenfield").status_code == 200
    refused = me("riverside")
    assert refused.status_code == 503 and refused.json()["code"] == "school_unavailable"

    with connections[MIGRATOR].cursor() as cursor:
        cursor.execute(f'ALTER TABLE "{broken.schema_name}".people_learner DROP COLUMN nickname')
    assert fleet.migrate_fleet() == fleet.Outcome(1, 0)
    assert me("riverside").status_code == 200


# How a school's own ledger can be broken, and what is kept of that.
BREAKS = {
    "no schema": ("ALTER SCHEMA {s} RENAME TO gone", "UndefinedTable (42P01)"),
    "no ledger": ("DROP TABLE {s}.django_migrations", "UndefinedTable (42P01)"),
    "another table": ("ALTER TABLE {s}.django_migrations DROP COLUMN name", "UndefinedColumn (42703)"),
    "a gap": ("DELETE FROM {s}.django_migrations WHERE app = 'people' AND name LIKE '0001%'", "lacks people.0001_"),
}


@pytest.mark.parametrize("what", BREAKS)
def test_a_school_whose_ledger_is_broken_is_quarantined_and_the_others_go_on(what, ahead, greenfield, admin):
    done, kept = BREAKS[what]
    admin.execute(done.format(s=f'"{greenfield.ref.schema}"'))
    ahead.add()
    assert fleet.migrate_fleet() == fleet.Outcome(migrated=1, quarantined=1)
    held = SchoolPlacement.objects.get(quarantined=True)
    assert held.school_id == greenfield.ref.id and kept in held.migration_error
    assert has_column(schools()["riverside"], f"nick{len(ahead.names)}")
    if what == "no schema":  # it is gone on with once that is mended
        admin.execute(f'ALTER SCHEMA gone RENAME TO "{greenfield.ref.schema}"')
        assert fleet.migrate_fleet() == fleet.Outcome(migrated=1)


def test_a_gap_in_every_ledger_is_the_releases_fault_and_quarantines_nobody(ahead, admin):
    for school in schools().values():
        admin.execute(BREAKS["a gap"][0].format(s=f'"{school.schema_name}"'))
    ahead.add()
    assert fleet.migrate_fleet() == fleet.Outcome(unfinished=2)
    assert not SchoolPlacement.objects.filter(quarantined=True).exists()


def test_an_error_that_names_a_childs_particulars_is_not_kept(one_more, greenfield, caplog, capsys):
    """Postgres tells the value that stands in the way; neither the platform nor a log may."""
    one_more("ALTER TABLE people_learner ADD CONSTRAINT x CHECK (given_name <> given_name)",
             "ALTER TABLE people_learner ALTER family_name TYPE int USING family_name::int")  # fmt: skip
    fleet.migrate_fleet()
    one_more("ALTER TABLE people_learner ALTER family_name TYPE int USING family_name::int")
    fleet.migrate_fleet(canaries=2)
    one_more("CREATE UNIQUE INDEX x ON people_learner (family_name)")
    fleet.migrate_fleet(canaries=2)
    kept = SchoolPlacement.objects.values_list("migration_error", flat=True)
    assert set(kept) == {"UniqueViolation (23505): table people_learner, constraint x"}
    said = caplog.text + capsys.readouterr().out
    assert "quarantined" in said and not [canary for canary in world.CANARY.values() if canary in said]


def test_a_busy_school_is_left_as_it_was_and_goes_on_serving(one_more, greenfield, admin, monkeypatch):
    monkeypatch.setattr(fleet, "LOCK_TIMEOUT", "50ms")
    one_more(COLUMN)
    with admin.transaction():
        admin.execute(f'LOCK TABLE "{greenfield.ref.schema}".people_learner')
        assert fleet.migrate_fleet(canaries=0) == fleet.Outcome(migrated=1, unfinished=1)
    assert not SchoolPlacement.objects.filter(quarantined=True).exists()
    assert fleet.migrate_fleet() == fleet.Outcome(1)


def test_a_school_that_comes_free_between_two_tries_is_migrated(one_more, greenfield, admin, monkeypatch):
    monkeypatch.setattr(fleet, "LOCK_TIMEOUT", "50ms")
    pauses = []

    def come_free(seconds):
        pauses.append(seconds)
        admin.execute("COMMIT")

    monkeypatch.setattr(fleet.time, "sleep", come_free)
    one_more(COLUMN)
    admin.execute("BEGIN")
    admin.execute(f'LOCK TABLE "{greenfield.ref.schema}".people_learner')
    assert fleet.migrate_fleet(canaries=0) == fleet.Outcome(migrated=2)
    assert len(pauses) == 1


def test_a_deadlock_with_live_work_quarantines_nobody_and_is_tried_again(one_more, greenfield, admin):
    """The migration holds the learners and wants the guardians, live work the other way round: the server kills ours,
    long before our lock timeout."""
    one_more(COLUMN + ";", COLUMN.replace("people_learner", "people_guardian"))
    schema = greenfield.ref.schema

    def live_work():
        with psycopg.connect(admin.info.dsn, password=admin.info.password, autocommit=True) as watch:
            waits = "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
            eventually(lambda: watch.execute(waits).fetchone() is not None, "the migration's turn")
        admin.execute(f'LOCK TABLE "{schema}".people_learner')  # granted when the migration has been killed
        admin.execute("COMMIT")

    admin.execute("SET deadlock_timeout = '60s'")  # so that it is the migration that looks first
    admin.execute("BEGIN")
    admin.execute(f'LOCK TABLE "{schema}".people_guardian')
    live = Thread(target=live_work)
    live.start()
    try:
        assert fleet.migrate_fleet(canaries=0) == fleet.Outcome(migrated=2)
    finally:
        live.join()
    assert not SchoolPlacement.objects.filter(quarantined=True).exists()


def test_by_reference_every_school_arrives_too_with_grants_and_ledger(ahead):
    ahead.add()
    call_command("migrate_schools", reference=True)
    assert fleet.status() == [(fingerprint()[:12], 2, 0)]
    assert by_hand() == NOTHING


@pytest.mark.parametrize(
    "words", [["--canaries", "-1"], ["--canaries=x"], ["--workers", "0"], ["--first=-3"]], ids=" ".join
)
def test_numbers_that_make_no_sense_are_refused_before_anything_is_done(words, one_more):
    one_more(COLUMN)
    with pytest.raises(CommandError, match=rf"argument {words[0][:7]}.* is not a whole number of [01] or more"):
        call_command("migrate_schools", *words)
    with pytest.raises(ValueError, match="fewer canaries than none"):
        fleet.migrate_fleet(canaries=-1)
    assert not any(has_column(school) for school in schools().values())


def test_status_is_one_query(real_commits, django_assert_num_queries):
    with django_assert_num_queries(1):
        call_command("migrate_schools", status=True)


def test_the_fleet_stops_after_a_wave_that_went_badly(one_more, monkeypatch):
    """Of a wave of ten two fail: the next is not begun."""
    places = [fleet.Place(new_id(), str(n), "t_", "t_") for n in range(40)]
    tried = []

    def apply(place, stage, target):
        tried.append(place.slug)
        return ("quarantined" if place.slug in ("3", "7") else "migrated"), ""

    one_more(COLUMN)
    monkeypatch.setattr(fleet, "behind", lambda target: places)
    monkeypatch.setattr(fleet, "with_ledgers", lambda places: places)
    monkeypatch.setattr(fleet, "_apply", apply)
    assert fleet.migrate_fleet() == fleet.Outcome(migrated=9, quarantined=2, untried=29)
    assert tried == [str(n) for n in range(11)]


def test_a_failure_half_way_through_a_school_leaves_it_before(one_more):
    one_more(COLUMN + ";", "SELECT 1/0;")
    fleet.migrate_fleet(canaries=2)
    assert not any(has_column(school) for school in schools().values())


def test_the_slow_lane_runs_outside_a_transaction(one_more):
    one_more("CREATE INDEX CONCURRENTLY learner_slow ON people_learner (number)", atomic=False)
    assert fleet.migrate_fleet() == fleet.Outcome(2, 0)


def test_the_plan_from_nothing_builds_the_same_schema_as_plain_migrations(real_commits):
    """The collected SQL, replayed on a schema that has only the ledger, equals the reference."""
    steps = [step for stage in Planner().stages(frozenset()) for step in stage.steps]
    built = "t_0123456789abcdef"
    with drift.reference() as wanted, connections[MIGRATOR].cursor() as cursor:
        cursor.execute(f'CREATE SCHEMA "{built}"')
        cursor.execute(f'SET search_path = "{built}"')
        for step in steps:
            cursor.execute("\n".join(step.statements))
        found = catalog.lines(_without_ledger(cursor, built), built, built)
        cursor.execute(f'DROP SCHEMA "{built}" CASCADE')
    kinds = ("column |", "constraint |", "index |", "trigger |", "function |")
    wanted = [line for line in wanted if line.startswith(kinds) and "django_migrations" not in line]
    found = [line for line in found if line.startswith(kinds) and "django_migrations" not in line]
    assert catalog.differences(wanted, found) == []


def _without_ledger(cursor, schema):
    cursor.execute("SET search_path = public")
    cursor.execute(f'CREATE TABLE "{schema}".django_migrations (app text, name text)')
    return cursor


def test_several_connections_move_the_same_fleet(one_more):
    one_more(COLUMN)
    assert fleet.migrate_fleet(workers=2, canaries=0) == fleet.Outcome(2, 0)


def test_the_command_tells_and_resumes(one_more):
    one_more(COLUMN)
    said = io.StringIO()
    call_command("migrate_schools", stdout=said)
    assert "2 schools migrated, 0 quarantined." in said.getvalue()


def test_drift_finds_nothing_in_a_fresh_fleet_and_a_dropped_index_in_a_hurt_one(real_commits):
    assert by_hand() == NOTHING
    hurt = schools()["greenfield"]
    with connections[MIGRATOR].cursor() as cursor:
        cursor.execute(f'DROP INDEX "{hurt.schema_name}".learner_by_name')
        cursor.execute(f'GRANT DELETE ON "{hurt.schema_name}".events_event TO "{hurt.placement.role}"')
    ((slug, differences),) = by_hand().differing
    assert slug == "greenfield"
    assert any(line.startswith("- index") and "learner_by_name" in line for line in differences)
    assert any("events_event" in line and line.startswith("+ relation") for line in differences)


def test_every_school_is_at_the_newest_state_after_provisioning(greenfield):
    assert fleet.status() == [(fingerprint()[:12], 2, 0)]


def test_a_migrated_fleet_equals_one_built_by_plain_migrations(real_commits):
    """A real release ahead (a column, a table, an index): every school afterwards equals the reference, grants too."""
    ahead = Ahead()
    try:
        ahead.add()
        assert fleet.migrate_fleet() == fleet.Outcome(2, 0)
        assert by_hand() == NOTHING
        ahead.add()
        assert fleet.migrate_fleet(workers=2, canaries=0) == fleet.Outcome(2, 0)
        assert by_hand() == NOTHING
    finally:
        ahead.close()


def test_a_school_that_another_run_has_moved_meanwhile_is_left_alone(ahead):
    """Its ledger was read before the other run came: nothing is done twice and nobody is quarantined."""
    ahead.add()
    target = fingerprint()
    stale = with_ledgers(behind(target))
    (stage,) = Planner().stages(stale[0].applied)
    assert fleet.migrate_fleet() == fleet.Outcome(2)
    assert [fleet._apply(place, stage, target) for place in stale] == [("elsewhere", "")] * 2
    assert fleet.status() == [(target[:12], 2, 0)]


def test_a_lost_connection_quarantines_nobody_and_stops_the_run(one_more, admin):
    """The server went away in the middle of a school: that is no fault of the school's."""
    one_more("SELECT pg_sleep(60)")

    def end_it():
        found = "FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'"
        eventually(lambda: admin.execute(f"SELECT pg_terminate_backend(pid) {found}").fetchall(), "the school's turn")

    killer = Thread(target=end_it)
    killer.start()
    with pytest.raises(DatabaseError):
        fleet.migrate_fleet()
    killer.join()
    connections[MIGRATOR].close()
    assert not SchoolPlacement.objects.filter(quarantined=True).exists()
