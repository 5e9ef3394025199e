"""The queue's cluster as this product runs it: it dies whole, so that whoever watches it can start it afresh.

Django-q's own command forks its guard away, leaves everything running when the guard is killed, and goes on for ever
when a worker died with the queue's lock in its hands. Here the guard is the process itself, children follow it into
death, and it gives up with a non-zero status when a child was killed or when no sweep has come to its end for long.
"""

import logging
import os
import signal
import threading
import time
from datetime import datetime, timedelta
from types import FrameType
from typing import Any, NoReturn
from uuid import uuid4

from django.db import connections
from django.utils import timezone
from django_q.cluster import Sentinel

from tenants import drainers
from tenants.jobs import last_beat, later, start_schedules
from tenants.traces import without_text

log = logging.getLogger(__name__)
SWEEP = "events.sweep"
LOOK_EVERY = 5.0  # seconds between two looks at the heartbeat
GRACE = 30  # seconds for the work in hand after SIGTERM
GAVE_UP = 70  # exit status


class Watchdog:
    """Tells when the chain schedule -> queue -> worker has stood still for too long."""

    def __init__(self, limit: timedelta, started: datetime) -> None:
        self.limit, self.seen = limit, started

    def stale(self, beat: datetime | None, now: datetime) -> bool:
        self.seen = max(self.seen, beat or self.seen)
        return now - self.seen > self.limit


class Stop:
    """What the guard's loop waits on: asked by a signal, and the moment to look at the heartbeat and the drainers.

    Not a threading.Event: a signal handler may not wait for the lock the loop holds.
    """

    def __init__(self, watchdog: Watchdog) -> None:
        self.watchdog, self.asked, self.looked = watchdog, False, time.monotonic()
        self.drainers: list[Any] = []

    def ask(self, number: int, frame: FrameType | None) -> None:
        self.asked = True
        signal.alarm(GRACE)  # its default action ends a stop that hangs

    def is_set(self) -> bool:
        return self.asked

    def wait(self, seconds: float) -> bool:
        until = time.monotonic() + seconds
        while not self.asked and time.monotonic() < until:
            time.sleep(0.1)
        if not self.asked and not all(process.is_alive() for process in self.drainers):
            give_up("a drainer is gone")
        if not self.asked and time.monotonic() - self.looked >= LOOK_EVERY:
            self.looked = time.monotonic()
            self.look()
        return self.asked

    def look(self) -> None:
        beat = None
        try:
            beat = last_beat(SWEEP)
        except Exception as error:
            log.warning("the heartbeat could not be read\n%s", without_text(error))
        finally:
            connections.close_all()  # the next fork must not inherit one
        if self.watchdog.stale(beat, timezone.now()):
            give_up("no sweep has come to its end for too long")


class Cluster(Sentinel):  # type: ignore[misc]
    def spawn_cluster(self) -> None:
        super().spawn_cluster()
        self.stop_event.drainers = [self.spawn_process(drainers.serve, *place) for place in drainers.places()]

    def stop(self) -> None:
        for process in self.stop_event.drainers:
            process.terminate()  # asked to: it finishes what is in hand
        super().stop()
        for process in self.stop_event.drainers:
            process.join(GRACE)

    def reincarnate(self, process: Any) -> None:
        if self.stop_event.is_set():
            return
        if process.exitcode is not None and process.exitcode < 0:
            give_up("a child was killed and may have held the queue's lock")
        super().reincarnate(process)


def give_up(why: str) -> NoReturn:
    log.critical("the worker gives up: %s", why)
    os._exit(GAVE_UP)


def run(schedules: dict[str, int], *, stale_after: timedelta) -> None:
    """Work until SIGTERM or SIGINT. Exits with GAVE_UP when only a fresh start can help."""
    start_schedules(schedules)
    later(SWEEP)  # what a worker that died left behind is found now and not in a minute
    connections.close_all()  # no connection may live across a fork
    guard = os.getpid()
    os.register_at_fork(after_in_child=lambda: _in_child(guard))
    stop = Stop(Watchdog(stale_after, timezone.now()))
    cluster = Cluster(stop, threading.Event(), uuid4(), start=False)
    signal.signal(signal.SIGTERM, stop.ask)
    signal.signal(signal.SIGINT, stop.ask)
    cluster.start()
    signal.alarm(0)


def _in_child(guard: int) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the guard's to answer
    threading.Thread(target=_follow, args=(guard,), name="follow", daemon=True).start()


def _follow(guard: int) -> None:
    """End this child when its guard is gone, however it went."""
    while os.getppid() == guard:
        time.sleep(0.3)
    os._exit(GAVE_UP)
