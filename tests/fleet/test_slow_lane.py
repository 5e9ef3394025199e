"""Indexes are built outside transactions, in a lane of their own whose state stands on the platform."""

import pytest
from django.core.management import CommandError, call_command
from django.db import connections

from tenants import drift, fleet, slow_lane
from tenants.markers import ON_THE_WAY
from tenants.models import SchoolPlacement, SlowStep
from tenants.plans import NoPlan, Planner
from tenants.provisioning import MIGRATOR, fingerprint
from tests.ahead import EXPAND, SLOW
from tests.fleet.looking import NOTHING, by_hand


def states():
    rows = SlowStep.objects.select_related("school").order_by("school__slug")
    return [(row.school.slug, row.state, row.attempts) for row in rows]


def valid(number):
    """School -> whether its slow index is valid, for those that have one."""
    with connections[MIGRATOR].cursor() as cursor:
        cursor.execute(
            "SELECT p.slug, i.indisvalid FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid"
            " JOIN pg_namespace n ON n.oid = c.relnamespace JOIN tenants_school p ON p.schema_name = n.nspname"
            " WHERE c.relname = %s",
            [f"learner_slow{number}"],
        )
        return dict(cursor.fetchall())


def make_invalid(schema, number):
    """What a kill in the middle of a concurrent build leaves: made the way Postgres makes it, by failing at the end."""
    with connections[MIGRATOR].cursor() as cursor:
        cursor.execute(f'SET search_path = "{schema}"')
        with pytest.raises(Exception, match="could not create unique index"):
            cursor.execute(f"CREATE UNIQUE INDEX CONCURRENTLY learner_slow{number} ON people_learner (state)")
        cursor.execute("SET search_path = public")


def test_a_slow_migration_is_planned_apart_and_what_needs_it_comes_after(ahead):
    before = frozenset(("people", name) for name in ahead.names) | {
        key for stage in Planner().stages(frozenset()) for key in (step.key for step in stage.steps)
    }
    first, slow, last = ahead.add(), ahead.add(SLOW, atomic=False), ahead.add()
    stages = Planner().stages(before)
    assert [([step.key[1] for step in stage.steps], stage.slow) for stage in stages] == [
        ([first], False), ([slow], True), ([last], False),
    ]  # fmt: skip
    assert all("CONCURRENTLY" not in text for stage in stages if not stage.slow for text in stage.steps[0].statements)


def test_what_does_not_need_a_slow_migration_does_not_wait_for_it(ahead):
    """From nothing: every other app's migrations are ahead of the slow one, whatever their order of names."""
    slow = ahead.add(SLOW, atomic=False)
    stages = Planner().stages(frozenset())
    assert [stage.slow for stage in stages][:2] == [False, True]
    assert {app for app, _ in (step.key for step in stages[0].steps)} >= {"people", "gate", "attendance", "messaging"}
    assert stages[1].steps[0].key == ("people", slow)


def test_nothing_but_indexes_may_be_slow(ahead):
    ahead.add(EXPAND, atomic=False)
    with pytest.raises(NoPlan, match="not atomic"):
        fleet.migrate_fleet()
    with pytest.raises(CommandError, match="not atomic"):
        call_command("migrate_schools")
    assert SlowStep.objects.count() == 0


def test_every_school_has_its_index_its_row_and_its_marker(ahead):
    number = int(ahead.add(SLOW, atomic=False)[:4])
    assert fleet.migrate_fleet() == fleet.Outcome(2)
    assert states() == [("greenfield", "done", 1), ("riverside", "done", 1)]
    assert valid(number) == {"greenfield": True, "riverside": True}
    assert by_hand() == NOTHING
    assert fleet.migrate_fleet() == fleet.Outcome()


def test_several_connections_build_the_same(ahead):
    ahead.add()
    ahead.add(SLOW, atomic=False)
    assert fleet.migrate_fleet(workers=2, canaries=0) == fleet.Outcome(2)
    assert by_hand() == NOTHING


def test_an_index_left_invalid_is_dropped_and_built_again(ahead, greenfield):
    number = int(ahead.add(SLOW, atomic=False)[:4])
    make_invalid(greenfield.ref.schema, number)
    assert valid(number) == {"greenfield": False}
    assert fleet.migrate_fleet() == fleet.Outcome(2)
    assert valid(number) == {"greenfield": True, "riverside": True}
    assert by_hand() == NOTHING


def test_an_index_that_was_finished_but_not_recorded_is_only_recorded(ahead, greenfield):
    """Killed between the build and its record: the index is there and stays the same one."""
    number = int(ahead.add(SLOW, atomic=False)[:4])

    def index():
        with connections[MIGRATOR].cursor() as cursor:
            cursor.execute(f"SELECT '\"{greenfield.ref.schema}\".learner_slow{number}'::regclass::oid")
            return cursor.fetchone()

    with connections[MIGRATOR].cursor() as cursor:
        cursor.execute(f'CREATE INDEX learner_slow{number} ON "{greenfield.ref.schema}".people_learner (number, state)')
    before = index()
    assert fleet.migrate_fleet() == fleet.Outcome(2)
    assert index() == before
    assert by_hand() == NOTHING


def test_a_failed_build_is_told_leaves_nothing_and_quarantines_nobody(ahead, greenfield, monkeypatch):
    number = int(ahead.add(SLOW, atomic=False)[:4])
    carry_out, broken = slow_lane._carry_out, [greenfield.ref.schema]

    def unique_there(cursor, place, statement):
        if place.schema in broken:
            statement = f"CREATE UNIQUE INDEX CONCURRENTLY learner_slow{number} ON people_learner (state)"
        carry_out(cursor, place, statement)

    monkeypatch.setattr(slow_lane, "_carry_out", unique_there)
    assert fleet.migrate_fleet() == fleet.Outcome(migrated=1, unfinished=1)
    assert states() == [("greenfield", "failed", 1), ("riverside", "done", 1)]
    error = SlowStep.objects.get(state="failed").error
    assert error == f"UniqueViolation (23505): table people_learner, constraint learner_slow{number}"
    assert valid(number) == {"riverside": True}
    assert not SchoolPlacement.objects.filter(quarantined=True).exists()
    broken.clear()
    assert fleet.migrate_fleet() == fleet.Outcome(1)
    assert states() == [("greenfield", "done", 2), ("riverside", "done", 1)]
    assert SlowStep.objects.filter(error="").count() == 2


def test_between_the_lanes_the_ledger_says_so_and_drift_does_not_look(ahead, greenfield, monkeypatch):
    ahead.add()
    ahead.add(SLOW, atomic=False)
    monkeypatch.setattr(slow_lane, "build", lambda place, step, target: ("unfinished", "stopped here"))
    assert fleet.migrate_fleet() == fleet.Outcome(unfinished=2)
    assert fleet.standing() == ([(ON_THE_WAY, 2, 0)], [(f"people.{ahead.names[-1]}", "waiting", 2)])
    places = SchoolPlacement.objects.values_list("pk", flat=True)
    assert drift.look(list(places), now=SchoolPlacement.objects.first().migrated_at) == 0
    assert drift.open_findings() == []


def test_a_dropped_index_goes_the_same_way(ahead):
    number = int(ahead.add(SLOW, atomic=False)[:4])
    fleet.migrate_fleet()
    ahead.add(f'postgres.RemoveIndexConcurrently("Learner", "learner_slow{number}"),', atomic=False)
    assert fleet.migrate_fleet() == fleet.Outcome(2)
    assert valid(number) == {}
    assert fleet.status() == [(fingerprint()[:12], 2, 0)]
    assert by_hand() == NOTHING


def test_where_somebody_builds_already_nobody_else_begins(ahead, greenfield, admin, monkeypatch):
    number = int(ahead.add(SLOW, atomic=False)[:4])
    monkeypatch.setattr(slow_lane, "WAIT", 0.5)
    admin.execute(f"SELECT pg_advisory_lock({slow_lane.ONE_AT_A_TIME})", [greenfield.ref.schema])
    assert fleet.migrate_fleet() == fleet.Outcome(migrated=1, unfinished=1)
    assert valid(number) == {"riverside": True}
    assert ("greenfield", "failed", 0) in states()
    admin.execute("SELECT pg_advisory_unlock_all()")
    assert fleet.migrate_fleet() == fleet.Outcome(1)
