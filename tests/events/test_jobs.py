"""The clock's door and the queue behind it: sweep, drain, envelopes, schedules, wake-ups."""

import json
from datetime import timedelta

import pytest
from django.utils import timezone
from django_q.models import OrmQ, Schedule
from django_q.signing import SignedPackage

from config.schedules import SCHEDULES
from tenant_apps.events import jobs as events_jobs
from tenant_apps.events.services import drain as draining
from tenants import jobs
from tenants.models import Heartbeat, Queued, School
from tenants.queue import TakenOnce
from tests.events.handlers import following, happen
from tests.world import MORNING


@pytest.fixture
def job():
    """A job of one's own for one test."""
    added = []

    def add(name, work, **told):
        jobs.job(name, **told)(work)
        added.append(name)
        return name

    yield add
    for name in added:
        del jobs._jobs[name]
        jobs._beaten.pop(name, None)
        jobs._even_suspended.discard(name)


def queued():
    return [SignedPackage.loads(task.payload) for task in OrmQ.objects.order_by("id")]


def orders():
    return [json.loads(task["args"][0]) for task in queued()]


def test_a_task_is_a_json_envelope_and_nothing_else(greenfield):
    jobs.later("events.drain", school=greenfield.ref.id)
    (task,) = queued()
    assert task["func"] == "tenants.jobs.run"
    assert task["kwargs"] == {} and len(task["args"]) == 1 and isinstance(task["args"][0], str)
    assert orders() == [{"job": "events.drain", "school": str(greenfield.ref.id), "ids": []}]


def test_a_job_nobody_knows_is_not_queued(greenfield):
    with pytest.raises(KeyError):
        jobs.later("events.nothing")
    assert OrmQ.objects.count() == 0


def test_a_suspended_schools_job_is_held_unless_it_says_that_it_is_not(greenfield, riverside, job):
    done = []
    job("test.work", lambda *, school: done.append(("work", school.slug)))
    job("test.seal", lambda *, school: done.append(("seal", school.slug)), even_suspended=True)
    School.objects.filter(pk=greenfield.ref.id).update(state="disabled")
    for name in ("test.work", "test.seal"):
        for cast in (greenfield, riverside):
            jobs.run(json.dumps({"job": name, "school": str(cast.ref.id), "ids": []}))
    assert done == [("work", "riverside"), ("seal", "greenfield"), ("seal", "riverside")]
    School.objects.filter(pk=greenfield.ref.id).update(state="active")
    jobs.run(json.dumps({"job": "test.work", "school": str(greenfield.ref.id), "ids": []}))
    assert done[-1] == ("work", "greenfield")


def test_a_failure_is_kept_without_its_words_and_beats_no_heart(greenfield, job):
    def fail():
        raise ValueError("guardian0@grfcanary.example")

    job("test.fail", fail)
    with pytest.raises(jobs.JobFailed) as failure:
        jobs.run(json.dumps({"job": "test.fail", "school": None, "ids": []}))
    assert str(failure.value) == "test.fail: ValueError"
    assert failure.value.__suppress_context__
    assert not Heartbeat.objects.exists()


def test_a_job_that_ends_leaves_a_heartbeat(greenfield, job):
    job("test.work", lambda: None)
    jobs.run(json.dumps({"job": "test.work", "school": None, "ids": []}))
    assert jobs.last_beat("test.work") is not None
    assert jobs.last_beat("test.other") is None


# -- sweep and drain --------------------------------------------------------------------------------------------------


def test_the_sweep_wakes_the_schools_with_something_due(greenfield, riverside):
    with following(lambda event, *, now: None):
        happen(riverside)
        events_jobs.sweep()
    assert [order["school"] for order in orders()] == [str(riverside.ref.id)]


def test_one_broken_school_stops_nobody_else_s_sweep(greenfield, riverside, monkeypatch, caplog):
    real = draining.has_due

    def broken(school, *, now):
        if school.slug == "greenfield":
            raise OSError("its disk")
        return real(school, now=now)

    monkeypatch.setattr(draining, "has_due", broken)
    with following(lambda event, *, now: None):
        happen(greenfield)
        happen(riverside)
        events_jobs.sweep()
    assert [order["school"] for order in orders()] == [str(riverside.ref.id)]
    assert str(greenfield.ref.id) in caplog.text


@pytest.mark.parametrize("state", ["disabled", "pending"])
def test_a_school_that_is_not_active_is_neither_swept_nor_drained(greenfield, state):
    ran = []
    with following(lambda event, *, now: ran.append(event)):
        happen(greenfield)
        School.objects.filter(pk=greenfield.ref.id).update(state=state)
        events_jobs.sweep()
        assert orders() == []
        jobs.run(json.dumps({"job": "events.drain", "school": str(greenfield.ref.id), "ids": []}))
    assert ran == []


def test_what_one_turn_left_queues_behind_the_others(greenfield, riverside, monkeypatch):
    monkeypatch.setattr(draining.drain, "__kwdefaults__", {"turn": 2})
    with following(lambda event, *, now: None):
        happen(greenfield, times=3)
        jobs.later("events.drain", school=riverside.ref.id)
        events_jobs.drain(school=greenfield.ref)
    assert [order["school"] for order in orders()] == [str(riverside.ref.id), str(greenfield.ref.id)]


# -- the queue --------------------------------------------------------------------------------------------------------


def test_a_task_is_handed_out_once_and_oldest_first(greenfield):
    for _ in range(2):
        jobs.later("events.sweep")
    broker = TakenOnce()
    ids = list(OrmQ.objects.order_by("id").values_list("id", flat=True))
    assert [broker.dequeue()[0][0] for _ in ids] == ids
    assert broker.dequeue() is None
    assert OrmQ.objects.count() == 0


def test_starting_writes_the_schedules_anew_and_keeps_when_they_are_due(greenfield):
    jobs.start_schedules(SCHEDULES)
    Schedule.objects.filter(name="queue.tidy").update(next_run=MORNING)
    Schedule.objects.filter(name="events.sweep").update(args="this is no Python", kwargs="nor )( this", repeats=0)
    Schedule.objects.create(name="events.sweep", func="os.abort", schedule_type=Schedule.MINUTES, minutes=1)
    Schedule.objects.create(name="left.over", func="os.abort", schedule_type=Schedule.ONCE)
    jobs.start_schedules(SCHEDULES)
    rows = {row.name: row for row in Schedule.objects.all()}
    assert {name: row.minutes for name, row in rows.items()} == SCHEDULES
    assert Schedule.objects.count() == len(SCHEDULES)
    assert {row.func for row in rows.values()} == {"tenants.jobs.run"}
    assert {(row.kwargs, row.repeats) for row in rows.values()} == {(None, -1)}
    assert rows["queue.tidy"].next_run == MORNING


@pytest.mark.parametrize("table", [{"no.job": 1}, {"events.sweep": 0}])
def test_a_schedule_that_makes_no_sense_is_refused_at_the_start(greenfield, table):
    with pytest.raises(ValueError, match="Not a job"):
        jobs.start_schedules(table)


def test_what_is_queued_already_is_not_written_again(greenfield, django_assert_num_queries):
    jobs.wake("events.drain", schools=[greenfield.ref.id])
    with django_assert_num_queries(1):
        jobs.wake("events.drain", schools=[greenfield.ref.id])


def test_a_school_has_one_place_in_the_line_however_much_happens(greenfield, riverside):
    for _ in range(5):
        jobs.wake("events.drain", schools=[greenfield.ref.id])
    jobs.wake("events.drain", schools=[riverside.ref.id])
    assert sorted(order["school"] for order in orders()) == sorted([str(greenfield.ref.id), str(riverside.ref.id)])


def test_a_wake_up_that_comes_while_its_turn_runs_queues_the_next(greenfield, monkeypatch):
    jobs.wake("events.drain", schools=[greenfield.ref.id])
    monkeypatch.setitem(jobs._jobs, "events.drain", lambda school: jobs.wake("events.drain", schools=[school.id]))
    jobs.run(json.dumps({"job": "events.drain", "school": str(greenfield.ref.id), "ids": []}))
    assert len(queued()) == 2


def test_a_wake_up_lost_with_its_worker_counts_again_after_two_minutes(greenfield):
    jobs.wake("events.drain", schools=[greenfield.ref.id])
    Queued.objects.update(at=timezone.now() - timedelta(minutes=3))
    jobs.wake("events.drain", schools=[greenfield.ref.id])
    assert len(queued()) == 2
