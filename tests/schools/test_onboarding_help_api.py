"""`POST /api/operator/onboardings/{id}/{retry,resume,take-up}`: works / wrong role / not found / twice."""

from datetime import timedelta

import pytest
from django.utils import timezone

from shared_apps.schools.services import onboarding_steps
from shared_apps.workflows.models import Run, Step
from shared_apps.workflows.services.advance import advance
from shared_apps.workflows.services.registry import Lane
from tenants.ids import new_id
from tests.schools.acts import Clock, post, work

ACTS = ("retry", "resume", "take-up")
commits = pytest.mark.usefixtures("real_commits")
rolled_back = pytest.mark.usefixtures("world_db")


@pytest.fixture
def operator(signed_in):
    return signed_in("operator@example.com")


def act(client, key, what, **body):
    return client.post(f"/api/operator/onboardings/{key}/{what}", body, content_type="application/json")


@commits
def test_a_step_that_was_given_up_is_tried_again(operator, monkeypatch):
    key = post(operator).json()["id"]

    def fail(*args, **kwargs):
        raise RuntimeError

    with monkeypatch.context() as away:
        away.setattr(onboarding_steps, "ask", fail)
        work(Clock(at=timezone.now() + timedelta(days=1), step=timedelta(hours=1)))
    assert Run.objects.get().state == "partial_failure"
    answer = act(operator, key, "retry")
    assert answer.status_code == 200 and answer.json()["state"] == "running"
    assert act(operator, key, "retry").status_code == 409
    work(Clock(at=timezone.now() + timedelta(days=2)))
    assert operator.get(f"/api/operator/onboardings/{key}").json()["state"] == "complete"


@rolled_back
def test_one_that_stands_still_goes_on(operator):
    key = post(operator).json()["id"]
    Step.objects.filter(position=0).update(wake_at=timezone.now() - timedelta(minutes=10))
    assert act(operator, key, "resume").status_code == 200 and Step.objects.get(position=0).fence == 1


@commits
def test_a_cancelled_one_is_taken_up_once(operator):
    key = post(operator).json()["id"]
    assert advance(Lane.PROVISIONER, clock=Clock())
    assert act(operator, key, "cancel", leaves="school").json()["state"] == "partial_failure"
    assert act(operator, key, "take-up").json()["state"] == "running"
    assert act(operator, key, "take-up").status_code == 409
    work()
    assert Run.objects.get(workflow="schools.onboarding").state == "complete"


@rolled_back
def test_what_does_not_fit_or_is_not_there_is_refused(operator):
    key = post(operator).json()["id"]
    assert act(operator, key, "retry").status_code == act(operator, key, "take-up").status_code == 409
    act(operator, key, "cancel", leaves="nothing")
    assert [act(operator, key, what).status_code for what in ACTS] == [409] * 3  # nothing was made: start again
    for nobody in (new_id(), "nonsense"):
        assert [act(operator, nobody, what).status_code for what in ACTS] == [404] * 3


@rolled_back
@pytest.mark.parametrize("email", ["gauteng@example.com", "finance@example.com", "admin@greenfield.example"])
def test_others_may_not(operator, signed_in, email):
    key = post(operator).json()["id"]
    assert [act(signed_in(email), key, what).status_code for what in ACTS] == [403] * 3
    assert Run.objects.get().state == "running"
