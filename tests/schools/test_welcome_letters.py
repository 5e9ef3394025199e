"""The letters of a school's first thirty days: when each goes and in which words, and what makes it stop or wait."""

import json
from datetime import timedelta

import pytest

from shared_apps.audit.models import PlatformEvent
from shared_apps.identity.models import Login, Membership
from shared_apps.post.models import Letter
from shared_apps.post.services import mailbox, write
from shared_apps.schools import rules
from shared_apps.schools.models import Milestone, Onboarding, Standing, Welcome
from shared_apps.schools.rules import DRIP, Fate
from shared_apps.schools.services import welcome_letters
from shared_apps.workflows.models import Run, Step
from tenant_apps.people.models import Staff
from tenants.cells import CellDown
from tenants.models import School, SchoolState
from tenants.scope import school_scope
from tests.schools.after_go import BARE, LETTERS, WELL, Month, named
from tests.workflows.plans import START

pytestmark = pytest.mark.usefixtures("world_db")
DAY = timedelta(days=1)


def set_state(month, state):
    """Suspend or take up again, as the platform writes it down."""
    School.objects.filter(pk=month.cast.ref.id).update(state=state)
    Standing.objects.create(school_id=month.cast.ref.id, state=state, at=month.clock(), by="test")


def test_thirty_days_of_a_school_that_does_nothing_are_five_letters_and_a_follow_up(greenfield):
    month = Month(greenfield)
    month.on(31)
    assert month.subjects() == named("welcome", "roster", "scan", "delivery", "outcome")
    assert [round(day) for day, _ in month.mails()] == [0, 3, 7, 14, 30]
    assert month.welcome.verdict == "needs_follow_up" and Run.objects.get(pk=month.welcome.run_id).state == "complete"
    assert month.work() == 0


def test_each_letter_stops_when_its_milestone_is_reached(greenfield):
    month = Month(greenfield)
    month.on(2)
    month.told = BARE | {"active_learners": 5, "learners": 5}
    month.on(6)
    assert month.subjects() == named("welcome", "scan")
    month.told = BARE | {"last_gate_activity": START + 8 * DAY, "sent_week": 3}
    month.on(1)
    month.told = BARE  # a week without messages does not take it back
    month.on(23)
    assert month.subjects() == named("welcome", "scan", "outcome")
    assert month.fates() == {
        "welcome": "send", "roster": "reached", "scan": "send", "delivery": "reached", "outcome": "send"
    }  # fmt: skip


def test_a_school_that_is_live_gets_the_welcome_alone(greenfield):
    month = Month(greenfield, WELL)
    month.on(31)
    assert month.subjects() == named("welcome") and month.welcome.verdict == "live"


@pytest.mark.parametrize("away", [1, 4, 8, 13.5, 15, 29, 33, 60])
def test_after_an_outage_at_most_one_letter_goes(greenfield, away):
    month = Month(greenfield)
    month.on(0.5)
    before = len(month.mails())
    month.away(away)
    month.work()
    month.clock.on(hours=2)
    month.work()
    assert len(month.mails()) - before <= 1, month.subjects()


def test_after_an_outage_the_latest_letter_is_the_one_that_goes(greenfield):
    month = Month(greenfield)
    month.on(1)
    month.away(14)  # it is day 15
    assert month.subjects() == named("welcome", "delivery")
    assert month.fates() == {"welcome": "send", "roster": "late", "scan": "late", "delivery": "send"}


def test_letters_that_wait_for_the_mail_server_do_not_leave_together(greenfield, settings, monkeypatch):
    month = Month(greenfield)
    monkeypatch.setattr("tests.schools.after_go.post.drain", lambda now: 0)
    month.on(8)
    monkeypatch.undo()
    month.work()
    assert month.subjects() == named("scan") and Letter.objects.count() == 3


@pytest.mark.parametrize("timer", DRIP, ids=lambda timer: timer.name)
def test_no_letter_may_be_so_late_that_the_next_one_is_due(timer):
    following = [other.after for other in DRIP if other.after > timer.after]
    assert all(timer.after + timer.late < after for after in following)
    assert all(rules.stale_at(timer, START + timer.after) <= START + after for after in following)


@pytest.mark.parametrize(
    ("hours", "reached", "expected"),
    [
        (-1, False, Fate.WAIT), (-1, True, Fate.WAIT), (0, False, Fate.SEND), (0, True, Fate.REACHED),
        (0, None, Fate.UNKNOWN), (72, False, Fate.SEND), (73, False, Fate.LATE), (73, None, Fate.LATE),
        (73, True, Fate.REACHED),
    ],
)  # fmt: skip
def test_what_becomes_of_a_letter(hours, reached, expected):
    timer = rules.Timer("roster", 3 * DAY, 3 * DAY, "roster")
    now = START + timedelta(hours=hours)
    assert rules.fate(timer, due=START, now=now, reached=reached) is expected


def test_nobody_is_told_that_something_is_missing_while_that_is_not_known(greenfield):
    month = Month(greenfield, told=None)
    month.on(4)
    assert month.subjects() == named("welcome")
    month.told = BARE
    month.on(0.5)
    assert month.subjects() == named("welcome", "roster")


def test_a_suspended_schools_time_stands_still_and_nothing_floods_when_it_is_taken_up_again(greenfield):
    month = Month(greenfield)
    month.on(5)
    set_state(month, SchoolState.DISABLED)
    month.on(20)
    assert month.subjects() == named("welcome", "roster") and month.welcome.evaluated_at is None
    set_state(month, SchoolState.ACTIVE)
    month.on(1)
    assert month.subjects() == named("welcome", "roster")
    month.on(25)
    assert [round(day) for day, _ in month.mails()] == [0, 3, 27, 34, 50]
    assert month.welcome.evaluated_at >= START + 50 * DAY


def test_a_letter_that_was_due_before_a_suspension_waits_for_its_end(greenfield):
    month = Month(greenfield)
    month.on(2.75)
    month.clock.on(hours=8)  # due two hours ago, and nothing ran since
    set_state(month, SchoolState.DISABLED)
    month.on(2)
    assert month.subjects() == named("welcome")
    set_state(month, SchoolState.ACTIVE)
    month.on(0.25)
    assert month.subjects() == named("welcome", "roster")


def test_a_letter_goes_to_the_first_admin_in_their_language_and_the_platform_keeps_no_address(greenfield):
    month = Month(greenfield)
    Login.objects.filter(memberships__person=greenfield.staff["admin"].id).update(language="zu")
    month.clock.on(hours=1)
    month.work()
    (mail,) = mailbox(to="admin@greenfield.example")
    assert mail["language"] == "zu" and greenfield.ref.name in mail["text"] and "/login" in mail["text"]
    tables = Run, Step, Onboarding, Welcome, Milestone
    kept = json.dumps([list(table.objects.values()) for table in tables], default=str)
    kept += json.dumps(list(PlatformEvent.objects.filter(kind__startswith="schools.").values()), default=str)
    letter = Letter.objects.get()
    assert "@" not in kept and greenfield.canary not in kept
    assert bytes(letter.to_sealed) == bytes(letter.facts_sealed) == b""


@pytest.mark.parametrize("language", ["en", "af", "zu"])
@pytest.mark.parametrize("name", LETTERS)
def test_every_letter_is_written_in_every_language(name, language):
    subject, body = write(f"schools/{name}", {"school": "Karoorand", "missing": "learners gate"}, language=language)
    assert (subject == LETTERS[name]) == (language == "en") and "Karoorand" in body and "/login" in body
    assert body.count("\n- ") == (2 if name == "outcome" else 0)


def test_without_an_admin_or_an_address_nothing_is_sent_and_that_is_kept(greenfield, riverside):
    month, other = Month(greenfield), Month(riverside)
    with school_scope(greenfield.ref):
        Staff.objects.filter(pk=greenfield.staff["admin"].id).update(active=False)
    Membership.objects.filter(school=riverside.ref.id, role="school_admin").update(active=False)
    month.on(1)
    other.on(1)
    assert month.fates() == {"welcome": "no_address"} and other.fates() == {"welcome": "no_admin"}
    assert not Letter.objects.exists()


def test_a_school_that_does_not_answer_is_asked_again_and_the_run_does_not_break(greenfield, monkeypatch):
    month = Month(greenfield)

    def silent(*args, **kwargs):
        raise CellDown

    monkeypatch.setattr(welcome_letters, "ask", silent)
    month.on(1)
    assert month.subjects() == [] and Step.objects.get(name="welcome", run=month.welcome.run_id).state == "waiting"
    monkeypatch.undo()
    month.on(0.25)
    assert month.subjects() == named("welcome")
