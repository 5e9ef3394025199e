"""The operator's pages killed with SIGKILL around every commit they make: what was done is in both histories, once."""

import json
import signal
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from shared_apps.audit.models import PlatformEvent
from shared_apps.identity.models import Login
from shared_apps.identity.services.sign_in import email_hash
from shared_apps.schools import jobs
from shared_apps.schools.models import Draft, Onboarding, SettingsAsked
from shared_apps.schools.services import onboarding_answers, onboarding_drafts, settings
from shared_apps.workflows.models import Run
from tenant_apps.events.models import Event
from tenant_apps.people.models import SchoolProfile
from tenants.problems import Refusal
from tenants.scope import school_scope
from tests import world
from tests.faults import dying_page
from tests.processes import Process
from tests.schools.acts import work

pytestmark = pytest.mark.processes
WHENS = ("before", "after")


def killed(deed, number, when, argument, database, tmp_path):
    """Whether the process was killed at that commit; it ends by itself when it makes fewer."""
    log = tmp_path / f"{deed}-{number}-{when}.log"
    ended = Process(["-m", "tests.faults.dying_page", deed, str(number), when, argument], database, log).ended()
    assert ended in (-signal.SIGKILL, 3), log.read_text()
    return ended == -signal.SIGKILL


def changes_at(cast):
    """What the school says was changed there, and what the platform says."""
    with school_scope(cast.ref):
        own = [json.loads(one)["facts"]["changes"] for one in
               Event.objects.filter(kind="people.settings_changed").values_list("body", flat=True)]  # fmt: skip
        values = SchoolProfile.objects.get()
    told = PlatformEvent.objects.filter(kind=settings.KIND, school=cast.ref.id).values_list("body", flat=True)
    return f"{values.close_time:%H:%M}", own, [json.loads(one)["facts"]["changes"] for one in told]


def later(monkeypatch, passed):
    """The clock's work, when some time has passed."""
    now = timezone.now() + passed
    with monkeypatch.context() as away:
        away.setattr(jobs.timezone, "now", lambda: now)
        jobs.tell()


def reset_settings(cast):
    with school_scope(cast.ref):
        SchoolProfile.objects.update(close_time="17:00", default_language="en")


def test_settings_changed_at_a_school_are_in_both_histories_whenever_the_page_dies(real_commits, tmp_path, monkeypatch):
    cast, points = world.read("greenfield"), 0
    for number in range(1, 10):
        deaths = []
        for when in WHENS:
            reset_settings(cast)
            count = len(changes_at(cast)[1])
            deaths.append(killed("settings", number, when, "greenfield", real_commits, tmp_path))
            later(monkeypatch, timedelta(minutes=5))
            later(monkeypatch, timedelta(minutes=6))
            closes, own, told = changes_at(cast)
            assert own == told and len(own) == count + (closes == "15:30"), (number, when)
            assert closes == "15:30" or deaths[-1]
            later(monkeypatch, timedelta(days=2))
            assert not SettingsAsked.objects.exists() and changes_at(cast)[1:] == (own, told)
        points += sum(deaths)
        if not any(deaths):
            break
    assert points >= 4, points  # the school's commit and the platform's


def test_a_change_the_school_refuses_leaves_no_question(real_commits):
    cast = world.read("greenfield")
    with school_scope(cast.ref):
        SchoolProfile.objects.update(bell="16:00")
    with pytest.raises(Refusal):
        dying_page.change_settings("greenfield")
    assert not SettingsAsked.objects.exists() and changes_at(cast)[1:] == ([], [])


def test_access_that_was_reset_is_in_both_histories_whenever_the_page_dies(real_commits, tmp_path):
    cast = world.read("greenfield")
    for number in range(1, 10):
        deaths = [killed("reset", number, when, "greenfield", real_commits, tmp_path) for when in WHENS]
        with school_scope(cast.ref):
            own = Event.objects.filter(kind="people.access_reset").count()
        told = PlatformEvent.objects.filter(kind="schools.access_reset").count()
        ended = PlatformEvent.objects.filter(kind="identity.ways_in_ended").count()
        assert ended == told <= own, (number, deaths)  # whatever was done, both know; the school may know of a try
        if not any(deaths):
            break
    link = dying_page.reset("greenfield").removeprefix("http://localhost:8000").partition("?")[0]
    assert Client().post(link, {"new": "quiet river walks home"}).status_code == 302


def reviewed(mark):
    """A draft that somebody reviewed on the page."""
    answers = onboarding_answers.checked(
        name=f"School {mark}", timezone="Africa/Johannesburg", close_time="17:00", region="", circle="",
        admin={"name": "Ada Killed", "email": f"ada@{mark}.example", "password": ""}, officer=None,
    )  # fmt: skip
    owner = Login.objects.get(email_hash=email_hash("operator@example.com")).id
    return onboarding_drafts.keep(answers, owner=owner, now=timezone.now())


def test_a_reviewed_beginning_is_one_onboarding_whenever_the_page_dies(real_commits, tmp_path):
    points = 0
    for number in range(1, 10):
        deaths = []
        for when in WHENS:
            draft = reviewed(f"b{number}{when}")
            deaths.append(killed("begin", number, when, str(draft.id), real_commits, tmp_path))
            assert Onboarding.objects.filter(pk=draft.id).count() == Run.objects.filter(pk=draft.id).count()
            for _ in range(2):  # the button again, and the way back
                assert dying_page.begin(str(draft.id)).pk == draft.id
            started = PlatformEvent.objects.filter(kind="schools.onboarding_started", body__contains=str(draft.id))
            assert started.count() == 1 and Draft.objects.filter(pk=draft.id).exists()
        points += sum(deaths)
        if not any(deaths):
            break
    assert points == 2, points  # one commit: all of it or nothing


def test_ways_in_that_a_dying_page_did_not_show_are_made_again_and_only_those_work(real_commits, tmp_path):
    points = 0
    for number in range(1, 10):
        deaths = []
        for when in WHENS:
            key = str(reviewed(f"h{number}{when}").id)
            dying_page.begin(key)
            work()
            deaths.append(killed("hand-over", number, when, key, real_commits, tmp_path))
            shown = Onboarding.objects.get(pk=key).handed_over_at is not None
            told = PlatformEvent.objects.filter(kind="schools.access_handed_over", body__contains=key).count()
            assert told == shown
            (link,) = dying_page.hand_over(key, again=shown)
            path = link.removeprefix("http://localhost:8000").partition("?")[0]
            assert Client().post(path, {"new": "quiet river walks home"}).status_code == 302
        points += sum(deaths)
        if not any(deaths):
            break
    assert points == 4, points  # a visit to the school, which only reads, and the platform's commit
