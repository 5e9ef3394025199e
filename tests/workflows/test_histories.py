"""Recorded histories are replayed: at every point of one, the code of today takes over and comes to the same end."""

import os
from datetime import timedelta

import pytest
from django.utils import timezone

from shared_apps.schools.services import onboarding_steps
from shared_apps.workflows.services.registry import StepError, workflow_named
from tests.schools.acts import BODY, OPERATOR, Clock, post
from tests.workflows import histories

RECORDED = histories.read()
# What went wrong while a history was recorded goes wrong again: so many times the school does not answer.
FAULTS = {"plain": 0, "school-away-twice": 2, "given-up": 5}


@pytest.fixture
def school_away(monkeypatch):
    """`school_away(2)`: the next two visits to the new school fail."""
    real = onboarding_steps.ask

    def away(times):
        left = [times]

        def ask(*args, **kwargs):
            if left[0] > 0:
                left[0] -= 1
                raise StepError("school_unavailable")
            return real(*args, **kwargs)

        monkeypatch.setattr(onboarding_steps, "ask", ask)

    return away


def begin(client, number):
    people = {who: {**BODY[who], "email": f"{who}{number}@school.example"} for who in ("admin", "officer")}
    body = {"school": {"name": f"School {number}"}, **people}
    return histories.of(post(client, body, **{"Idempotency-Key": str(number)}).json()["id"])


def clock():
    return Clock(at=timezone.now(), step=timedelta(minutes=20))


def test_every_history_ends_as_its_name_says():
    assert set(RECORDED) == set(FAULTS)
    ends = {name: history[-1]["run"] for name, history in RECORDED.items()}
    assert ends == {"plain": "complete", "school-away-twice": "complete", "given-up": "partial_failure"}


@pytest.mark.parametrize("name", RECORDED)
def test_the_code_still_knows_every_step_of_a_history_in_its_lane(name):
    known = workflow_named("schools.onboarding")
    for told in RECORDED[name][0]["steps"]:
        plan = known.plan(told["name"])
        assert plan is not None and plan.lane == told["lane"], told["name"]


@pytest.mark.parametrize("name", RECORDED)
def test_from_every_point_of_a_history_the_code_of_today_comes_to_its_end(name, real_commits, signed_in, school_away):
    client, history = signed_in(OPERATOR), RECORDED[name]
    for point, recorded in enumerate(history):
        onboarding, time = begin(client, point), clock()
        school_away(FAULTS[name])
        histories.put(onboarding, history[0])
        for _ in range(point):
            histories.turn(onboarding, time)
        histories.put(onboarding, recorded)
        went_on = histories.to_the_end(onboarding, time)
        assert went_on == history[point:], f"from point {point}"


if "RECORD" in os.environ:

    def test_record(real_commits, signed_in, school_away):
        name = os.environ["RECORD"]
        school_away(FAULTS[name])
        histories.write(name, histories.to_the_end(begin(signed_in(OPERATOR), 0), clock()))
