"""`GET /api/operator/setup-tasks`, `…/{id}/{acknowledge,undo,hand-over}`: works / wrong role / out of reach /
bad input / twice."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from shared_apps.audit.models import PlatformEvent
from shared_apps.identity.models import Login
from shared_apps.schools.models import Onboarding, Welcome
from shared_apps.schools.services import onboarding_check, onboarding_steps
from shared_apps.schools.services.setup_tasks import setup_tasks
from shared_apps.workflows.models import Run, RunState, Step
from tenants import permissions
from tenants.actor import Actor
from tenants.ids import new_id
from tenants.models import School
from tenants.permissions import Permission
from tests.schools.acts import BODY, Clock, post, work
from tests.schools.after_go import Month
from tests.schools.test_onboarding_help import make_admin

rolled_back = pytest.mark.usefixtures("world_db")
commits = pytest.mark.usefixtures("real_commits")
TASKS = "/api/operator/setup-tasks"
VERBS = (("acknowledge", {"confirmed": True}), ("undo", {}), ("hand-over", {"means": "links"}))
BARE = {key: value for key, value in BODY.items() if key != "officer"}


@pytest.fixture
def operator(signed_in):
    return signed_in("operator@example.com")


def at(key, what):
    return f"/api/operator/onboardings/{key}/{what}"


def act(client, key, what, **body):
    return client.post(at(key, what), body, content_type="application/json")


def tasks(client, **query):
    answer = client.get(TASKS, query)
    assert answer.status_code == 200, answer.content
    return answer.json()


@pytest.fixture
def half(operator, monkeypatch):
    """The id of an onboarding whose school is there and whose second step was given up."""
    key = post(operator, BARE).json()["id"]

    def fail(*args, **kwargs):
        raise RuntimeError("a@b.example said no")

    with monkeypatch.context() as away:
        away.setattr(onboarding_steps, "ask", fail)
        work(Clock(at=timezone.now() + timedelta(days=1), step=timedelta(hours=1)))
    assert Run.objects.get(pk=key).state == "partial_failure"
    return key


# -- the list ----------------------------------------------------------------------------------------------------------


@commits
def test_what_was_given_up_is_listed_until_somebody_acknowledges_it(operator, half):
    (task,) = tasks(operator)["items"]
    assert task.pop("since") and task == {
        "kind": "onboarding", "onboarding": half, "name": BODY["school"]["name"], "step": "create_admin",
        "reason": "RuntimeError", "stalled": False, "missing": [],
    }  # fmt: skip
    make_admin()
    assert act(operator, half, "acknowledge", confirmed=True).status_code == 200
    assert tasks(operator) == {"items": [], "next": None}
    assert act(operator, half, "undo").status_code == 200 and len(tasks(operator)["items"]) == 1


@rolled_back
def test_what_stands_still_and_what_is_to_be_followed_up_stand_in_one_list_page_by_page(
    operator, greenfield, riverside
):  # fmt: skip
    Month(greenfield).on(31)
    month = Month(riverside)
    Step.objects.filter(run=month.welcome.run_id, name="welcome").update(wake_at=timezone.now() - timedelta(minutes=10))
    post(operator)
    Step.objects.filter(name="create_school").update(wake_at=timezone.now() - timedelta(minutes=5))
    whole = tasks(operator)["items"]
    assert sorted(one["kind"] for one in whole) == ["follow_up", "onboarding", "welcome"]
    assert [one["since"] for one in whole] == sorted(one["since"] for one in whole)
    by_kind = {one["kind"]: one for one in whole}
    assert by_kind["follow_up"]["missing"] == ["learners", "gate", "deliveries"]
    assert by_kind["welcome"]["stalled"] and by_kind["onboarding"]["stalled"]
    paged, cursor = [], ""
    for _ in range(4):
        page = tasks(operator, limit=1, **({"cursor": cursor} if cursor else {}))
        paged += page["items"]
        cursor = page["next"]
        if cursor is None:
            break
    assert paged == whole


@rolled_back
def test_of_one_moment_none_is_left_out_between_two_pages(operator):
    for number in range(3):
        post(operator, {**BODY, "school": {"name": f"Same {number}"}})
    Step.objects.filter(position=0).update(wake_at=timezone.now() - timedelta(minutes=5))
    first = tasks(operator, limit=2)
    second = tasks(operator, limit=2, cursor=first["next"])
    assert len({one["onboarding"] for one in first["items"] + second["items"]}) == 3 and second["next"] is None


@rolled_back
def test_the_same_list_is_told_to_whoever_reaches_the_school_alone(greenfield, riverside):
    for cast in (greenfield, riverside):
        Month(cast).on(31)
    login = Login.objects.get(memberships__role="regional_admin").id
    gauteng = Actor(kind="person", scope="platform", roles=frozenset({"regional_admin"}), login=login)
    found, _ = setup_tasks(gauteng, after=None, limit=50, now=timezone.now())
    assert [task.name for task in found] == [greenfield.ref.name]


@rolled_back
@pytest.mark.parametrize("query", [{"cursor": "x"}, {"limit": 0}, {"limit": 101}, {"state": "open"}, {"cursor": "\0"}])
def test_a_query_that_makes_no_sense_is_refused(operator, query):
    assert operator.get(TASKS, query).status_code == 422


# -- acknowledge -------------------------------------------------------------------------------------------------------


@commits
def test_an_acknowledgement_needs_an_admin_keeps_its_evidence_and_can_be_undone(operator, half):
    before = operator.get(at(half, "acknowledge")).json()
    assert before["look"]["accounts"] == before["look"]["present"] == 0
    assert before["acknowledged_at"] is before["evidence"] is None
    refused = act(operator, half, "acknowledge", confirmed=True)
    assert (refused.status_code, refused.json()["code"]) == (409, "no_admin")
    make_admin()
    assert operator.get(at(half, "acknowledge")).json()["look"]["present"] == 1
    told = act(operator, half, "acknowledge", confirmed=True).json()
    kept = Onboarding.objects.get()
    assert told["id"] == half and told["acknowledged_at"] and told["evidence"]["present"] == 1
    assert kept.evidence["answered"] is True and School.objects.get(pk=kept.school).state == "active"
    assert Welcome.objects.get().run.state == "running"
    assert PlatformEvent.objects.get(kind="schools.setup_acknowledged").actor == kept.acknowledged_by
    assert act(operator, half, "acknowledge", confirmed=True).json()["code"] == "conflict"
    assert act(operator, half, "undo").json()["evidence"] is None
    assert act(operator, half, "undo").status_code == 409
    assert PlatformEvent.objects.filter(kind="schools.setup_reopened").count() == 1


@commits
def test_a_school_that_does_not_answer_is_told_to_be_unknown(operator, half, monkeypatch):
    def silent(*args, **kwargs):
        raise onboarding_check.CellDown

    monkeypatch.setattr(onboarding_check, "ask", silent)
    look = operator.get(at(half, "acknowledge")).json()["look"]
    assert look["present"] is None and look["answered"] is False


@rolled_back
@pytest.mark.parametrize("body", [{}, {"confirmed": False}, {"confirmed": "yes"}, {"confirmed": True, "force": True}])
def test_nothing_is_acknowledged_without_being_said(operator, body):
    key = post(operator).json()["id"]
    assert act(operator, key, "acknowledge", **body).status_code == 422
    assert Onboarding.objects.get().acknowledged_at is None


# -- hand-over ---------------------------------------------------------------------------------------------------------


@commits
def test_links_are_told_once_and_others_when_asked_again(operator):
    key = post(operator).json()["id"]  # the API made a password, which is in that answer and counts as told
    assert act(operator, key, "hand-over").json()["code"] == "conflict"  # the school is not there yet
    work()
    shown = act(operator, key, "hand-over")
    assert (shown.status_code, shown.json()["code"]) == (409, "shown")
    (slip,) = act(operator, key, "hand-over", again=True).json()["items"]
    assert (slip["role"], slip["email"]) == ("school_admin", BODY["admin"]["email"])
    assert slip["temporary_password"] is None and "/set-password/" in slip["link"]
    (other,) = act(operator, key, "hand-over", again=True, means="links").json()["items"]
    assert Client().get(slip["link"].partition("8000")[2]).status_code == 404  # the lost one stopped working
    path = other["link"].partition("8000")[2]
    assert Client().post(path, {"new": "quiet river walks home"}).status_code == 302
    assert act(operator, key, "hand-over", again=True).json()["items"] == []  # it is theirs now
    handed = PlatformEvent.objects.filter(kind="schools.access_handed_over")
    assert handed.count() == 3 and all("set-password" not in event.body for event in handed)


@commits
def test_temporary_passwords_let_in_and_have_to_be_changed(operator):
    key = post(operator).json()["id"]
    work()
    (slip,) = act(operator, key, "hand-over", again=True, means="passwords").json()["items"]
    assert slip["link"] is None
    entered = Client().post(
        "/api/auth/login", {"email": slip["email"], "password": slip["temporary_password"]},
        content_type="application/json",
    )  # fmt: skip
    client = Client(HTTP_AUTHORIZATION=f"Bearer {entered.json()['access_token']}")
    assert client.get("/api/gates").json()["code"] == "password_change_required"


@rolled_back
@pytest.mark.parametrize("body", [{"means": "paper"}, {"again": "yes"}, {"again": 1}, {"x": 1}, {"means": None}])
def test_a_hand_over_nobody_can_ask_for_is_refused(operator, body):
    key = post(operator).json()["id"]
    assert act(operator, key, "hand-over", **body).status_code == 422


# -- who may not, and what is not there --------------------------------------------------------------------------------


@rolled_back
@pytest.mark.parametrize(
    "email", ["gauteng@example.com", "finance@example.com", "circle@example.com", "admin@greenfield.example"]
)
def test_others_may_not(operator, signed_in, email):
    key, client = post(operator).json()["id"], signed_in(email)
    assert client.get(TASKS).status_code == client.get(at(key, "acknowledge")).status_code == 403
    assert [act(client, key, what, **body).status_code for what, body in VERBS] == [403] * 3
    assert Onboarding.objects.get().acknowledged_at is None


@rolled_back
def test_what_is_not_there_or_out_of_reach_is_not_found(operator, signed_in, riverside, monkeypatch):
    for nobody in (new_id(), "nonsense"):
        assert operator.get(at(nobody, "acknowledge")).status_code == 404
        assert [act(operator, nobody, what, **body).status_code for what, body in VERBS] == [404] * 3
    held = permissions.ROLES["regional_admin"] | {Permission.SCHOOLS_ONBOARD}
    monkeypatch.setitem(permissions.ROLES, "regional_admin", held)
    month = Month(riverside)
    Run.objects.filter(pk=month.onboarding.pk).update(state=RunState.PARTIAL)
    client, key = signed_in("gauteng@example.com"), month.onboarding.pk
    assert client.get(at(key, "acknowledge")).status_code == 404
    assert [act(client, key, what, **body).status_code for what, body in VERBS] == [404] * 3
    assert Onboarding.objects.get().acknowledged_at is None
