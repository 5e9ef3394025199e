"""Work for later: a JSON envelope carrying the school, and a fixed table of what can be run.

The queue only wakes somebody up; what there is to do stands in our own rows. Arguments are ids, never secrets or
personal data. This is the only file that knows the queue.
"""

import json
import logging
import threading
from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.db import close_old_connections, transaction
from django_q.models import Schedule
from django_q.tasks import async_task

from tenants.current import current_school
from tenants.models import school_ref

log = logging.getLogger(__name__)
_jobs: dict[str, Callable[..., Any]] = {}


def job(name: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Put a function in the table. It gets `school=` (a SchoolRef) when the envelope carries one."""

    def enter(work: Callable[..., Any]) -> Callable[..., Any]:
        if _jobs.setdefault(name, work) is not work:
            raise RuntimeError(f"Two jobs are called {name}.")
        return work

    return enter


def later(name: str, *ids: str, school: UUID | None = None) -> None:
    """Queue a job. Raises KeyError for a name that is not in the table."""
    if name not in _jobs:
        raise KeyError(name)
    envelope = {"job": name, "school": str(school) if school else None, "ids": list(ids)}
    async_task("tenants.jobs.run", json.dumps(envelope), task_name=name)


def run(envelope: str) -> None:
    """What a worker calls. Raises KeyError for an envelope that names no job of ours."""
    order = json.loads(envelope)
    work = _jobs[order["job"]]
    if order["school"]:
        work(*order["ids"], school=school_ref(UUID(order["school"])))
    else:
        work(*order["ids"])


def start_schedules(table: dict[str, int]) -> None:
    """Make the queue's schedules equal to `table` (job name -> every so many minutes)."""
    Schedule.objects.exclude(name__in=table).delete()
    for name, minutes in table.items():
        envelope = json.dumps({"job": name, "school": None, "ids": []})
        Schedule.objects.update_or_create(
            name=name,
            defaults={
                "func": "tenants.jobs.run",
                "args": repr((envelope,)),
                "schedule_type": Schedule.MINUTES,
                "minutes": minutes,
                "repeats": -1,
            },
        )


class Waker:
    """Coalesces wake-ups per process: many commits in a moment make one task per school.

    The thread dies with the process and a wake-up may be lost: harmless, as the sweep finds the rows.
    """

    PAUSE = 0.05  # seconds in which wake-ups for one school become one

    def __init__(self) -> None:
        self._schools: set[UUID] = set()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def mark(self, school: UUID) -> None:
        with self._lock:
            self._schools.add(school)
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._flush, name="waker", daemon=True)
                self._thread.start()

    def _flush(self) -> None:
        while True:
            threading.Event().wait(self.PAUSE)
            with self._lock:
                schools, self._schools = self._schools, set()
                if not schools:
                    self._thread = None
                    return
            try:
                for school in schools:
                    later("events.drain", school=school)
            except Exception:
                log.exception("A wake-up was lost; the sweep will find its rows.")
            finally:
                close_old_connections()


waker = Waker()


def wake_after_commit() -> None:
    """Wake a worker for the open school once this transaction is committed."""
    school = current_school()
    transaction.on_commit(lambda: waker.mark(school.id), using=school.alias)
