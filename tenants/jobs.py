"""Work for later: a JSON envelope carrying the school, and a fixed table of what can be run.

The queue only wakes somebody up; what there is to do stands in our own rows. Arguments are ids, never secrets or
personal data. This is the only file that knows the queue.
"""

import json
import logging
import threading
import time
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection, connections, transaction
from django.utils import timezone
from django_q.models import OrmQ, Schedule, Task
from django_q.tasks import async_task

from tenants import drift
from tenants.current import current_school
from tenants.lanes import Crew, Lane, crew_of
from tenants.models import Heartbeat, Queued, SchoolState, school_ref
from tenants.traces import without_text
from tenants.wakeups import say

log = logging.getLogger(__name__)
SCHEDULES_LOCK = 0x5EED_0001  # advisory: workers that start together write the table one after the other
FAILURES_KEPT = timedelta(days=7)
BEAT_EVERY = 5.0  # seconds between two heartbeats of one job in one process
_jobs: dict[str, Callable[..., Any]] = {}
_even_suspended: set[str] = set()
_beaten: dict[str, float] = {}


class JobFailed(RuntimeError):
    """What the queue keeps of a failure: the job and the kind of error, as an error's text may name somebody."""


def job(name: str, *, even_suspended: bool = False) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Put a function in the table. It gets `school=` (a SchoolRef) when the envelope carries one.

    `even_suspended`: it also runs for a suspended school. Every other job of such a school is held.
    """

    def enter(work: Callable[..., Any]) -> Callable[..., Any]:
        if _jobs.setdefault(name, work) is not work:
            raise RuntimeError(f"Two jobs are called {name}.")
        if even_suspended:
            _even_suspended.add(name)
        return work

    return enter


def named(name: str) -> Callable[..., Any]:
    """The function behind a name. Raises KeyError for one that is not in the table."""
    return _jobs[name]


def later(name: str, *ids: str, school: UUID | None = None) -> None:
    """Queue a job. Raises KeyError for a name that is not in the table."""
    if name not in _jobs:
        raise KeyError(name)
    envelope = {"job": name, "school": str(school) if school else None, "ids": list(ids)}
    async_task("tenants.jobs.run", json.dumps(envelope), task_name=name)


def nobody_waits() -> bool:
    """Whether the queue is empty, so that long work may go on."""
    return not OrmQ.objects.exists()


# A wake-up older than this was lost with its worker, and the next one counts again.
UNQUEUED = """
SELECT k FROM unnest(%s::text[]) AS k
WHERE NOT EXISTS (SELECT FROM tenants_queued q WHERE q.key = k AND q.at >= now() - interval '2 minutes')
"""
QUEUE = """
INSERT INTO tenants_queued (key, at) SELECT k, now() FROM unnest(%s::text[]) AS k ORDER BY k
ON CONFLICT (key) DO UPDATE SET at = now() WHERE tenants_queued.at < now() - interval '2 minutes'
RETURNING key
"""


def wake(name: str, *, schools: Iterable[UUID]) -> None:
    """Queue a job of these schools, of each unless it is queued already: each has one place in the line.

    Without it a busy morning leaves thousands of turns in the queue, and the clock's own jobs wait behind them all.
    """
    keys = {_key(name, school): school for school in schools}
    with connection.cursor() as cursor:
        cursor.execute(UNQUEUED, [list(keys)])  # mostly none, and then nothing is written
        fresh = [key for (key,) in cursor.fetchall()]
    if not fresh:
        return
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(QUEUE, [fresh])
        for (key,) in cursor.fetchall():
            later(name, school=keys[key])


def _key(name: str, school: UUID | str) -> str:
    return f"{name}:{school}"


def run(envelope: str) -> None:
    """What a worker calls. Raises JobFailed, also for an envelope that names no job of ours."""
    order = json.loads(envelope)
    name = order["job"]
    try:
        work = _jobs[name]
        if order["school"]:
            # First: what happens from here on may be missed by this turn, so it must be able to queue the next.
            Queued.objects.filter(pk=_key(name, order["school"])).delete()
            school = school_ref(UUID(order["school"]))
            if school.state == SchoolState.DISABLED and name not in _even_suspended:
                return  # what there is to do stands in rows: the clock finds it when the school works again
            work(*order["ids"], school=school)
        else:
            work(*order["ids"])
    except Exception as error:
        log.error("job %s failed\n%s", name, without_text(error), extra={"school": order.get("school") or ""})
        raise JobFailed(f"{name}: {type(error).__name__}") from None
    beat(name)


def beat(name: str) -> None:
    """Say that `name` came to its end just now; written at most every BEAT_EVERY seconds per process."""
    if time.monotonic() - _beaten.get(name, -BEAT_EVERY) < BEAT_EVERY:
        return
    _beaten[name] = time.monotonic()
    row = Heartbeat(name=name, at=timezone.now())
    Heartbeat.objects.bulk_create([row], update_conflicts=True, unique_fields=["name"], update_fields=["at"])


def last_beat(name: str) -> datetime | None:
    """When the job called `name` last came to its end, in any worker."""
    return Heartbeat.objects.filter(name=name).values_list("at", flat=True).first()


def start_schedules(table: dict[str, int]) -> None:
    """Make the queue's schedules equal to `table` (job name -> every so many minutes), and nothing else.

    One unreadable row would stop all the others, so every row is written anew; only its next run is kept. Raises
    ValueError for a name that is no job or an interval below a minute.
    """
    wrong = [name for name, minutes in table.items() if name not in _jobs or minutes < 1]
    if wrong:
        raise ValueError(f"Not a job, or not every so many minutes: {', '.join(wrong)}.")
    with transaction.atomic(using="default"), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [SCHEDULES_LOCK])
        now = timezone.now()
        due = dict(Schedule.objects.exclude(next_run=None).values_list("name", "next_run"))
        Schedule.objects.all().delete()
        Schedule.objects.bulk_create(
            Schedule(
                name=name,
                func="tenants.jobs.run",
                args=repr((json.dumps({"job": name, "school": None, "ids": []}),)),
                schedule_type=Schedule.MINUTES,
                minutes=minutes,
                repeats=-1,
                next_run=min(due.get(name, now), now + timedelta(minutes=minutes)),
            )
            for name, minutes in table.items()
        )


@job("queue.tidy")
def tidy() -> None:
    """The queue never forgets a failure by itself; a week is enough to look at one."""
    Task.objects.filter(stopped__lt=timezone.now() - FAILURES_KEPT).delete()


@job("drift.look")
def look_for_drift() -> None:
    """By night, some schools at a time: are their schemas what the migrations make of them?"""
    drift.by_night(now=timezone.now())


class Waker:
    """Says once what many commits in a moment have to say; the first is said at once.

    The thread dies with the process and a wake-up may be lost: harmless, as the sweep finds the rows.
    """

    PAUSE = 0.05  # seconds in which wake-ups become one
    LINGER = 5.0  # seconds without any after which the thread gives its connection back

    def __init__(self) -> None:
        self._due: set[tuple[Crew, UUID]] = set()
        self._news = threading.Condition()
        self._thread: threading.Thread | None = None
        self._over = False

    def mark(self, school: UUID, crews: Iterable[Crew] = tuple(Crew)) -> None:
        with self._news:
            self._due |= {(crew, school) for crew in crews}
            self._news.notify()
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._flush, name="waker", daemon=True)
                self._thread.start()

    def finish(self) -> None:
        """Say what is left to say, and give the connection back."""
        with self._news:
            thread, self._over = self._thread, self._thread is not None
            self._news.notify()
        if thread is not None:
            thread.join(10)

    def _flush(self) -> None:
        while True:
            with self._news:
                self._news.wait_for(lambda: self._due or self._over, timeout=self.LINGER)
                if not self._due:
                    self._thread, self._over = None, False
                    break
                due, self._due = self._due, set()
            self._wake(due)
            time.sleep(self.PAUSE)
        connections.close_all()  # this thread's own; nobody else would ever close them

    def _wake(self, due: set[tuple[Crew, UUID]]) -> None:
        try:
            say(due)
        except Exception as error:
            connections.close_all()  # or the next ones would meet the same dead connection
            log.warning("A wake-up was lost; the sweep will find its rows.\n%s", without_text(error))


class Among(Waker):
    """In a drainer: what it records for its own crew it finds before its turn is over."""

    def __init__(self, crew: Crew) -> None:
        super().__init__()
        self._crew = crew

    def mark(self, school: UUID, crews: Iterable[Crew] = tuple(Crew)) -> None:
        others = set(crews) - {self._crew}
        if others:
            super().mark(school, others)


waker: Waker = Waker()


def wake_after_commit(lanes: Iterable[Lane] = tuple(Lane)) -> None:
    """Wake those who follow up these lanes of the open school, once this transaction is committed."""
    school, crews = current_school(), {crew_of(lane) for lane in lanes}
    transaction.on_commit(lambda: waker.mark(school.id, crews), using=school.alias)
