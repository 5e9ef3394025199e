"""`GET /api/operator/schools/{id}`, `.../progress`, the counts of the list, and the list of onboardings: works / wrong
role / out of reach / bad input / twice."""

from datetime import timedelta

import pytest
from django.utils import timezone

from shared_apps.deliveries.models import SchoolFigures
from shared_apps.schools.models import Onboarding
from shared_apps.workflows.models import Run, Step
from tenant_apps.messaging.jobs import tell_platform
from tenants.ids import new_id
from tenants.models import School
from tests.schools.acts import BODY, OPERATOR, post
from tests.schools.test_list import add
from tests.schools.test_suspend import post as send
from tests.schools.test_suspend import suspend, url

pytestmark = pytest.mark.usefixtures("world_db")
SCHOOLS, BEGUN = "/api/operator/schools", "/api/operator/onboardings"
FEW = ("gauteng@example.com", "circle@example.com")
NOBODY = ("finance@example.com", "admin@greenfield.example")


@pytest.fixture
def operator(signed_in):
    return signed_in(OPERATOR)


def told(client, cast, what=""):
    answer = client.get(f"{SCHOOLS}/{cast.ref.id}{what}")
    assert answer.status_code == 200, answer.content
    return answer.json()


def test_one_school_says_why_it_was_ever_suspended(operator, greenfield):
    assert told(operator, greenfield)["standings"] == []
    suspend(operator, greenfield, reason="Unpaid account")
    send(operator, url(greenfield, "reactivate"), reason="Paid")
    found = told(operator, greenfield)
    assert (found["slug"], found["state"], found["region"]) == ("greenfield", "active", "ZA-GP-tshwane")
    assert [(one["state"], one["by"], one["reason"]) for one in found["standings"]] == [
        ("active", "Operator", "Paid"), ("disabled", "Operator", "Unpaid account"),
    ]  # fmt: skip
    (row,) = [one for one in operator.get(SCHOOLS).json()["items"] if one["id"] == found["id"]]
    assert row == {name: found[name] for name in row}


def test_progress_is_null_and_not_zero_when_the_school_has_not_told_lately(operator, greenfield):
    assert told(operator, greenfield, "/progress") == {"figures": None, "last_known": None}
    tell_platform(school=greenfield.ref)
    found = told(operator, greenfield, "/progress")
    assert found["figures"] == found["last_known"] and set(found["figures"]) == {
        "as_of", "learners", "active_learners", "classes", "staff", "last_gate_activity",
    }  # fmt: skip
    assert (found["figures"]["learners"], found["figures"]["last_gate_activity"]) == (8, None)
    SchoolFigures.objects.update(as_of=timezone.now() - timedelta(hours=5))
    late = told(operator, greenfield, "/progress")
    assert late["figures"] is None and late["last_known"]["learners"] == 8


@pytest.mark.parametrize("email", FEW)
def test_a_school_out_of_reach_is_404(signed_in, greenfield, riverside, email):
    client = signed_in(email)
    for what in ("", "/progress"):
        assert told(client, greenfield, what)
        for other in (riverside.ref.id, new_id(), "nonsense"):
            assert client.get(f"{SCHOOLS}/{other}{what}").status_code == 404


@pytest.mark.parametrize("email", NOBODY)
def test_others_are_refused(signed_in, greenfield, email):
    client = signed_in(email)
    for path in (f"{SCHOOLS}/{greenfield.ref.id}", f"{SCHOOLS}/{greenfield.ref.id}/progress", BEGUN):
        assert client.get(path).status_code == 403


def test_a_parameter_nobody_knows_is_refused(operator, greenfield):
    for path in (f"{SCHOOLS}/{greenfield.ref.id}?x=1", f"{SCHOOLS}/{greenfield.ref.id}/progress?x=1", f"{BEGUN}?x=1"):
        assert operator.get(path).status_code == 422


# -- counts ------------------------------------------------------------------------------------------------------------


def counts(client, **query):
    return client.get(SCHOOLS, query).json()["counts"]


def test_the_list_counts_each_state_within_reach_and_under_a_search(signed_in, operator):
    add("Baobab Academy", state="disabled")
    add("Acacia College", state="pending", region="ZA-GP")
    assert counts(operator) == {"all": 4, "active": 2, "pending": 1, "disabled": 1} == counts(operator, state="pending")
    assert counts(operator, search="academy") == {"all": 1, "active": 0, "pending": 0, "disabled": 1}
    assert counts(operator, limit=1)["all"] == 4
    assert counts(signed_in("gauteng@example.com")) == {"all": 2, "active": 1, "pending": 1, "disabled": 0}
    assert counts(signed_in("circle@example.com"))["all"] == 1


# -- onboardings -------------------------------------------------------------------------------------------------------


def begin(client, name):
    answer = post(client, {**BODY, "school": {"name": name}})
    assert answer.status_code == 202, answer.content
    return answer.json()["id"]


def test_onboardings_are_listed_newest_first_and_page_by_page(operator):
    made = [begin(operator, f"School {number}") for number in range(5)][::-1]
    first = operator.get(BEGUN, {"limit": 3}).json()
    second = operator.get(BEGUN, {"limit": 3, "cursor": first["next"]}).json()
    assert [row["id"] for row in first["items"] + second["items"]] == made and second["next"] is None
    assert operator.get(BEGUN, {"limit": 5}).json()["next"] is None
    row = first["items"][0]
    begun = Run.objects.get(pk=made[0]).created_at
    assert abs(timezone.datetime.fromisoformat(row.pop("begun_at")) - begun) < timedelta(milliseconds=1)
    assert row == {
        "id": made[0], "name": "School 4", "state": "running", "cancelled": False, "dismissed": False,
        "acknowledged": False,
    }  # fmt: skip


def test_the_list_and_the_onboarding_itself_tell_one_state(operator, riverside):
    begin(operator, "Runs")
    failed, cancelled, half = (
        begin(operator, "Failed"),
        begin(operator, "Nothing stays"),
        begin(operator, "School stays"),
    )
    Run.objects.filter(pk=failed).update(state="failed")
    Run.objects.filter(pk__in=[cancelled, half]).update(state="cancelled")
    Onboarding.objects.filter(pk=half).update(school=riverside.ref.id)
    assert operator.post(f"{BEGUN}/{failed}/dismiss").status_code == 200
    listed = operator.get(BEGUN).json()["items"]
    assert {row["name"]: (row["state"], row["cancelled"], row["dismissed"]) for row in listed} == {
        "Runs": ("running", False, False), "Failed": ("failed", False, True), "Nothing stays": ("failed", True, False),
        "School stays": ("partial_failure", True, False),
    }  # fmt: skip
    for row in listed:
        one = operator.get(f"{BEGUN}/{row['id']}").json()
        assert {name: one[name] for name in ("state", "cancelled", "dismissed")} == {
            name: row[name] for name in ("state", "cancelled", "dismissed")
        }


@pytest.mark.parametrize("query", [{"cursor": "x"}, {"cursor": "\0"}, {"limit": 0}, {"limit": 101}, {"limit": "x"}])
def test_a_page_that_cannot_be_is_refused(operator, query):
    assert operator.get(BEGUN, query).status_code == 422


def test_an_onboarding_says_why_it_stands_and_that_it_stands(operator):
    key = begin(operator, "Stands")
    Step.objects.filter(run=key, position=0).update(
        wake_at=timezone.now() - timedelta(minutes=10), attempts=2, reason="lost"
    )
    one = operator.get(f"{BEGUN}/{key}").json()
    assert one["stalled"] is True and one["steps"][0] == {
        "name": "create_school", "state": "waiting", "attempts": 2, "reason": "lost",
    }  # fmt: skip
    assert operator.post(f"{BEGUN}/{key}/resume").json()["stalled"] is False
    assert School.objects.count() == 2
