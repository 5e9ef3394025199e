"""Onboarding killed with SIGKILL before and after every commit it makes: one school each, whole, or none."""

import signal
from datetime import timedelta
from functools import partial

import psycopg
import pytest
from django.utils import timezone

from shared_apps.audit.models import PlatformEvent
from shared_apps.identity.models import Login, Membership
from shared_apps.schools.models import Draft, Onboarding, Welcome
from shared_apps.workflows.models import Run, Step
from tenant_apps.events.models import Event
from tenant_apps.people.models import SchoolProfile, Staff
from tenants.models import School, SchoolPlacement
from tenants.scope import school_scope
from tests.database import ADMIN
from tests.faults.dying_run import begin
from tests.processes import Process, eventually, provisioner, worker
from tests.schools.acts import work

pytestmark = pytest.mark.processes
WHENS = ("before", "after")


def killed(what, number, when, database, tmp_path):
    """Whether the process was killed at that commit; it ends by itself when it makes fewer."""
    log = tmp_path / f"{what}-{number}-{when}.log"
    words = ["-m", "tests.faults.dying_run", what, str(number), when]
    ended = Process(words, database, log, PROCESS="provisioner", WORKFLOW_LEASE_SECONDS="600").ended()
    assert ended in (-signal.SIGKILL, 3), log.read_text()
    return ended == -signal.SIGKILL


def leases_run_out():
    Step.objects.filter(state="running").update(leased_until=timezone.now() - timedelta(seconds=1))


def assert_whole(onboarding, database):
    """One school with its people, once each, and nothing of it left over anywhere."""
    school = School.objects.select_related("placement").get(pk=onboarding.school)
    assert School.objects.filter(name=onboarding.name).count() == 1 and school.state == "active"
    with school_scope(school.ref()):
        assert sorted(one.id for one in Staff.objects.all()) == sorted([onboarding.admin, onboarding.officer])
        assert SchoolProfile.objects.count() == 1
        assert Event.objects.filter(kind="people.staff_hired").count() == 2
    held = Membership.objects.filter(school=school)
    assert sorted(held.values_list("role", "person")) == [
        ("gate_officer", onboarding.officer), ("school_admin", onboarding.admin)
    ]  # fmt: skip
    assert Login.objects.filter(memberships__school=school).distinct().count() == 2
    assert not Draft.objects.filter(pk=onboarding.pk).exists()
    told = PlatformEvent.objects.filter(school=school.id).values_list("kind", flat=True)
    assert sorted(told) == [
        "identity.role_given", "identity.role_given", "schools.onboarding_started", "schools.people_taken_on",
        "schools.provisioned",
    ]  # fmt: skip
    assert set(Step.objects.filter(run=onboarding.pk).values_list("state", flat=True)) == {"done"}
    assert Welcome.objects.filter(onboarding=onboarding).count() == 1
    assert Run.objects.filter(workflow="schools.welcome", key=str(onboarding.pk)).count() == 1


def more_than(number):
    return onboardings().filter(state="complete").count() > number


def onboardings():
    return Run.objects.filter(workflow="schools.onboarding")


def assert_no_leftovers(database):
    """Every school's schema and role belongs to a school of the directory."""
    kept = set(SchoolPlacement.objects.values_list("role", flat=True))
    with psycopg.connect(ADMIN, dbname=database) as admin:
        schemas = {name for (name,) in admin.execute("SELECT nspname FROM pg_namespace WHERE nspname ~ '^t_'")}
        granted = admin.execute(
            "SELECT DISTINCT r.rolname FROM pg_roles r JOIN pg_shdepend s ON s.refobjid = r.oid"
            " WHERE r.rolname ~ '^t_' AND s.dbid = (SELECT oid FROM pg_database WHERE datname = %s)", [database]
        )  # fmt: skip
        assert schemas == kept and {name for (name,) in granted} <= kept


def test_a_kill_around_each_commit_of_the_work_leaves_one_whole_school(real_commits, tmp_path):
    points = 0
    for number in range(1, 40):
        deaths = []
        for when in WHENS:
            begun = begin(f"w{number}{when}").onboarding
            deaths.append(killed("work", number, when, real_commits, tmp_path))
            leases_run_out()
            work()
            assert_whole(begun, real_commits)
        points += sum(deaths)
        if not any(deaths):
            break
    assert_no_leftovers(real_commits)
    # Three claims, three closes, and the two visits to the school, each before and after; the database is the same
    # for all, so a process that comes later than the last commit ends by itself.
    assert points >= 16, points


def test_a_kill_around_each_commit_of_the_request_leaves_one_run_when_it_is_asked_again(real_commits, tmp_path):
    points = 0
    for number in range(1, 10):
        deaths = [killed("begin", number, when, real_commits, tmp_path) for when in WHENS]
        for when in WHENS:
            mark = f"kill-{number}-{when}"
            again = begin(mark)
            assert Onboarding.objects.filter(name=f"School {mark}").count() == 1
            assert Draft.objects.filter(pk=again.onboarding.pk).count() == 1
        points += sum(deaths)
        if not any(deaths):
            break
    assert points == 2  # one commit: all of it or nothing
    work()
    assert set(onboardings().values_list("state", flat=True)) == {"complete"}
    for onboarding in Onboarding.objects.all():
        assert_whole(onboarding, real_commits)


def test_killed_processes_are_started_again_and_finish_what_was_begun(real_commits, tmp_path):
    """The real provisioner and worker, killed again and again while ten schools come in."""
    begun = [begin(f"many{number}").onboarding for number in range(10)]
    lease = {"WORKFLOW_LEASE_SECONDS": "2"}
    for turn in range(2):
        logs = tmp_path / f"p{turn}.log", tmp_path / f"w{turn}.log"
        with provisioner(real_commits, logs[0], **lease) as one, worker(real_commits, logs[1], **lease) as two:
            eventually(partial(more_than, turn), "some of the schools", log=one.log)
            one.kill()
            two.kill()
    assert onboardings().exclude(state="complete").exists(), "the kills came too late to show anything"
    with provisioner(real_commits, tmp_path / "p.log", **lease) as one, worker(real_commits, tmp_path / "w.log"):
        eventually(partial(more_than, 9), "all of the schools", log=one.log, seconds=120)
    for onboarding in begun:
        assert_whole(onboarding, real_commits)
    assert_no_leftovers(real_commits)
