"""The sealer: every event once, no gap, whatever order they commit in and whoever dies."""

import json
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID

import pytest
from django.db import connections
from django.utils import timezone

from config import auditing
from shared_apps.audit import for_schools
from shared_apps.audit.models import SchoolCheckpoint, SealedUntil
from tenant_apps.events import jobs
from tenant_apps.events.models import Checkpoint, Event, Particulars, Seal
from tenant_apps.events.services import seal as sealing
from tenant_apps.events.services.record import Fact, commitment, record_many
from tenants import ledger
from tenants.actor import system
from tenants.ask import ask
from tenants.ids import new_id
from tenants.scope import school_scope
from tests import world
from tests.processes import Process, eventually, worker
from tests.seals.history import first_bad, happen
from tests.world import MORNING

WRITERS, EACH = 32, 25


@pytest.fixture
def committed(real_commits):
    return world.read("greenfield")


def numbers(cast):
    with school_scope(cast.ref):
        return list(Seal.objects.order_by("seq").values_list("seq", flat=True))


def unsealed(cast):
    with school_scope(cast.ref):
        return Event.objects.filter(seal=None).count()


# -- works ------------------------------------------------------------------------------------------------------------


def test_each_event_gets_the_next_number_in_the_order_of_birth(greenfield):
    happen(greenfield, 3)
    jobs.seal(school=greenfield.ref)
    happen(greenfield, 2)
    jobs.seal(school=greenfield.ref)
    with school_scope(greenfield.ref):
        assert list(Seal.objects.order_by("seq").values_list("event_id", flat=True)) == list(
            Event.objects.order_by("id").values_list("id", flat=True)
        )
        assert list(Checkpoint.objects.order_by("size").values_list("size", flat=True)) == [3, 5]
    assert [one.size for one in for_schools.checkpoints(greenfield.ref.id)] == [3, 5]


def test_sealing_twice_seals_nothing_twice(greenfield):
    happen(greenfield, 3)
    for _ in range(3):
        jobs.seal(school=greenfield.ref)
    assert numbers(greenfield) == [1, 2, 3]
    assert SchoolCheckpoint.objects.count() == 1


def test_two_schools_have_histories_of_their_own(greenfield, riverside, tmp_path):
    happen(greenfield, 3)
    happen(riverside, 1)
    for cast in (greenfield, riverside):
        jobs.seal(school=cast.ref)
        assert first_bad(cast, tmp_path) is None
    assert (numbers(greenfield), numbers(riverside)) == ([1, 2, 3], [1])
    one, two = (for_schools.checkpoints(cast.ref.id)[0] for cast in (greenfield, riverside))
    assert one.whose != two.whose and one.chain != two.chain


def test_more_than_a_batch_is_sealed_batch_by_batch(greenfield, monkeypatch, tmp_path):
    monkeypatch.setattr(ledger, "BATCH", 4)
    monkeypatch.setattr(jobs, "BATCH", 4)
    happen(greenfield, 10)
    jobs.seal(school=greenfield.ref)
    assert numbers(greenfield) == list(range(1, 11))
    assert [one.size for one in for_schools.checkpoints(greenfield.ref.id)] == [4, 8, 10]
    assert first_bad(greenfield, tmp_path) is None


def test_checkpoints_are_no_closer_than_the_pause(greenfield):
    happen(greenfield, 1)
    with school_scope(greenfield.ref):
        assert sealing.seal(now=MORNING, pause=timedelta(seconds=5)) == 1
    happen(greenfield, 1)
    with school_scope(greenfield.ref):
        assert sealing.seal(now=MORNING + timedelta(seconds=4), pause=timedelta(seconds=5)) == 0
        assert sealing.seal(now=MORNING + timedelta(seconds=5), pause=timedelta(seconds=5)) == 1


def test_a_drain_seals_on_its_way_and_a_broken_seal_does_not_stop_it(greenfield, monkeypatch, caplog):
    jobs._sealed.clear()
    happen(greenfield, 2)
    jobs.drain(school=greenfield.ref)
    assert numbers(greenfield) == [1, 2]
    monkeypatch.setattr(jobs, "seal_school", lambda *a, **k: 1 / 0)
    jobs.drain(school=greenfield.ref)  # seals were seen to a moment ago
    assert "was not sealed" not in caplog.text
    jobs._sealed.clear()
    jobs.drain(school=greenfield.ref)
    assert "was not sealed" in caplog.text


# -- late commits -----------------------------------------------------------------------------------------------------


def test_an_event_committed_late_under_an_older_id_is_still_sealed(committed, tmp_path):
    """One transaction begins first and commits last; the sealer neither waits for it nor forgets it."""
    begun, go_on = threading.Event(), threading.Event()

    def slow():
        with school_scope(committed.ref):
            happened_late()
            begun.set()
            assert go_on.wait(30)
        connections["schools"].close()

    def happened_late():
        fact = Fact("test.late", MORNING, quiet=True)
        return record_many([fact], by=system("test", committed.ref), now=MORNING)

    thread = threading.Thread(target=slow)
    thread.start()
    assert begun.wait(30)
    happen(committed, 3)
    jobs.seal(school=committed.ref)
    assert numbers(committed) == [1, 2, 3], "what is not committed is not waited for"
    go_on.set()
    thread.join(30)
    jobs.seal(school=committed.ref)
    with school_scope(committed.ref):
        assert Seal.objects.get(event__kind="test.late").seq == 4
        late = Event.objects.get(kind="test.late")
        assert late.id < Seal.objects.get(seq=1).event_id
    assert first_bad(committed, tmp_path) is None


def test_one_that_is_older_than_the_quick_look_is_found_by_the_hourly_one(greenfield):
    happen(greenfield, 1)
    jobs.seal(school=greenfield.ref)
    with school_scope(greenfield.ref):
        (late,) = record_many(
            [Fact("test.late", MORNING, quiet=True)], by=system("test", greenfield.ref), now=MORNING
        )  # fmt: skip
        before = Event(
            id=ledger.first_id_at(timezone.now() - timedelta(days=2)), kind="test.later", at=MORNING,
            recorded_at=MORNING, actor="test", body="{}",
        )  # fmt: skip
        before.save(force_insert=True)
    jobs.seal(school=greenfield.ref)
    assert unsealed(greenfield) == 1
    jobs.seal_late()
    assert unsealed(greenfield) == 0 and numbers(greenfield) == [1, 2, 3]


def test_the_first_id_of_a_moment_is_below_those_made_then_and_above_those_before():
    before, now = new_id(), timezone.now()
    assert ledger.first_id_at(now - timedelta(hours=1)) < before
    assert ledger.first_id_at(now + timedelta(seconds=1)) > before
    assert isinstance(ledger.first_id_at(now), UUID)


# -- many at once -----------------------------------------------------------------------------------------------------


def test_many_writers_and_several_sealers_leave_no_gap(committed, tmp_path):
    done = threading.Event()

    def write(number):
        try:
            for part in range(EACH):
                happen(committed, 1, number * EACH + part)
        finally:
            connections["schools"].close()

    def seal():
        try:
            while not done.is_set():
                jobs.seal(school=committed.ref)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(WRITERS + 3) as crowd:
        sealers = [crowd.submit(seal) for _ in range(3)]
        list(crowd.map(write, range(WRITERS)))
        done.set()
        for one in sealers:
            one.result()
    jobs.seal(school=committed.ref)
    assert numbers(committed) == list(range(1, WRITERS * EACH + 1))
    assert unsealed(committed) == 0
    assert first_bad(committed, tmp_path) is None
    with school_scope(committed.ref):
        assert Checkpoint.objects.count() > 1


def test_a_second_sealer_goes_away_instead_of_waiting(committed):
    happen(committed, 2)
    seen = []

    def other():
        with school_scope(committed.ref):
            seen.append(sealing.seal(now=MORNING))
        connections["schools"].close()

    with school_scope(committed.ref):
        assert sealing.seal(now=MORNING) == 2
        thread = threading.Thread(target=other)
        thread.start()
        thread.join(30)
    assert seen == [0]


# -- kills ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("when", "left"), [("before", 0), ("after", 3), ("kept", 3)])
def test_a_sealer_that_is_killed_leaves_nothing_half_done(committed, real_commits, tmp_path, when, left):
    happen(committed, 3)
    dying = Process(["-m", "tests.seals.dying", str(committed.ref.id), when], real_commits, tmp_path / "log")
    assert dying.ended() == -signal.SIGKILL, dying.log.read_text()
    assert len(numbers(committed)) == left
    assert SchoolCheckpoint.objects.count() == (1 if when == "kept" else 0)
    happen(committed, 2)
    # A killed connection's lock may live on for a moment.
    eventually(lambda: jobs.seal(school=committed.ref) or len(numbers(committed)) == 5, "the next sealer")
    assert SchoolCheckpoint.objects.filter(size=5).count() == 1
    assert first_bad(committed, tmp_path) is None


def test_the_clock_makes_up_for_a_kill_before_the_second_place_knew(greenfield, monkeypatch):
    happen(greenfield, 3)
    with school_scope(greenfield.ref):
        sealing.seal(now=timezone.now())
    woken = []
    monkeypatch.setattr(jobs, "wake", lambda name, schools: woken.extend((name, school) for school in schools))
    jobs.seal_schools()
    assert woken == [("events.seal", greenfield.ref.id)]
    jobs.seal(school=greenfield.ref)
    assert SchoolCheckpoint.objects.filter(school=greenfield.ref.id, size=3).exists()
    woken.clear()
    jobs.seal_schools()
    assert woken == []


def test_a_real_worker_seals(committed, real_commits, tmp_path):
    happen(committed, 3)
    with worker(real_commits, tmp_path / "worker.log") as process:
        eventually(lambda: numbers(committed) == [1, 2, 3], "the seals", log=process.log)
        eventually(lambda: SchoolCheckpoint.objects.exists(), "the second place", log=process.log)


# -- erasure ----------------------------------------------------------------------------------------------------------


def test_commitments_can_be_checked_from_particulars_and_erasing_them_leaves_every_proof(greenfield, tmp_path):
    happen(greenfield, 5)
    jobs.seal(school=greenfield.ref)
    with school_scope(greenfield.ref):
        for row in Particulars.objects.select_related("event"):
            committed = json.loads(row.event.body)["commitments"]
            assert committed == {name: commitment(part["salt"], part["value"]) for name, part in row.values.items()}
            assert greenfield.canary not in row.event.body
        Particulars.objects.all().delete()
    assert first_bad(greenfield, tmp_path) is None
    assert auditing.of_school(greenfield.ref).checked().vouched == 5


# -- lag --------------------------------------------------------------------------------------------------------------


def test_the_lag_is_the_age_of_the_oldest_unsealed_event(greenfield):
    soon = MORNING + timedelta(seconds=90)
    with school_scope(greenfield.ref):
        assert sealing.lag(soon) == timedelta(0)
    happen(greenfield, 1)
    assert ask(greenfield.ref, "events.sealing_lag", now=soon) == 90
    jobs.seal(school=greenfield.ref)
    assert ask(greenfield.ref, "events.sealing_lag", now=soon) == 0


def test_the_metrics_show_the_slowest_school_and_name_none(greenfield, riverside, client, monkeypatch):
    jobs.seal_schools()
    assert SealedUntil.objects.get(world="schools").at > timezone.now() - timedelta(minutes=1)
    happen(riverside, 1)
    before = timezone.now() - timedelta(hours=2)
    monkeypatch.setattr(sealing, "lag", lambda now: now - before)
    jobs.seal_schools()
    shown = client.get("/metrics").content.decode()
    (line,) = [line for line in shown.splitlines() if line.startswith('mysentinel_sealing_lag_seconds{world="schools"')]
    assert 7190 < float(line.split()[-1]) < 7300
    assert "greenfield" not in shown.lower() and str(greenfield.ref.id) not in shown


def test_a_school_that_cannot_be_asked_stops_the_mark_and_nobody_else(greenfield, riverside, monkeypatch, caplog):
    jobs.seal_schools()
    mark = SealedUntil.objects.get(world="schools").at
    happen(riverside, 1)
    real, woken = jobs.newest_checkpoint, []

    def broken(school):
        if school == greenfield.ref.id:
            raise OSError("its disk")
        return real(school)

    monkeypatch.setattr(jobs, "newest_checkpoint", broken)
    monkeypatch.setattr(jobs, "wake", lambda name, schools: woken.extend(schools))
    jobs.seal_schools()
    assert SealedUntil.objects.get(world="schools").at == mark
    assert woken == [riverside.ref.id]
    assert str(greenfield.ref.id) in caplog.text
