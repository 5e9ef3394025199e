"""Workers are killed with SIGKILL at the worst moments: no database effect is lost, none is doubled."""

import os
import signal
from collections import Counter
from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from tenant_apps.events.jobs import seal_school
from tenant_apps.events.models import Event, Reaction, ReactionState
from tenant_apps.events.services import seal as sealing
from tenant_apps.events.services.record import record
from tenant_apps.gate.models import Flow
from tenant_apps.gate.rules import Direction
from tenant_apps.gate.services.ground import Tap
from tenant_apps.gate.services.scans import Status, record_scans
from tenant_apps.messaging.models import Attempt, Delivery, DeliveryState, MailboxEntry, Message
from tenants import reactions
from tenants.actor import system
from tenants.jobs import wake
from tenants.scope import school_scope
from tests.messaging.scans import scan
from tests.processes import Process, alive, eventually, worker

pytestmark = pytest.mark.processes
WEEKLY = "messaging.mail_checkpoint"  # what follows no scan; tests/seals has it fail and try again
HANDLERS = sorted(set(reactions._handlers) - {WEEKLY})


def settled(cast, scans: int = 1) -> bool:
    """Nothing is left to do, and everything there was to do about so many scans is there."""
    with school_scope(cast.ref):
        open_states = (ReactionState.WAITING, ReactionState.RUNNING)
        return (
            Reaction.objects.filter(handler="messaging.deliver").count() == scans
            and not Reaction.objects.filter(state__in=open_states).exists()
        )


def assert_done_once(cast, scans: int = 1) -> None:
    with school_scope(cast.ref):
        assert Counter(Reaction.objects.values_list("handler", "state")) == {
            (name, ReactionState.DONE): scans for name in HANDLERS
        }
        assert Message.objects.count() == scans
        assert [state for (state,) in Delivery.objects.values_list("state")] == [DeliveryState.SENT] * scans
        mails = MailboxEntry.objects.values_list("reference", flat=True)
        assert sorted(mails) == sorted(Delivery.objects.values_list("reference", flat=True))
        assert Event.objects.filter(kind="messaging.message_queued").count() == scans
        assert Event.objects.filter(kind="messaging.message_sent").count() == scans


def test_every_reaction_to_a_scan_runs_in_a_real_worker(cast, worker):
    now, learner = timezone.now(), cast.learners[0]
    tap = Tap(uuid4(), cast.badges[learner.id], cast.gates[0].id, Direction.IN, now)
    with school_scope(cast.ref):
        (outcome,) = record_scans([tap], by=system("test", cast.ref), now=now)
    assert outcome.status is Status.RECORDED
    eventually(lambda: settled(cast), "the scan's reactions", log=worker.log)
    assert_done_once(cast)
    with school_scope(cast.ref):
        assert list(Flow.objects.values_list("arrivals", "departures")) == [(1, 0)]


def test_the_weekly_checkpoint_is_mailed_by_a_real_worker(cast, worker):
    now = timezone.now()
    with school_scope(cast.ref):
        record("gate.gate_added", by=system("test", cast.ref), at=now, now=now, facts={"gate": "x"})
    seal_school(cast.ref)
    with school_scope(cast.ref):
        assert sealing.announce(by=system("test", cast.ref), now=now + timedelta(days=8))
        Reaction.objects.update(next_at=now)  # as if the week had passed for the worker too
    wake("events.drain", schools=[cast.ref.id])

    def mailed():
        with school_scope(cast.ref):
            return list(MailboxEntry.objects.values_list("to", flat=True)) == [cast.email("admin")]

    eventually(mailed, "the checkpoint's mail", log=worker.log, seconds=90)


POINTS = [(name, when) for name in HANDLERS for when in ("before", "after")] + [("messaging.deliver", "mailed")]


def test_kills_around_each_effect_lose_and_double_nothing(cast, real_commits, tmp_path):
    """One scan and one killed process per point; then the leases run out and a real worker finishes all of it."""
    for name, when in POINTS:
        scan(cast, cast.learners[0], at=timezone.now())
        log = tmp_path / f"{name}-{when}.log"
        words = ["-m", "tests.faults.dying", str(cast.ref.id), name, when]
        dying = Process(words, real_commits, log, PROCESS="worker", REACTION_LEASE_SECONDS="600")
        assert dying.ended() == -signal.SIGKILL, log.read_text()
    with school_scope(cast.ref):
        held = Reaction.objects.filter(state=ReactionState.RUNNING)
        assert Counter(held.values_list("handler", "attempts")) == Counter((name, 1) for name, _ in POINTS)
        killed = list(held.values_list("id", flat=True))
        held.update(leased_until=timezone.now())
    with worker(real_commits, tmp_path / "worker.log") as process:
        eventually(lambda: settled(cast, len(POINTS)), "the reactions after the kills", log=process.log)
    assert_done_once(cast, len(POINTS))
    with school_scope(cast.ref):
        assert set(Reaction.objects.filter(id__in=killed).values_list("attempts", flat=True)) == {2}
        # What was tried and never answered for stays visible; the mail itself lies in the mailbox once.
        assert Counter(Attempt.objects.values_list("outcome", flat=True)) == {"sent": len(POINTS), "started": 1}


def test_a_killed_worker_takes_its_children_along_and_the_next_one_finishes(cast, real_commits, tmp_path):
    with worker(real_commits, tmp_path / "first.log") as first:
        children = eventually(lambda: len(first.children()) >= 4 and first.children(), "the children", log=first.log)
        scan(cast, cast.learners[0], at=timezone.now())
        first.kill()
    eventually(lambda: not any(alive(pid) for pid in children), "the children's end")
    scan(cast, cast.learners[1], at=timezone.now())
    with school_scope(cast.ref):
        Reaction.objects.exclude(leased_until=None).update(leased_until=timezone.now())
    with worker(real_commits, tmp_path / "second.log") as second:
        eventually(lambda: settled(cast, 2), "the reactions", log=second.log)
    with school_scope(cast.ref):
        assert Message.objects.count() == MailboxEntry.objects.count() == 2


def test_a_child_killed_ends_the_worker_so_that_it_is_started_afresh(worker):
    children = eventually(lambda: len(worker.children()) >= 4 and worker.children(), "the children", log=worker.log)
    os.kill(children[0], signal.SIGKILL)
    assert worker.ended() == 70
    eventually(lambda: not any(alive(pid) for pid in children), "the children's end")


def test_a_worker_without_a_sweep_gives_up_and_the_next_start_mends_the_schedules(real_commits, tmp_path):
    with worker(real_commits, tmp_path / "worker.log", WORKER_STALE_SECONDS="2") as process:
        # The first sweep runs at once, the next one a minute later: too late for this watchdog.
        assert process.ended() == 70
    assert "no sweep has come to its end for too long" in process.log.read_text()


def test_asked_to_stop_a_worker_finishes_and_leaves_nobody_behind(worker):
    children = eventually(lambda: len(worker.children()) >= 4 and worker.children(), "the children", log=worker.log)
    assert worker.stop() == 0
    eventually(lambda: not any(alive(pid) for pid in children), "the children's end")
