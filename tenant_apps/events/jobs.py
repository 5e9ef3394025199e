"""The clock's door: the sweep finds due rows, a drain works through one school's, the sealer seals its history."""

import logging
import time
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from shared_apps.audit.for_schools import all_sealed_until, keep_checkpoints, newest_checkpoint
from shared_apps.deliveries.for_schools import stir
from tenant_apps.events.services import drain as draining
from tenant_apps.events.services import seal as sealing
from tenants.actor import system
from tenants.current import SchoolRef
from tenants.jobs import job, wake
from tenants.lanes import Crew, Lane
from tenants.ledger import BATCH
from tenants.models import SchoolState, school_refs
from tenants.scope import school_scope
from tenants.traces import without_text
from tenants.wakeups import say

log = logging.getLogger(__name__)
_sealed: dict[UUID, float] = {}  # when this process last saw to a school's seals


@job("events.turn")
def turn(*, school: SchoolRef, crew: Crew | None = None) -> bool:
    """One turn for one school with the lanes of one crew, or all; whether something due may be left.

    Seals on its way, now and then.
    """
    lanes = crew.lanes if crew else list(Lane)
    left = school.state == "active" and draining.drain(school, clock=timezone.now, lanes=lanes)
    stir(school.id, now=timezone.now())
    if crew not in (None, Crew.SCHOOL):
        return left
    if time.monotonic() - _sealed.get(school.id, -settings.SEAL_EVERY_SECONDS) >= settings.SEAL_EVERY_SECONDS:
        _sealed[school.id] = time.monotonic()
        try:
            seal_school(school, pause=timedelta(seconds=settings.SEAL_EVERY_SECONDS))
        except Exception as error:  # what follows an event does not wait for its seal
            log.error("school %s was not sealed\n%s", school.id, without_text(error))
    return left


@job("events.drain")
def drain(*, school: SchoolRef) -> None:
    """The queue's way to a turn; what is left queues behind the other schools."""
    if turn(school=school):
        wake("events.drain", schools=[school.id])


@job("events.due")
def due(mine: Callable[[UUID], bool] = lambda school: True) -> list[UUID]:
    """Every active school of `mine` with something due: wake-ups may be lost, rows may not."""
    now, found = timezone.now(), []
    for school in school_refs():
        try:
            if mine(school.id) and draining.has_due(school, now=now):
                found.append(school.id)
        except Exception as error:  # one broken school stops nobody else's sweep
            log.error("the sweep passed over school %s\n%s", school.id, without_text(error))
    return found


@job("events.sweep")
def sweep() -> None:
    """Wake a worker for every school with something due, both ways: a drainer may be deaf behind a pooler."""
    found = due()
    say((crew, school) for school in found for crew in Crew)
    wake("events.drain", schools=found)


# -- seals ------------------------------------------------------------------------------------------------------------


@job("events.seal", even_suspended=True)
def seal(*, school: SchoolRef) -> None:
    """Seal one school's history. A torn one fails the job and is left as it is."""
    seal_school(school)


def seal_school(school: SchoolRef, *, pause: timedelta = timedelta(0), all_of_it: bool = False) -> None:
    """Seal what is unsealed and carry the new checkpoints to the second place; a kill in between is made up for."""
    kept = newest_checkpoint(school.id)
    count = BATCH
    while count == BATCH:
        with school_scope(school):
            count = sealing.seal(now=timezone.now(), kept=kept, pause=pause, all_of_it=all_of_it)
            made = sealing.checkpoints_after(kept.size if kept else 0)
        if made:
            keep_checkpoints(made)
            kept, pause = made[-1], timedelta(0)


@job("events.seal_schools")
def seal_schools() -> None:
    """Wake a sealer for every school with something unsealed, and write down until when all of them are sealed."""
    now = until = timezone.now()
    complete = True
    for school in school_refs(SchoolState.ACTIVE, SchoolState.DISABLED):
        try:
            kept = newest_checkpoint(school.id)
            with school_scope(school):
                lag = sealing.lag(now)
                behind = sealing.checkpoints_after(kept.size if kept else 0)
            if lag or behind:
                wake("events.seal", schools=[school.id])
            until = min(until, now - lag)
        except Exception as error:  # one broken school stops nobody else's seals
            complete = False
            log.error("the sealer passed over school %s\n%s", school.id, without_text(error))
    if complete:  # otherwise the last known moment stands, and the shown lag grows
        all_sealed_until(until)


@job("events.seal_late")
def seal_late() -> None:
    """Events of any age, in every school: one may have been committed long after it got its id. Weekly, tell of it."""
    for school in school_refs(SchoolState.ACTIVE, SchoolState.DISABLED):
        try:
            seal_school(school, all_of_it=True)
            with school_scope(school):
                sealing.announce(by=system("events.seal", school), now=timezone.now())
        except Exception as error:
            log.error("the sealer passed over school %s\n%s", school.id, without_text(error))
