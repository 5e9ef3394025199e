"""Who holds a step, and who holds it no longer. Everything commits here."""

import threading
from datetime import timedelta

import pytest
from django.db import connections, transaction

from shared_apps.identity.models import Login
from shared_apps.workflows.models import Run, Step
from shared_apps.workflows.services import advance as advancing
from shared_apps.workflows.services import control
from shared_apps.workflows.services.registry import Lane, NotYet, Plan
from tests.workflows.plans import drain, start, state, states

pytestmark = pytest.mark.usefixtures("real_commits")


def effect(task, prepared):
    """Something the step leaves in the platform's tables, so that a second time would be seen."""
    Login.objects.create(email_hash=f"{task.run}{task.step}{Login.objects.count()}".encode(), password_hash="x")
    return {}


def effects():
    return Login.objects.filter(password_hash="x").count()


def beside(work):
    """Do `work` in another thread, on connections of its own."""

    def whole():
        try:
            work()
        finally:
            connections.close_all()

    thread = threading.Thread(target=whole)
    thread.start()
    return thread


def test_a_stale_worker_does_not_write(entered, clock):
    """The first worker is believed dead while it prepares; the second one does the step; the first one comes back."""
    turns = []

    def prepare(task):
        turns.append(task.attempt)
        if task.attempt == 1:
            clock.on(seconds=60)  # its lease is over
            assert advancing.advance(Lane.WORKER, clock=clock)
            assert state(run) == "complete"

    run = start(entered(Plan("a", effect, prepare=prepare)))
    assert advancing.advance(Lane.WORKER, clock=clock)
    assert turns == [1, 2] and effects() == 1
    assert states(run) == [("a", "done", 2)] and Step.objects.get().fence == 2


def test_a_stale_worker_does_not_write_while_another_one_is_at_it(entered, clock):
    """Here the second worker has claimed the step and is not done: the row alone looks as the first one left it."""

    def prepare(task):
        if task.attempt == 1:
            clock.on(seconds=60)
            with transaction.atomic():
                step = advancing._due(Lane.WORKER, clock())
                assert advancing._take(step, clock()).fence == 2

    run = start(entered(Plan("a", effect, prepare=prepare)))
    assert advancing.advance(Lane.WORKER, clock=clock)
    assert effects() == 0 and states(run) == [("a", "running", 2)]
    clock.on(seconds=60)
    drain(clock)
    assert effects() == 1 and states(run) == [("a", "done", 3)]


def test_a_stale_failure_changes_nothing_either(entered, clock):
    def prepare(task):
        if task.attempt == 1:
            clock.on(seconds=60)
            advancing.advance(Lane.WORKER, clock=clock)
            raise RuntimeError("too late")

    run = start(entered(Plan("a", effect, prepare=prepare)))
    advancing.advance(Lane.WORKER, clock=clock)
    assert state(run) == "complete" and states(run) == [("a", "done", 2)] and Step.objects.get().reason == ""


def test_a_stale_worker_cannot_put_a_step_off(entered, clock):
    def prepare(task):
        if task.attempt == 1:
            clock.on(seconds=60)
            advancing.advance(Lane.WORKER, clock=clock)
            raise NotYet(clock() + timedelta(days=1))

    run = start(entered(Plan("a", effect, prepare=prepare)))
    advancing.advance(Lane.WORKER, clock=clock)
    assert state(run) == "complete" and states(run) == [("a", "done", 2)] and effects() == 1


def test_a_step_whose_workers_all_die_is_given_up(entered, clock):
    run = start(entered(Plan("a", effect), Plan("b", effect, attempts=2)))
    drain_one = advancing.advance(Lane.WORKER, clock=clock)
    assert drain_one
    for _ in range(2):  # claimed, and then nothing is heard of it again
        Step.objects.filter(name="b").update(
            state="running", attempts=2, fence=2, leased_until=clock() + timedelta(seconds=20)
        )
        clock.on(seconds=30)
    drain(clock)
    assert state(run) == "partial_failure" and Step.objects.get(name="b").reason == "lost" and effects() == 1


def test_a_resume_fences_the_one_off_who_holds_the_step(entered, clock):
    def prepare(task):
        if task.attempt == 1:
            control.resume(run.pk, by="somebody", now=clock())

    run = start(entered(Plan("a", effect, prepare=prepare)))
    assert advancing.advance(Lane.WORKER, clock=clock)
    assert effects() == 0 and state(run) == "running"
    drain(clock)
    assert effects() == 1 and state(run) == "complete"


def test_a_cancel_in_the_middle_leaves_no_effect(entered, clock):
    def prepare(task):
        control.cancel(run.pk, by="somebody", now=clock())

    run = start(entered(Plan("a", effect, prepare=prepare)))
    advancing.advance(Lane.WORKER, clock=clock)
    assert effects() == 0 and state(run) == "cancelled" and states(run) == [("a", "cancelled", 1)]


def test_nobody_works_beside_a_slow_worker_even_when_its_lease_is_over(entered, clock):
    """The work holds the step's row: who comes looking passes by instead of doing it a second time."""
    tried = []

    def slow(task, prepared):
        clock.on(seconds=60)
        thread = beside(lambda: tried.append(advancing.advance(Lane.WORKER, clock=clock)))
        thread.join(20)
        return effect(task, prepared)

    run = start(entered(Plan("a", slow)))
    assert advancing.advance(Lane.WORKER, clock=clock)
    assert tried == [False] and effects() == 1 and states(run) == [("a", "done", 1)]


def test_many_workers_do_each_step_once(entered, clock):
    name = entered(Plan("a", effect), Plan("b", effect))
    for number in range(12):
        start(name, key=str(number))
    threads = [beside(lambda: drain(clock)) for _ in range(4)]
    for thread in threads:
        thread.join(60)
    drain(clock)
    assert effects() == 24
    assert set(Run.objects.values_list("state", flat=True)) == {"complete"}
    assert set(Step.objects.values_list("attempts", flat=True)) == {1}


def test_many_starts_of_one_key_are_one_run(entered):
    name = entered(Plan("a", effect))
    threads = [beside(lambda: start(name)) for _ in range(6)]
    for thread in threads:
        thread.join(60)
    assert Run.objects.count() == 1 and Step.objects.count() == 1


def test_a_work_that_fails_leaves_nothing_of_its_transaction(entered, clock):
    def half(task, prepared):
        effect(task, prepared)
        raise RuntimeError

    start(entered(Plan("a", half)))
    advancing.advance(Lane.WORKER, clock=clock)
    assert effects() == 0 and Step.objects.get().state == "waiting"
