"""Batches of dead letters killed with SIGKILL around each commit: the rest goes on, and nobody is told twice."""

import signal
from datetime import timedelta

import pytest
from django.utils import timezone
from django_q.models import OrmQ

from shared_apps.audit.models import PlatformEvent
from shared_apps.deliveries.models import Batch, BatchPart
from shared_apps.deliveries.services import batches, letters, standing
from shared_apps.post import models as post
from shared_apps.post.services import send
from tenant_apps.events.models import Event, Reaction
from tenant_apps.messaging.models import Delivery, MailboxEntry
from tenants.actor import Actor
from tenants.scope import school_scope
from tests import world
from tests.deliveries.acts import die, tell
from tests.messaging.scans import scan
from tests.processes import Process, eventually, worker

pytestmark = pytest.mark.processes
OPERATOR = Actor(kind="person", scope="platform", roles=frozenset({"operator"}))
TELL = "messaging.tell_guardians"
# Two schools make five commits each, the platform's own mail two: those of the first school, the first of the second,
# and those of the mail.
POINTS = [(number, when) for number in (1, 2, 3, 4, 5, 6, 11, 12) for when in ("before", "after")]


@pytest.fixture
def casts(real_commits):
    return world.read("greenfield"), world.read("riverside")


def dead_everywhere(casts, reason, now):
    """One scan in each school whose guardian could not be told, and one mail of the platform, given up alike."""
    for cast in casts:
        scan(cast, cast.learners[0], at=now)
        (_,) = die(cast, handler=TELL, reason=reason, at=now)
    key = send(template="access/rejected", to=f"{reason}@example.org", language="en", now=now)
    post.Letter.objects.filter(pk=key).update(state="dead", error=reason, died_at=now)


def running(casts, now):
    """A batch for each point, counted and confirmed; what was queued to work on it is gone, as after a lost worker."""
    for number, when in POINTS:
        dead_everywhere(casts, f"{number}-{when}", now)
    for cast in casts:
        tell(cast, timezone.now())
    found = []
    for number, when in POINTS:
        ids = [one.pk for one in letters.listed(OPERATOR, limit=9, reason=f"{number}-{when}")]
        assert len(ids) == 3
        batch = batches.begin(by=OPERATOR, now=now, act="replay", letters=ids)
        batches.work(batch.pk, now=now)
        batch.refresh_from_db()
        batches.confirm(batch, by=OPERATOR, now=now)
        found.append(batch)
    OrmQ.objects.all().delete()
    return found


def told_in(cast):
    with school_scope(cast.ref):
        sent = list(Delivery.objects.filter(state="sent").values_list("reference", flat=True))
        assert sorted(sent) == sorted(MailboxEntry.objects.values_list("reference", flat=True))
        return len(sent)


def settled(batch):
    batch.refresh_from_db()
    return batch.state == "done"


def test_a_batch_killed_around_each_commit_goes_on_and_tells_nobody_twice(casts, real_commits, tmp_path):
    now = timezone.now()
    found = running(casts, now)
    deaths = []
    for batch, (number, when) in zip(found, POINTS, strict=True):
        log = tmp_path / f"{number}-{when}.log"
        dying = Process(["-m", "tests.faults.dying_batch", str(batch.pk), str(number), when], real_commits, log)
        ended = dying.ended()
        assert ended in (-signal.SIGKILL, 3), log.read_text()
        deaths.append(ended == -signal.SIGKILL)
    assert sum(deaths) == len(POINTS), deaths
    left = Batch.objects.filter(state="running").count()
    assert left >= sum(deaths) - 2, "the kills came too late to show anything"
    BatchPart.objects.exclude(taken_at=None).update(taken_at=now - batches.TAKEN_FOR - timedelta(seconds=1))
    batches.follow(now=timezone.now())  # what the clock does every minute: what a lost worker left is queued again
    with worker(real_commits, tmp_path / "worker.log") as process:
        for batch in found:
            eventually(lambda batch=batch: settled(batch), f"batch {batch.pk}", log=process.log, seconds=200)
    for batch in found:
        assert standing.outcome(batch) == {"done": 3} and batch.parts.filter(state="acted").count() == 3
    for cast in casts:
        assert told_in(cast) == len(POINTS)
        with school_scope(cast.ref):
            assert Event.objects.filter(kind="events.reactions_replayed").count() == len(POINTS)
            assert set(Reaction.objects.filter(handler=TELL).values_list("state", flat=True)) == {"done"}
    assert post.MailboxEntry.objects.count() == post.Letter.objects.filter(state="sent").count() == len(POINTS)
    said = PlatformEvent.objects.filter(kind__in=("post.letters_sent_again", "deliveries.letters_replayed"))
    assert said.count() == 2 * len(POINTS)
