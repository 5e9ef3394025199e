"""Drainers: long-lived processes that take one turn after another for the schools in which something is due.

Beside the queue, not through it: a task for each wake-up costs more than what it wakes up for. What a drainer does not
hear of, the sweep and the queue do.
"""

import logging
import signal
import time
from types import FrameType
from uuid import UUID

from django.conf import settings
from django.db import connections

from tenants import jobs
from tenants.lanes import Crew
from tenants.models import School, school_ref
from tenants.traces import without_text
from tenants.wakeups import Ear

log = logging.getLogger(__name__)
TURN, DUE = "events.turn", "events.due"
PATIENCE = 1.0  # seconds of listening after which a stop is looked for
KEPT = 600.0  # seconds after which connections are opened anew: a backend gathers something of each school it meets


class Drainer:
    """Number `number` of `of` in its crew: each school is one drainer's, so that two do not look for the same rows."""

    def __init__(self, crew: Crew, number: int = 0, of: int = 1) -> None:
        self.crew, self.number, self.of = crew, number, of
        self.stopping = False
        self._line: dict[UUID, None] = {}  # in the order in which they will have their turns
        self._fresh_at = time.monotonic()

    def stop(self, number: int, frame: FrameType | None) -> None:
        self.stopping = True

    def serve(self) -> None:
        """Until `stop`: listen, and give turns. A database that is away is asked again every second."""
        while not self.stopping:
            try:
                self._serve(Ear(self.crew))
            except Exception as error:
                log.warning("a drainer begins again\n%s", without_text(error))
                connections.close_all()
                time.sleep(PATIENCE)

    def _serve(self, ear: Ear) -> None:
        try:
            self._line.update(dict.fromkeys(jobs.named(DUE)(self.mine)))  # what was said before it listened
            while not self.stopping:
                self._line.update(dict.fromkeys(filter(self.mine, ear.heard(0 if self._line else PATIENCE))))
                if self._line:
                    self.turn(next(iter(self._line)))
                self._freshen()
        finally:
            ear.close()

    def mine(self, school: UUID) -> bool:
        return school.int % self.of == self.number

    def turn(self, school: UUID) -> None:
        """One turn; what is left goes behind the other schools. A school that fails stops nobody else."""
        del self._line[school]
        try:
            if jobs.named(TURN)(school=school_ref(school), crew=self.crew):
                self._line[school] = None
        except School.DoesNotExist:
            return
        except Exception as error:
            log.error("the turn of school %s failed\n%s", school, without_text(error))
            connections.close_all()

    def _freshen(self) -> None:
        if time.monotonic() - self._fresh_at > KEPT:
            connections.close_all()
            self._fresh_at = time.monotonic()


def places() -> list[tuple[Crew, int, int]]:
    """The drainers of one worker: one for emergencies, and `DRAINERS` of each other crew."""
    sizes = {crew: 1 if crew is Crew.EMERGENCY else settings.DRAINERS for crew in Crew}
    return [(crew, number, of) for crew, of in sizes.items() for number in range(of)]


def serve(crew: Crew, number: int, of: int) -> None:
    """What a drainer's process runs."""
    drainer = Drainer(crew, number, of)
    signal.signal(signal.SIGTERM, drainer.stop)
    jobs.waker = jobs.Among(crew)
    drainer.serve()
