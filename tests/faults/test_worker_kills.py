"""Workers are killed with SIGKILL at the worst moments: no database effect is lost, none is doubled."""

import os
import signal

import pytest
from django.utils import timezone

from tenant_apps.events.models import Event, Reaction, ReactionState
from tenant_apps.messaging.models import Attempt, Delivery, DeliveryState, MailboxEntry, Message
from tenants import reactions
from tenants.scope import school_scope
from tests.messaging.scans import scan
from tests.processes import Process, alive, eventually, worker

pytestmark = pytest.mark.processes
HANDLERS = sorted(reactions._handlers)


def settled(cast) -> bool:
    with school_scope(cast.ref):
        closed = Reaction.objects.exclude(state__in=(ReactionState.WAITING, ReactionState.RUNNING))
        return (
            closed.count() == Reaction.objects.count() and Reaction.objects.filter(handler="messaging.deliver").exists()
        )


def states(cast) -> dict[str, str]:
    with school_scope(cast.ref):
        return dict(Reaction.objects.values_list("handler", "state"))


def assert_told_once(cast) -> None:
    with school_scope(cast.ref):
        assert Message.objects.count() == 1
        assert Delivery.objects.get().state == DeliveryState.SENT
        assert MailboxEntry.objects.get().reference == Delivery.objects.get().reference
        assert Event.objects.filter(kind="messaging.message_queued").count() == 1
        assert Event.objects.filter(kind="messaging.message_sent").count() == 1


def test_every_reaction_to_a_scan_runs_in_a_real_worker(cast, worker):
    scan(cast, cast.learners[0], at=timezone.now())
    eventually(lambda: settled(cast), "the scan's reactions", log=worker.log)
    assert states(cast) == dict.fromkeys(HANDLERS, ReactionState.DONE)
    assert_told_once(cast)


POINTS = [(name, when) for name in HANDLERS for when in ("before", "after")] + [("messaging.deliver", "mailed")]


@pytest.mark.parametrize(("name", "when"), POINTS)
def test_a_kill_around_the_effect_loses_and_doubles_nothing(cast, real_commits, tmp_path, name, when):
    scan(cast, cast.learners[0], at=timezone.now())
    log = tmp_path / "dying.log"
    dying = Process(
        ["-m", "tests.faults.dying", str(cast.ref.id), name, when], real_commits, log,
        PROCESS="worker", REACTION_LEASE_SECONDS="1",
    )  # fmt: skip
    assert dying.ended() == -signal.SIGKILL, log.read_text()
    with school_scope(cast.ref):
        held = Reaction.objects.get(handler=name)
        assert (held.state, held.attempts) == (ReactionState.RUNNING, 1)
    eventually(lambda: timezone.now() > held.leased_until, "the lease to run out")
    with worker(real_commits, tmp_path / "worker.log") as process:
        eventually(lambda: settled(cast), "the reactions after a kill", log=process.log)
    assert states(cast) == dict.fromkeys(HANDLERS, ReactionState.DONE)
    with school_scope(cast.ref):
        assert Reaction.objects.get(handler=name).attempts == 2
        tries = Attempt.objects.order_by("id").values_list("outcome", flat=True)
        # What was tried and never answered for stays visible; the mail itself lies in the mailbox once.
        assert list(tries) == (["started", "sent"] if when == "mailed" else ["sent"])
    assert_told_once(cast)


def test_a_killed_worker_takes_its_children_along_and_the_next_one_finishes(cast, real_commits, tmp_path):
    with worker(real_commits, tmp_path / "first.log") as first:
        children = eventually(lambda: len(first.children()) >= 4 and first.children(), "the children", log=first.log)
        scan(cast, cast.learners[0], at=timezone.now())
        first.kill()
    eventually(lambda: not any(alive(pid) for pid in children), "the children's end")
    scan(cast, cast.learners[1], at=timezone.now())
    with worker(real_commits, tmp_path / "second.log") as second:
        eventually(lambda: settled(cast), "the reactions", log=second.log, seconds=100)
    with school_scope(cast.ref):
        assert Message.objects.count() == MailboxEntry.objects.count() == 2


def test_a_child_killed_ends_the_worker_so_that_it_is_started_afresh(worker):
    children = eventually(lambda: len(worker.children()) >= 4 and worker.children(), "the children", log=worker.log)
    os.kill(children[0], signal.SIGKILL)
    assert worker.ended() == 70
    eventually(lambda: not any(alive(pid) for pid in children), "the children's end")
