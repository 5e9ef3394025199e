"""Schools of two databases side by side: each is served from its own, and neither sees the other."""

import signal
from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, OperationalError, connections
from django.test import Client
from django.utils import timezone

from shared_apps.audit.for_schools import newest_checkpoint
from shared_apps.billing.models import LearnerCount
from shared_apps.deliveries.models import SchoolFigures
from tenant_apps.events import jobs
from tenant_apps.events.models import Reaction, ReactionState
from tenant_apps.gate.models import Scan
from tenant_apps.messaging.models import MailboxEntry
from tenant_apps.people.models import Learner
from tenants import cells, drift, fleet, places
from tenants.ask import ask
from tenants.cells import CellDown
from tenants.current import OutsideScope, WrongSchool, _here
from tenants.jobs import JobFailed, run, waker
from tenants.models import Heartbeat, School, SchoolPlacement
from tenants.plans import Planner, Stage, Step
from tenants.provisioning import fingerprint
from tenants.scope import school_scope
from tests import world
from tests.cells.conftest import signed_in
from tests.fleet.looking import NOTHING, by_hand
from tests.processes import Process, eventually, worker

KEY = ("people", "9999_test")
COLUMN = "ALTER TABLE people_learner ADD COLUMN nickname varchar(40) NOT NULL DEFAULT ''"
MARK = "f" * 64


def scan(client, cast, learner=0):
    body = {
        "scan_id": str(uuid4()), "badge": cast.badges[cast.learners[learner].id], "gate": str(cast.gates[0].id),
        "direction": "auto", "scanned_at": timezone.now().isoformat(),
    }  # fmt: skip
    return client.post("/api/gate/scans", body, content_type="application/json")


# -- requests ----------------------------------------------------------------------------------------------------------


def test_each_school_is_served_from_its_own_database_and_sees_itself_alone(westville, at_home):
    for mine, theirs in ((westville, at_home), (at_home, westville)):
        client = signed_in(mine.email("officer"))
        told = client.get("/api/learners?state=all").json()["items"]
        assert {item["id"] for item in told} == {str(one.id) for one in mine.learners}
        assert all(mine.canary in item["name"] for item in told)
        assert client.get(f"/api/learners/{theirs.learners[0].id}").status_code == 404
        assert client.get("/api/me").json()["school"]["slug"] == mine.slug
        assert scan(client, mine).status_code == 201
        assert scan(client, mine, 1).json()["learner"]["id"] == str(mine.learners[1].id)
        with school_scope(mine.ref):
            assert Scan.objects.count() == 2


def test_a_badge_of_a_school_in_another_cell_is_another_schools_badge(westville, at_home):
    client = signed_in(westville.email("officer"))
    body = {
        "scan_id": str(uuid4()), "badge": at_home.badges[at_home.learners[0].id], "direction": "in",
        "gate": str(westville.gates[0].id), "scanned_at": timezone.now().isoformat(),
    }  # fmt: skip
    assert client.post("/api/gate/scans", body, content_type="application/json").json()["code"] == "other_school"


def test_a_page_of_a_school_in_the_cell_opens(westville):
    client = Client()
    client.post("/login", {"email": westville.email("admin"), "password": world.PASSWORD})
    page = client.get("/s/westville/learners")
    assert page.status_code == 200 and westville.canary in page.content.decode()


def test_the_platform_asks_a_school_in_the_cell(westville):
    assert ask(westville.ref, "people.staff_name", person=westville.staff["admin"].id) == f"Admin {westville.canary}"


# -- the wall ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("alias", ["schools", "schools_west"])
def test_without_a_scope_nothing_resolves_in_any_cell(westville, alias):
    with pytest.raises(OutsideScope):
        Learner.objects.using(alias).count()
    with pytest.raises(OutsideScope):
        connections[alias].cursor()


def test_inside_a_school_the_other_cell_is_closed(westville, at_home):
    for cast, other in ((westville, "schools"), (at_home, "schools_west")):
        with school_scope(cast.ref):
            assert set(Learner.objects.values_list("family_name", flat=True)) == {cast.canary}
            with pytest.raises(WrongSchool):
                Learner.objects.using(other).count()
            with pytest.raises(WrongSchool):
                connections[other].cursor()


def test_scopes_of_two_cells_do_not_nest(westville, at_home):
    with school_scope(westville.ref), pytest.raises(WrongSchool), school_scope(at_home.ref):
        pass


def test_a_query_outside_its_transaction_is_refused_in_the_cell(westville):
    token = _here.set(westville.ref)
    try:
        with pytest.raises(OutsideScope):
            Learner.objects.count()
    finally:
        _here.reset(token)


def test_the_bare_login_sees_catalogs_in_the_cell_and_no_row(westville):
    with cells.catalog_of("schools_west") as bare:
        bare.execute("SELECT count(*) FROM pg_class WHERE relname = 'people_learner'")
        assert bare.fetchone() == (1,)
    with pytest.raises(DatabaseError, match="permission denied"), cells.catalog_of("schools_west") as bare:
        bare.execute(f'SELECT * FROM "{westville.ref.schema}".people_learner')


# -- work behind the request -------------------------------------------------------------------------------------------


@pytest.mark.processes
def test_one_worker_follows_events_up_in_both_cells_and_seals_them(westville, at_home, west, real_commits, tmp_path):
    for cast in (westville, at_home):
        assert scan(signed_in(cast.email("officer")), cast).status_code == 201
    with worker(real_commits, tmp_path / "worker.log", SEAL_EVERY_SECONDS="0", **west.told) as process:
        for cast in (westville, at_home):

            def done(cast=cast):
                with school_scope(cast.ref):
                    to = set(MailboxEntry.objects.values_list("to", flat=True))
                    open_still = Reaction.objects.filter(state__in=[ReactionState.WAITING, ReactionState.RUNNING])
                    waits = open_still.filter(next_at__lte=timezone.now()).exists()
                return to and not waits and newest_checkpoint(cast.ref.id) and to

            mailed = eventually(done, f"mail and seal of {cast.slug}", log=process.log)
            assert all(cast.canary.lower() in address for address in mailed)


# -- the fleet ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def one_more(monkeypatch, westville):
    """A pending migration of one column, for three schools of two cells."""

    def stages(self, applied):
        return (Stage(()) if KEY in applied else Stage((Step(KEY, (COLUMN,), True),)),)

    monkeypatch.setattr(Planner, "stages", stages)
    monkeypatch.setattr(fleet, "fingerprint", lambda: MARK)


def has_column(school, column="nickname"):
    with connections[places.migrator_of(school.placement.alias)].cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM information_schema.columns WHERE table_schema = %s AND column_name = %s",
            [school.schema_name, column],
        )
        return cursor.fetchone() == (1,)


def moved():
    return {one.slug for one in School.objects.select_related("placement") if has_column(one)}


def marked():
    return set(SchoolPlacement.objects.filter(fingerprint=MARK).values_list("school__slug", flat=True))


EVERYBODY = {"greenfield", "riverside", "westville"}


@pytest.mark.parametrize("workers", [1, 2])
def test_the_fleet_moves_both_cells_and_the_ledger_says_so(one_more, workers):
    assert fleet.migrate_fleet(workers=workers, canaries=0) == fleet.Outcome(migrated=3)
    assert moved() == marked() == EVERYBODY
    assert fleet.migrate_fleet() == fleet.Outcome()


@pytest.mark.processes
def test_a_kill_between_the_cells_commit_and_the_ledgers_line_is_made_up_for(
    ahead, westville, west, real_commits, tmp_path
):
    """A real process, and a real SIGKILL, between the commits of the two servers."""
    ahead.add()

    def run(**more):
        command = ["-m", "tests.fleet.release", "migrate_schools", "--canaries", "0"]
        at = {"AHEAD": f"{ahead.folder}:{ahead.package}", "PROCESS": "manage", **west.told, **more}
        return Process(command, real_commits, tmp_path / "migrate.log", **at)

    def has_moved():
        column = f"nick{len(ahead.names)}"
        return {one.slug for one in School.objects.select_related("placement") if has_column(one, column)}

    def is_marked():
        return set(SchoolPlacement.objects.filter(fingerprint=fingerprint()).values_list("school__slug", flat=True))

    killed = run(DIE="gap")
    assert killed.ended() == -signal.SIGKILL, killed.log.read_text()
    assert "westville" in has_moved() and "westville" not in is_marked()
    again = run()
    assert again.ended() == 0, again.log.read_text()
    assert has_moved() == is_marked() == EVERYBODY
    assert by_hand() == NOTHING


def test_a_cell_that_is_away_keeps_its_schools_where_they_are_and_the_others_move(one_more, west):
    west.stop()
    assert fleet.migrate_fleet(canaries=0) == fleet.Outcome(migrated=2, unreachable=1)
    assert marked() == EVERYBODY - {"westville"}
    west.start()
    assert fleet.migrate_fleet(canaries=0) == fleet.Outcome(migrated=1)
    assert moved() == EVERYBODY


def test_the_reference_command_says_whom_it_leaves_out(westville, capsys):
    call_command("migrate_schools", reference=True)
    said = capsys.readouterr().out
    assert said.startswith("2 schools migrated") and "1 schools of other cells were left out" in said


def test_drift_in_the_cell_is_found_without_the_migrators_login(westville, west):
    schools = list(School.objects.values_list("pk", flat=True))
    assert drift.look(schools, now=timezone.now()) == 3 and drift.open_findings() == []
    with connections[west.migrator].cursor() as cursor:
        cursor.execute(f'DROP INDEX "{westville.ref.schema}".learner_by_name')
    assert drift.look(schools, now=timezone.now()) == 3
    (found,) = drift.open_findings()
    assert found.slug == "westville" and any("learner_by_name" in line for line in found.differences)


def test_by_hand_drift_passes_over_a_cell_that_is_away_says_so_and_looks_at_the_others(westville, west, capsys):
    assert by_hand() == NOTHING
    SchoolPlacement.objects.update(drift_checked_at=None)
    west.stop()
    with pytest.raises(CommandError, match="^1 schools were not compared.$"):
        call_command("drift")
    assert capsys.readouterr().out == "westville: not compared. Its cell does not answer.\n"
    looked = SchoolPlacement.objects.exclude(drift_checked_at=None).values_list("school__slug", flat=True)
    assert set(looked) == {"greenfield", "riverside"} and drift.open_findings() == []


def test_a_cell_that_is_away_keeps_nobody_elses_history_from_being_verified(westville, west, capsys):
    west.stop()
    with pytest.raises(CommandError, match="^1 history is not checked.$"):
        call_command("verify_audit")
    said = capsys.readouterr().out
    assert "westville: not checked, its cell does not answer." in said
    assert all(
        f"{name}: " in said and "as they were sealed" in said for name in ("greenfield", "riverside", "platform")
    )


# -- a cell that is away -----------------------------------------------------------------------------------------------


@pytest.fixture
def signed(westville, at_home):
    return {cast.slug: signed_in(cast.email("officer")) for cast in (westville, at_home)}


def test_its_schools_say_unavailable_while_the_others_serve_and_it_comes_back(signed, westville, at_home, west):
    west.stop()
    for _ in range(3):  # the first finds out, the next are told at once
        for refused in (signed["westville"].get("/api/learners"), scan(signed["westville"], westville)):
            assert (refused.status_code, refused.json()["code"]) == (503, "unavailable")
            assert refused["Retry-After"] and refused["Content-Type"] == "application/problem+json"
        assert signed["greenfield"].get("/api/learners").status_code == 200
        assert scan(signed["greenfield"], at_home).status_code == 201
    west.start()
    assert scan(signed["westville"], westville).status_code == 201


def test_its_pages_say_so_too_and_nobody_is_signed_out(westville, west):
    client = Client()
    client.post("/login", {"email": westville.email("admin"), "password": world.PASSWORD})
    west.stop()
    page = client.get("/s/westville/learners")
    assert page.status_code == 503 and "<html" in page.content.decode()
    west.start()
    assert client.get("/s/westville/learners").status_code == 200


def test_readiness_names_it_and_stays_ready(signed, west):
    assert Client().get("/readyz").json() == {"ready": True, "cells_unavailable": []}
    west.stop()
    answer = Client().get("/readyz")
    assert (answer.status_code, answer.json()["cells_unavailable"]) == (200, ["west"])


def test_jobs_carry_on_with_the_other_schools(signed, westville, at_home, west):
    for cast in (westville, at_home):
        assert scan(signed[cast.slug], cast).status_code == 201
    waker.finish()
    west.stop()
    jobs.sweep()
    jobs.seal_schools()
    jobs.seal_late()
    assert newest_checkpoint(at_home.ref.id) and not newest_checkpoint(westville.ref.id)
    run(f'{{"job": "events.drain", "school": "{at_home.ref.id}", "ids": []}}')
    with school_scope(at_home.ref):
        assert MailboxEntry.objects.exists()
    with pytest.raises(JobFailed, match="CellDown"):
        run(f'{{"job": "events.drain", "school": "{westville.ref.id}", "ids": []}}')
    west.start()
    run(f'{{"job": "events.drain", "school": "{westville.ref.id}", "ids": []}}')
    with school_scope(westville.ref):
        assert MailboxEntry.objects.exists()
    assert Heartbeat.objects.filter(name="events.drain").exists()


def test_the_console_hears_of_both_cells_and_keeps_what_it_knew_of_one_that_is_away(westville, at_home, west):
    def tell(cast, what):
        run(f'{{"job": "messaging.{what}", "school": "{cast.ref.id}", "ids": []}}')

    for what in ("tell_platform", "tell_billing"):
        for cast in (westville, at_home):
            tell(cast, what)
    slugs = {"westville", "greenfield"}
    assert set(SchoolFigures.objects.values_list("school__slug", flat=True)) == slugs
    assert set(LearnerCount.objects.values_list("school__slug", flat=True)) == slugs
    before = SchoolFigures.objects.get(school=westville.ref.id).as_of
    west.stop()
    with pytest.raises(JobFailed, match="CellDown"):
        tell(westville, "tell_platform")
    tell(at_home, "tell_platform")
    assert SchoolFigures.objects.get(school=westville.ref.id).as_of == before
    operator = signed_in("operator@example.com")
    named = {row["name"] for row in operator.get("/api/operator/health").json()["items"]}
    assert {"Westville", "Greenfield Primary"} <= named


def test_the_nightly_look_passes_over_it_and_ends(westville, west):
    west.stop()
    night = timezone.now().replace(hour=23) + timedelta(days=2)
    assert drift.by_night(now=night) == 2
    assert SchoolPlacement.objects.get(school=westville.ref.id).drift_checked_at is None


def test_a_school_in_a_cell_that_this_process_was_not_told_of_is_unavailable(signed, westville):
    SchoolPlacement.objects.filter(school=westville.ref.id).update(alias="schools_east")
    refused = signed["westville"].get("/api/learners")
    assert (refused.status_code, refused.json()["code"]) == (503, "unavailable")
    with pytest.raises(CellDown), school_scope(School.objects.get(slug="westville").ref()):
        pass


def test_a_statement_that_fails_in_a_living_cell_is_no_outage(westville):
    with pytest.raises(OperationalError, match="canceling statement") as failed, school_scope(westville.ref):
        cursor = connections["schools_west"].cursor()
        cursor.connection.execute("SET LOCAL statement_timeout = 10")
        cursor.execute("SELECT pg_sleep(1)")
    assert not isinstance(failed.value, CellDown)
    with school_scope(westville.ref):
        assert Learner.objects.exists()
