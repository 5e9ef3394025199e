"""The first thirty days of a school: the checklist, the evaluation, what it leaves to do, and the pages."""

import json
import re
from datetime import timedelta

import pytest
from django.utils import timezone

from shared_apps.audit.models import PlatformEvent
from shared_apps.deliveries.services.read import figures_of
from shared_apps.identity.models import Login
from shared_apps.post.services import mailbox
from shared_apps.schools.models import Milestone, Welcome
from shared_apps.schools.services import go_live, onboarding_end, welcome, welcome_help, welcome_letters
from shared_apps.schools.services.checklist import checklist
from shared_apps.schools.services.criteria import criteria
from shared_apps.schools.services.follow_ups import follow_ups
from shared_apps.workflows.models import Run
from tenants.actor import Actor
from tenants.ids import new_id
from tenants.problems import Refusal
from tests.operator.ground import figures
from tests.schools.acts import work
from tests.schools.after_go import BARE, LETTERS, WELL, Month, named
from tests.schools.test_onboarding_pages import create, text
from tests.workflows.plans import START

pytestmark = pytest.mark.usefixtures("world_db")
OPERATOR = Actor(kind="person", scope="platform", roles=frozenset({"operator"}))
DAY = timedelta(days=1)


# -- the checklist -----------------------------------------------------------------------------------------------------


def states(month):
    return {item.name: item.state for item in checklist(month.onboarding, now=month.clock())}


def test_the_checklist_says_what_is_done_due_overdue_or_not_known(greenfield, settings):
    month = Month(greenfield, told=None)
    assert states(month) == {
        "email": "done", "class": "unknown", "roster": "unknown", "scan": "unknown", "delivery": "unknown"
    }  # fmt: skip
    month.told = BARE | {"classes": 1}
    month.publish()
    assert states(month) == {"email": "done", "class": "done", "roster": "due", "scan": "due", "delivery": "due"}
    month.on(8)
    assert states(month) == {
        "email": "done", "class": "done", "roster": "overdue", "scan": "overdue", "delivery": "due"
    }  # fmt: skip
    month.clock.on(hours=2)  # nothing was published since
    assert states(month)["class"] == "done" and states(month)["roster"] == "unknown"
    settings.ENVIRONMENT, settings.EMAIL_URL = "production", ""
    assert states(month)["email"] == "overdue"


def test_milestones_are_noticed_once_in_a_fixed_number_of_statements(greenfield, riverside, django_assert_num_queries):
    Month(greenfield, WELL).publish()
    other = Month(riverside, BARE)
    other.publish()
    with django_assert_num_queries(9):
        assert welcome.notice(now=START) == 4
    assert welcome.notice(now=START) == 0 and Milestone.objects.count() == 4
    assert set(states(other).values()) == {"done", "due"}


# -- live? -------------------------------------------------------------------------------------------------------------


def found(school, **changed):
    figures(school.ref, now=START, **(WELL | changed))
    told = figures_of([school.ref.id], now=START)[school.ref.id]
    return {one.name: (one.found, one.numbers) for one in criteria(told, now=START)}


@pytest.mark.parametrize(
    ("name", "changed", "verdict", "numbers"),
    [
        ("learners", {"active_learners": 20}, "met", {"count": 20, "wanted": 20}),
        ("learners", {"active_learners": 19}, "missed", {"count": 19, "wanted": 20}),
        ("gate", {"gate_days_used": 8}, "met", {"used": 8, "days": 10, "wanted": 80}),
        ("gate", {"gate_days_used": 7}, "missed", {"used": 7, "days": 10, "wanted": 80}),
        ("gate", {"gate_days_used": 4, "gate_days": 5}, "met", {"used": 4, "days": 5, "wanted": 80}),
        ("gate", {"gate_days_used": 0, "gate_days": 0}, "unknown", {"used": 0, "days": 0, "wanted": 80}),
        ("gate", {"gate_days_used": None, "gate_days": None}, "unknown", {"used": None, "days": None, "wanted": 80}),
        ("deliveries", {"sent_week": 95, "failed_week": 5}, "met",
         {"sent": 95, "failed": 5, "share": 95.0, "wanted": 95}),
        ("deliveries", {"sent_week": 949, "failed_week": 51}, "missed",
         {"sent": 949, "failed": 51, "share": 94.9, "wanted": 95}),
        ("deliveries", {"sent_week": 0, "failed_week": 0}, "missed",
         {"sent": 0, "failed": 0, "share": None, "wanted": 95}),
        ("dead_letters", {}, "met", {"count": 0, "hours": None}),
        ("dead_letters", {"dead": 2, "dead_since": START - DAY}, "met", {"count": 2, "hours": 24}),
        ("dead_letters", {"dead": 2, "dead_since": START - 25 * DAY / 24}, "missed", {"count": 2, "hours": 25}),
        ("figures_fresh", {}, "met", {"minutes": 0}),
    ],
)  # fmt: skip
def test_each_criterion_and_its_numbers(greenfield, name, changed, verdict, numbers):
    assert found(greenfield, **changed)[name] == (verdict, numbers)


def test_without_figures_nothing_else_is_known(greenfield):
    month = Month(greenfield, told=None)
    month.on(29)
    month.on(1.5)
    assert month.welcome.evaluated_at is None  # a day is waited for figures
    month.on(1)
    assert month.welcome.verdict == "needs_follow_up"
    assert [(one["name"], one["found"]) for one in month.welcome.criteria] == [
        ("figures_fresh", "missed"), ("learners", "unknown"), ("gate", "unknown"), ("deliveries", "unknown"),
        ("dead_letters", "unknown"),
    ]  # fmt: skip


def test_the_evaluation_is_recorded_with_its_evidence(greenfield):
    month = Month(greenfield, WELL | {"active_learners": 3})
    month.on(31)
    (event,) = PlatformEvent.objects.filter(kind="schools.go_live_evaluated")
    told = json.loads(event.body)["facts"]
    assert told["verdict"] == "needs_follow_up" and event.school == greenfield.ref.id
    assert told["criteria"] == month.welcome.criteria
    assert {"name": "learners", "found": "missed", "numbers": {"count": 3, "wanted": 20}} in told["criteria"]
    (mail,) = [one for one in mailbox() if one["subject"] == LETTERS["outcome"]]
    assert "Only a few learners are active" in mail["text"] and "The gate is not used" not in mail["text"]


def test_what_is_missing_needs_help_until_somebody_saw_to_it_or_it_is_there(greenfield, riverside):
    months = Month(greenfield), Month(riverside, WELL)
    for month in months:
        month.on(31)
    (one,) = follow_ups(OPERATOR)
    assert (one.id, one.name) == (months[0].onboarding.pk, greenfield.ref.name)
    assert one.criteria == ["learners", "gate", "deliveries"]
    now = months[0].clock()
    go_live.follow_up(months[0].onboarding, by=OPERATOR, now=now)
    assert follow_ups(OPERATOR) == []
    with pytest.raises(Refusal) as refused:
        go_live.follow_up(months[0].onboarding, by=OPERATOR, now=now)
    assert refused.value.status == 409
    assert go_live.again(months[0].onboarding, by=OPERATOR, now=now) == "needs_follow_up"
    assert len(follow_ups(OPERATOR)) == 1
    figures(greenfield.ref, now=now, **WELL)
    assert go_live.again(months[0].onboarding, by=OPERATOR, now=now) == "live" and follow_ups(OPERATOR) == []


def test_only_who_reaches_a_school_is_told_of_it(greenfield, riverside):
    for cast in (greenfield, riverside):
        Month(cast).on(31)
    login = Login.objects.get(memberships__role="regional_admin").id
    gauteng = Actor(kind="person", scope="platform", roles=frozenset({"regional_admin"}), login=login)
    assert [one.name for one in follow_ups(gauteng)] == [greenfield.ref.name]
    assert len(follow_ups(OPERATOR)) == 2


def test_thirty_days_that_broke_off_need_help_and_go_on_after_a_retry(greenfield, monkeypatch):
    month = Month(greenfield)
    month.on(1)

    def broken(*args, **kwargs):
        raise RuntimeError("somebody@example.com")

    monkeypatch.setattr(welcome_letters, "reached", broken)
    month.on(3)
    monkeypatch.undo()
    (one,) = welcome_help.stuck_welcomes(OPERATOR, now=month.clock())
    assert (one.id, one.step, one.reason, one.stalled) == (month.onboarding.pk, "roster", "RuntimeError", False)
    welcome_help.retry(month.onboarding, by=OPERATOR, now=month.clock())
    month.work()
    assert welcome_help.stuck_welcomes(OPERATOR, now=month.clock()) == [] and month.subjects() == named(
        "welcome", "roster"
    )


# -- how it begins, and the pages --------------------------------------------------------------------------------------


@pytest.mark.usefixtures("real_commits")
def test_a_provisioned_school_begins_its_thirty_days_once(browse):
    client = browse()
    here = create(client)
    assert not Welcome.objects.exists() and "Checklist" not in text(client.get(here))
    work()
    begun = Welcome.objects.get()
    assert str(begun.onboarding_id) == here.rpartition("/")[2]
    assert Run.objects.get(pk=begun.run_id).workflow == "schools.welcome"
    welcome.begin(begun.onboarding_id, timezone.now())
    assert Run.objects.filter(workflow="schools.welcome").count() == 1
    page = text(client.get(here))
    assert "Checklist" in page and "First scan at the gate" in page and "Activity temporarily unavailable" in page


def test_an_onboarding_that_failed_begins_nothing():
    for state in ("failed", "partial_failure", "cancelled"):
        onboarding_end.ended(new_id(), state, START)
    assert not Run.objects.filter(workflow="schools.welcome").exists()


def test_the_page_the_list_and_the_console_show_it_and_both_buttons_work(browse, greenfield):
    month = Month(greenfield)
    month.on(31)
    client, here = browse(), f"/operator/onboardings/{month.onboarding.pk}"
    page = text(client.get(here))
    assert re.search(r'data-item="roster" data-state="(due|overdue|unknown)"', page)
    assert "Active learners: 0, wanted: 20" in page and "Needs follow-up" in page and "Handed to the post" in page
    assert "Schools that need follow-up" in text(client.get("/operator/onboardings"))
    assert f"School needs follow-up: {greenfield.ref.name}" in text(client.get("/operator"))
    assert client.get(f"{here}/follow-up").status_code == client.get(f"{here}/evaluate").status_code == 302
    assert client.send(f"{here}/follow-up")["Location"] == f"{here}?saved=followed_up"
    assert client.send(f"{here}/follow-up").status_code == 409
    assert "Schools that need follow-up" not in text(client.get("/operator/onboardings"))
    assert f"School needs follow-up: {greenfield.ref.name}" not in text(client.get("/operator"))
    figures(greenfield.ref, now=timezone.now(), **WELL)
    assert client.send(f"{here}/evaluate")["Location"] == f"{here}?saved=evaluated"
    page = text(client.get(f"{here}?saved=evaluated"))
    assert "School evaluated again." in page and re.search(r"chip[^>]*>.{0,200}Live", page)
    told = PlatformEvent.objects.filter(kind="schools.go_live_followed_up").count()
    assert told == 1 and PlatformEvent.objects.filter(kind="schools.go_live_evaluated").count() == 2


def test_before_the_first_evaluation_there_is_nothing_to_evaluate_again(browse, greenfield):
    month, client = Month(greenfield), browse()
    here = f"/operator/onboardings/{month.onboarding.pk}"
    assert "The school is evaluated after 30 days." in text(client.get(here))
    assert client.send(f"{here}/evaluate").status_code == client.send(f"{here}/follow-up").status_code == 409
    assert client.send(f"/operator/onboardings/{new_id()}/evaluate").status_code == 404
    assert client.send("/operator/onboardings/nonsense/follow-up").status_code == 404


@pytest.mark.parametrize("email", ["gauteng@example.com", "finance@example.com", "admin@greenfield.example"])
def test_others_may_do_nothing_here(browse, greenfield, email):
    month = Month(greenfield)
    month.on(31)
    client, here = browse(email), f"/operator/onboardings/{month.onboarding.pk}"
    assert client.send(f"{here}/evaluate").status_code == client.send(f"{here}/follow-up").status_code == 403
    assert month.welcome.followed_up_at is None
