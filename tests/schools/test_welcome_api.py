"""`/api/operator/onboardings/{id}/welcome…`, `…/{evaluate,follow-up}`: works / wrong role / out of reach / bad input /
twice."""

from datetime import timedelta

import pytest
from django.utils import timezone

from shared_apps.audit.models import PlatformEvent
from shared_apps.schools.models import Milestone, Welcome
from shared_apps.schools.services import welcome_letters
from shared_apps.workflows.models import Run, Step
from tenants import permissions
from tenants.ids import new_id
from tenants.permissions import Permission
from tests.operator.ground import figures
from tests.schools.acts import post
from tests.schools.after_go import BARE, LETTERS, WELL, Month, named

pytestmark = pytest.mark.usefixtures("world_db")
VERBS = ("welcome/retry", "welcome/resume", "welcome/cancel", "welcome/take-up", "evaluate", "follow-up")


@pytest.fixture
def operator(signed_in):
    return signed_in("operator@example.com")


def at(month, what="welcome"):
    return f"/api/operator/onboardings/{month.onboarding.pk}/{what}"


def act(client, month, what):
    return client.post(at(month, what), content_type="application/json")


def recorded(kind):
    return PlatformEvent.objects.filter(kind=kind).count()


# -- how they stand ----------------------------------------------------------------------------------------------------


def test_all_of_it_is_told_and_telling_writes_nothing(operator, greenfield):
    month, now = Month(greenfield), timezone.now()
    Welcome.objects.update(started_at=now)
    Step.objects.filter(run=month.welcome.run_id).update(wake_at=now + timedelta(days=1))
    figures(greenfield.ref, now=now, **BARE | {"classes": 1})
    told = operator.get(at(month)).json()
    assert told["onboarding"] == str(month.onboarding.pk) and told["state"] == "running" and told["stuck"] is None
    assert {one["name"]: one["state"] for one in told["checklist"]}["class"] == "done"
    assert [one["name"] for one in told["milestones"]] == ["class"] and not Milestone.objects.exists()
    assert told["letters"] == [{"name": name, "fate": None, "at": None} for name in LETTERS]
    assert told["evaluation"]["verdict"] is None and told["evaluation"]["criteria"] == []
    assert told["evaluation"]["due"] > told["started_at"]


def test_after_thirty_days_it_tells_letters_milestones_and_the_verdict_with_its_numbers(operator, greenfield):
    month = Month(greenfield, BARE | {"active_learners": 3, "learners": 3})
    month.on(31)
    told = operator.get(at(month)).json()
    assert told["state"] == "complete" and [one["name"] for one in told["milestones"]] == ["roster"]
    assert {one["name"]: one["fate"] for one in told["letters"]} == month.fates()
    assert all(one["at"] for one in told["letters"])
    assert told["evaluation"]["verdict"] == "needs_follow_up" and told["evaluation"]["followed_up_at"] is None
    criteria = {one["name"]: one for one in told["evaluation"]["criteria"]}
    assert criteria["learners"] == {"name": "learners", "found": "missed", "numbers": {"count": 3, "wanted": 20}}


def test_what_is_not_known_is_told_to_be_unknown(operator, greenfield):
    month = Month(greenfield, told=None)
    told = operator.get(at(month)).json()
    assert {one["state"] for one in told["checklist"] if one["name"] != "email"} == {"unknown"}


# -- what a person may do ----------------------------------------------------------------------------------------------


def test_a_letter_that_was_given_up_is_tried_again_once(operator, greenfield, monkeypatch):
    month = Month(greenfield)
    month.on(1)

    def fail(*args, **kwargs):
        raise RuntimeError("a@b.example said no")

    with monkeypatch.context() as away:
        away.setattr(welcome_letters, "reached", fail)
        month.on(3)
    stuck = operator.get(at(month)).json()["stuck"]
    assert (stuck["step"], stuck["reason"], stuck["stalled"]) == ("roster", "RuntimeError", False)
    assert act(operator, month, "welcome/resume").status_code == 409
    answer = act(operator, month, "welcome/retry")
    assert answer.status_code == 200 and answer.json()["stuck"] is None and answer.json()["state"] == "running"
    assert act(operator, month, "welcome/retry").status_code == 409 and recorded("workflows.step_retried") == 1
    Step.objects.filter(run=month.welcome.run_id, state="waiting").update(wake_at=month.clock())
    month.work()
    assert month.subjects() == named("welcome", "roster")


def test_what_stands_still_goes_on(operator, greenfield):
    month = Month(greenfield)
    Step.objects.filter(run=month.welcome.run_id, name="welcome").update(wake_at=timezone.now() - timedelta(minutes=10))
    assert operator.get(at(month)).json()["stuck"]["stalled"] is True
    assert act(operator, month, "welcome/retry").status_code == 409
    assert act(operator, month, "welcome/resume").json()["stuck"] is None
    assert Step.objects.get(run=month.welcome.run_id, name="welcome").fence == 1


def test_they_are_cancelled_once_and_taken_up_once(operator, greenfield):
    month = Month(greenfield)
    month.on(1)
    answer = act(operator, month, "welcome/cancel")
    assert answer.status_code == 200 and answer.json()["state"] == "cancelled"
    assert [one["fate"] for one in answer.json()["letters"]] == ["send", *["cancelled"] * 4]
    assert act(operator, month, "welcome/cancel").status_code == 409 and recorded("workflows.run_cancelled") == 1
    month.on(9)
    assert month.subjects() == named("welcome")
    assert act(operator, month, "welcome/take-up").json()["state"] == "running"
    assert act(operator, month, "welcome/take-up").status_code == 409 and recorded("workflows.run_taken_up") == 1


def test_a_school_is_evaluated_again_and_what_is_missing_is_followed_up_once(operator, greenfield):
    month = Month(greenfield)
    assert act(operator, month, "evaluate").status_code == act(operator, month, "follow-up").status_code == 409
    month.on(31)
    answer = act(operator, month, "follow-up")
    assert answer.status_code == 200 and answer.json()["evaluation"]["followed_up_at"]
    assert act(operator, month, "follow-up").status_code == 409 and recorded("schools.go_live_followed_up") == 1
    figures(greenfield.ref, now=timezone.now(), **WELL)
    again = act(operator, month, "evaluate").json()["evaluation"]
    assert again["verdict"] == "live" and again["followed_up_at"] is None
    assert act(operator, month, "evaluate").json()["evaluation"]["verdict"] == "live"
    assert {one["found"] for one in again["criteria"]} == {"met"}
    assert act(operator, month, "follow-up").status_code == 409


# -- who may not, and what is not there --------------------------------------------------------------------------------


def test_before_they_have_begun_there_is_nothing_to_tell_or_to_do(operator):
    key = post(operator).json()["id"]
    for nobody in (key, new_id(), "nonsense"):
        here = f"/api/operator/onboardings/{nobody}"
        assert operator.get(f"{here}/welcome").status_code == 404
        answers = [operator.post(f"{here}/{what}", content_type="application/json").status_code for what in VERBS]
        assert answers == ([404] * 4 + [409] * 2 if nobody == key else [404] * 6)
    assert Run.objects.get().state == "running"


@pytest.mark.parametrize(
    "email", ["gauteng@example.com", "finance@example.com", "circle@example.com", "admin@greenfield.example"]
)
def test_others_may_not(signed_in, greenfield, email):
    month = Month(greenfield)
    month.on(31)
    client = signed_in(email)
    assert client.get(at(month)).status_code == 403
    assert [act(client, month, what).status_code for what in VERBS] == [403] * 6
    assert month.welcome.followed_up_at is None


def test_who_may_but_does_not_reach_the_school_finds_nothing(signed_in, greenfield, riverside, monkeypatch):
    held = permissions.ROLES["regional_admin"] | {Permission.SCHOOLS_ONBOARD}
    monkeypatch.setitem(permissions.ROLES, "regional_admin", held)
    here, elsewhere = Month(greenfield), Month(riverside)
    client = signed_in("gauteng@example.com")
    assert client.get(at(here)).status_code == 200 and client.get(at(elsewhere)).status_code == 404
    assert [act(client, elsewhere, what).status_code for what in VERBS] == [404] * 6
    assert Run.objects.get(pk=elsewhere.welcome.run_id).state == "running"


def test_a_query_that_nobody_knows_is_refused(operator, greenfield):
    month = Month(greenfield)
    assert operator.get(f"{at(month)}?x=1").status_code == 422
    answer = operator.post(f"{at(month, 'welcome/cancel')}?x=1", content_type="application/json")
    assert answer.status_code == 422 and Run.objects.get(pk=month.welcome.run_id).state == "running"
