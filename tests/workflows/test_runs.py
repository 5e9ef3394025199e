"""Runs and their steps: in order, once, tried again with pauses, given up, cancelled, asleep for weeks."""

import json
from datetime import timedelta

import pytest
from django_q.models import OrmQ
from django_q.signing import SignedPackage
from hypothesis import given
from hypothesis import strategies as st

from shared_apps.audit.models import PlatformEvent
from shared_apps.workflows import rules
from shared_apps.workflows.models import Run, Step
from shared_apps.workflows.services import control
from shared_apps.workflows.services.registry import Lane, NotYet, Plan, StepError, workflow
from tenants.problems import Refusal
from tests.workflows.plans import START, drain, start, state, states

pytestmark = pytest.mark.usefixtures("world_db")


def test_steps_are_done_in_their_order_and_what_they_leave_is_kept(entered, steps, clock):
    told = []

    def second(task, prepared):
        told.append((task.results, prepared, task.started, task.now))
        return {"two": 2}

    name = entered(steps.plan("a"), Plan("b", second, prepare=lambda task: f"for {task.step}"))
    run = start(name)
    assert drain(clock) == 2 and steps.done == ["a"]
    assert told == [({"a": {"attempt": 1}}, "for b", START, START)]
    assert states(run) == [("a", "done", 1), ("b", "done", 1)] and state(run) == "complete"
    assert [step.result for step in run.steps.all()] == [{"attempt": 1}, {"two": 2}]


def test_the_same_key_is_the_same_run(entered, steps):
    name = entered(steps.plan("a"))
    first, second, other = start(name), start(name), start(name, key="two")
    assert first.pk == second.pk != other.pk and Step.objects.filter(run__in=(first, other)).count() == 2


def test_a_workflow_nobody_knows_is_not_started():
    with pytest.raises(KeyError):
        start("test.nobody")


def test_two_workflows_cannot_share_a_name_and_the_provisioner_cannot_be_last(entered, steps):
    entered(steps.plan("a"))
    with pytest.raises(RuntimeError):
        workflow("test.one", steps.plan("a"))
    with pytest.raises(RuntimeError):
        workflow("test.two", steps.plan("a", lane=Lane.PROVISIONER))


def test_a_failing_step_is_tried_again_after_a_pause_that_grows(entered, steps, clock):
    steps.fails["a"] = [StepError("not_yet"), RuntimeError("someone@example.com was rude")]
    run = start(entered(steps.plan("a"), steps.plan("b")))
    assert drain(clock) == 1
    step = run.steps.first()
    assert (step.state, step.reason) == ("waiting", "not_yet") and step.wake_at > START
    assert drain(clock) == 0
    clock.on(seconds=1)
    assert drain(clock) == 1
    step.refresh_from_db()
    assert step.reason == "RuntimeError"  # an error's text may name somebody
    clock.on(seconds=4)
    assert drain(clock) == 2 and state(run) == "complete"
    assert states(run) == [("a", "done", 3), ("b", "done", 1)] and run.steps.first().reason == ""


@given(st.integers(1, 50), st.floats(0, 1))
def test_pauses_grow_to_a_limit(attempts, jitter):
    now, after = rules.pause(attempts, jitter), rules.pause(attempts + 1, jitter)
    assert timedelta(seconds=0.5) <= now <= after <= rules.LONGEST


def test_a_step_that_is_spent_ends_the_run_with_what_it_made(entered, steps, clock):
    steps.fails["b"] = [StepError("no") for _ in range(2)]
    run = start(entered(steps.plan("a"), steps.plan("b", attempts=2), steps.plan("c")))
    for _ in range(3):
        drain(clock)
        clock.on(minutes=10)
    assert state(run) == "partial_failure" and steps.done == ["a", "b", "b"]
    assert states(run) == [("a", "done", 1), ("b", "failed", 2), ("c", "later", 0)]
    ended = json.loads(PlatformEvent.objects.get(kind="workflows.run_ended").body)
    assert ended["facts"] == {
        "run": str(run.pk), "workflow": "test.one", "state": "partial_failure", "step": "b", "reason": "no",
    }  # fmt: skip


def test_a_first_step_that_fails_for_good_leaves_a_failed_run(entered, steps, clock):
    steps.fails["a"] = [StepError("never", permanent=True)]
    run = start(entered(steps.plan("a"), steps.plan("b")))
    drain(clock)
    assert state(run) == "failed" and states(run)[0] == ("a", "failed", 1)


def test_a_retry_gives_the_step_its_attempts_again_and_the_others_stay_done(entered, steps, clock):
    steps.fails["b"] = [StepError("no", permanent=True)]
    run = start(entered(steps.plan("a"), steps.plan("b", attempts=3)))
    drain(clock)
    control.retry(run.pk, by="somebody", now=clock())
    assert state(run) == "running" and run.steps.last().spent_at == 4
    drain(clock)
    assert state(run) == "complete" and steps.done == ["a", "b", "b"]
    with pytest.raises(Refusal) as refused:
        control.retry(run.pk, by="somebody", now=clock())
    assert refused.value.status == 409
    assert PlatformEvent.objects.filter(kind="workflows.step_retried", actor="somebody").count() == 1


def test_a_cancelled_run_does_nothing_more(entered, steps, clock):
    run = start(entered(steps.plan("a"), steps.plan("b", after=timedelta(days=1))))
    drain(clock)
    control.cancel(run.pk, by="somebody", now=clock())
    clock.on(days=2)
    assert drain(clock) == 0 and steps.done == ["a"]
    assert state(run) == "cancelled" and states(run) == [("a", "done", 1), ("b", "cancelled", 0)]
    for verb in (control.cancel, control.retry, control.resume):
        with pytest.raises(Refusal):
            verb(run.pk, by="somebody", now=clock())


def test_a_month_of_sleep_passes_in_a_moment(entered, steps, clock):
    days = (0, 3, 7, 30)
    run = start(entered(*(steps.plan(f"day{day}", after=timedelta(days=day)) for day in days)))
    seen = []
    for day in range(31):
        drain(clock)
        seen.append(len(steps.done))
        clock.on(days=1)
        assert day < 30 or state(run) == "complete"
    assert [seen[day] for day in (0, 1, 2, 3, 6, 7, 29, 30)] == [1, 1, 1, 2, 2, 3, 3, 4]


def test_after_an_outage_what_is_long_past_is_skipped_and_not_sent_all_at_once(entered, steps, clock):
    late = timedelta(days=1)
    days = (0, 3, 7, 14, 30)
    run = start(entered(*(steps.plan(f"day{day}", after=timedelta(days=day), late=late) for day in days)))
    drain(clock)
    clock.on(days=14, hours=2)
    drain(clock)
    assert steps.done == ["day0", "day14"]
    clock.on(days=16)
    drain(clock)
    assert [state for _, state, _ in states(run)] == ["done", "skipped", "skipped", "done", "done"]


def test_a_step_the_code_does_not_know_any_more_is_given_up_aloud(entered, steps, clock):
    run = start(entered(steps.plan("a"), steps.plan("b")))
    Step.objects.filter(run=run, name="b").update(name="gone")
    drain(clock)
    assert state(run) == "partial_failure" and run.steps.last().reason == "unknown_step"


def test_a_step_whose_time_has_not_come_sleeps_on_and_spends_no_attempt(entered, steps, clock):
    steps.fails["a"] = [NotYet(START + timedelta(days=day)) for day in (1, 2, 3)]
    run = start(entered(steps.plan("a", attempts=1)))
    for _ in range(3):
        assert drain(clock) == 1 and drain(clock) == 0
        assert states(run) == [("a", "waiting", 0)] and state(run) == "running"
        clock.on(days=1)
    assert drain(clock) == 1 and states(run) == [("a", "done", 1)] and Step.objects.get().fence == 4


def test_the_end_of_a_run_is_told_in_its_last_transaction(entered, steps, clock):
    told = []
    run = start(entered(steps.plan("a"), ended=lambda *ended: told.append(ended)))
    drain(clock)
    assert told == [(run.pk, "complete", START)]


def test_a_start_wakes_a_worker_and_its_order_names_nobody(entered, steps, django_capture_on_commit_callbacks):
    name = entered(steps.plan("a"))
    with django_capture_on_commit_callbacks(execute=True):
        start(name)
    (task,) = OrmQ.objects.all()
    order = json.loads(SignedPackage.loads(task.payload)["args"][0])
    assert order == {"job": "workflows.advance", "school": None, "ids": []}


def test_one_lane_does_not_do_the_others_work(entered, steps, clock):
    start(entered(steps.plan("a", lane=Lane.PROVISIONER), steps.plan("b")))
    assert drain(clock) == 0 and steps.done == []
    assert Run.objects.get().state == "running"
