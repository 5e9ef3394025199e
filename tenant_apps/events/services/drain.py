"""Doing what must follow: claim, run, record; again later when it fails; dead when spent.

One reaction is claimed at a time, so that a lease covers one run, a slow neighbour costs nobody theirs, and a
reaction that takes its worker down is charged for it alone.
"""

import json
import logging
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from tenant_apps.events.models import Event, Reaction, ReactionState
from tenant_apps.events.services.record import particulars_of
from tenants.current import SchoolRef, current_school
from tenants.ids import new_id
from tenants.models import School, SchoolState
from tenants.reactions import Handler, Happened, Lane, ReactionError, handler_named
from tenants.scope import school_scope
from tenants.traces import without_text

log = logging.getLogger(__name__)

TURN = 25  # reactions one school may have per lane before others get their turn
SLICE = timedelta(seconds=0.5)  # and the time per lane after which it begins no further one
ATTEMPTS = 8  # then dead
LOOK_EVERY = timedelta(seconds=0.5)  # between two looks at whether the school was suspended
BACK_OFF = timedelta(seconds=15)  # doubles each time, with jitter
LONGEST = timedelta(hours=1)
Clock = Callable[[], datetime]


@dataclass(frozen=True)
class Claimed:
    """One reaction in hand; `lease` is the fencing token that only this run holds."""

    id: UUID
    lease: UUID
    handler: str
    event: Happened


class Leave:
    """Whether the school may still work: a suspension stops a turn that is under way before its next reaction."""

    def __init__(self, school: SchoolRef) -> None:
        self.school, self.given = school, False
        self.looked: datetime | None = None

    def holds(self, now: datetime) -> bool:
        if self.looked is None or now - self.looked >= LOOK_EVERY:
            self.looked = now
            self.given = School.objects.filter(pk=self.school.id, state=SchoolState.ACTIVE).exists()
        return self.given


def drain(school: SchoolRef, *, clock: Clock, turn: int = TURN) -> bool:
    """Run what is due in `school`, at most `turn` per lane; True when something due may be left."""
    leave = Leave(school)
    left = [_drain_lane(school, lane, clock, turn, leave) for lane in Lane]
    return any(left)


def _drain_lane(school: SchoolRef, lane: Lane, clock: Clock, turn: int, leave: Leave) -> bool:
    until = clock() + SLICE
    for _ in range(turn):
        if not leave.holds(clock()):
            return False
        # An emergency recorded meanwhile goes first.
        reaction = claim(school, (Lane.EMERGENCY, lane), now=clock())
        if reaction is None:
            return False
        error = _run(school, reaction, clock)
        if isinstance(error, ReactionError) and error.unreachable:
            return False  # the next would wait for the same silence: the lane rests until the sweep
        if clock() >= until:
            return True
    return True


def claim(school: SchoolRef, lanes: tuple[Lane, ...], *, now: datetime) -> Claimed | None:
    """Take the first due reaction of `lanes` under a fresh lease, counting the attempt before it runs.

    A reaction whose lease ran out belongs to a worker that died: it is due again, or dead when that was its last
    attempt. SKIP LOCKED lets workers pass each other, and a run that is slow inside its transaction keeps its row.
    """
    with school_scope(school):
        for lane in lanes:
            while (row := _first_due(lane, now)) is not None:
                if row.attempts >= ATTEMPTS:
                    _bury(row, "worker_lost", now)
                    continue
                row.state, row.lease, row.attempts = ReactionState.RUNNING, new_id(), row.attempts + 1
                row.leased_until = now + timedelta(seconds=settings.REACTION_LEASE_SECONDS)
                row.save(update_fields=["state", "lease", "attempts", "leased_until"])
                return Claimed(row.id, row.lease, row.handler, happened(row.event))
    return None


def _first_due(lane: Lane, now: datetime) -> Reaction | None:
    # Only the reaction is locked: a school may not update its events, so it may not lock them either.
    found: Reaction | None = (
        Reaction.objects.select_for_update(skip_locked=True, of=("self",))
        .select_related("event")
        .filter(_due(now), lane=lane)
        .order_by("next_at", "id")
        .first()
    )
    return found


def _due(now: datetime) -> Q:
    waiting = Q(state=ReactionState.WAITING) | Q(state=ReactionState.RUNNING, leased_until__lt=now)
    return Q(next_at__lte=now) & waiting


def happened(event: Event) -> Happened:
    """An event as handlers see it."""
    return Happened(event.id, event.kind, event.at, json.loads(event.body)["facts"], particulars_of(event.id))


def _run(school: SchoolRef, reaction: Claimed, clock: Clock) -> Exception | None:
    """Run one claimed reaction and record how it went. Returns what it failed with."""
    handler = handler_named(reaction.handler)
    try:
        if handler is None:
            raise ReactionError("no_such_reaction")  # a newer version wrote it: wait for that version's worker
        if handler.outside:
            _run_outside(school, handler, reaction, clock)
        else:
            _run_inside(school, handler, reaction, clock)
        return None
    except Exception as error:
        log.warning("reaction %s of %s failed\n%s", reaction.handler, reaction.event.kind, without_text(error))
        _failed(school, reaction, error, clock())
        return error


def _run_inside(school: SchoolRef, handler: Handler, reaction: Claimed, clock: Clock) -> None:
    """Effect and inbox key in one transaction: a kill anywhere leaves both or neither."""
    with school_scope(school):
        row = _held_and_fresh(reaction, clock)
        if row is not None:
            handler.run(reaction.event, now=clock())
            _close(row, ReactionState.DONE, clock())


def _run_outside(school: SchoolRef, handler: Handler, reaction: Claimed, clock: Clock) -> None:
    """At least once: the handler keeps its own record of what it told the world."""
    with school_scope(school):
        row = _held_and_fresh(reaction, clock)
    if row is None:
        return
    handler.run(reaction.event, school=school, now=clock())
    with school_scope(school):
        row = _held(reaction)
        if row is not None:
            _close(row, ReactionState.DONE, clock())


def _held_and_fresh(reaction: Claimed, clock: Clock) -> Reaction | None:
    """The row, locked, if it is still this run's and not too old; one that is too old is closed as expired."""
    row, now = _held(reaction), clock()
    if row is not None and row.expires_at and row.expires_at < now:
        _give_up(row.handler, reaction.event, "expired", now)
        _close(row, ReactionState.EXPIRED, now)
        return None
    return row


def _held(reaction: Claimed) -> Reaction | None:
    """The row, locked, unless another worker took it over after this run's lease ran out."""
    found: Reaction | None = (
        Reaction.objects.select_for_update()
        .filter(id=reaction.id, lease=reaction.lease, state=ReactionState.RUNNING)
        .first()
    )
    return found


def _close(row: Reaction, state: ReactionState, now: datetime, reason: str = "") -> None:
    row.state, row.lease, row.leased_until, row.error, row.done_at = state, None, None, reason, now
    row.save(update_fields=["state", "lease", "leased_until", "error", "done_at"])


def _failed(school: SchoolRef, reaction: Claimed, error: Exception, now: datetime) -> None:
    # A code or the kind of error, never its text: a message may carry an address or a name.
    reason = error.reason if isinstance(error, ReactionError) else type(error).__name__
    permanent = isinstance(error, ReactionError) and error.permanent
    with school_scope(school):
        row = _held(reaction)
        if row is None:
            return
        if permanent or row.attempts >= ATTEMPTS:
            _bury(row, reason, now)
            return
        row.state, row.error, row.lease, row.leased_until = ReactionState.WAITING, reason, None, None
        row.next_at = now + back_off(row.attempts)
        row.save(update_fields=["state", "error", "lease", "leased_until", "next_at"])


def _bury(row: Reaction, reason: str, now: datetime) -> None:
    _give_up(row.handler, happened(row.event), reason, now)
    _close(row, ReactionState.DEAD, now, reason)


def _give_up(name: str, event: Happened, reason: str, now: datetime) -> None:
    """Let the handler say where people look that it will not happen; its own failure changes nothing."""
    handler = handler_named(name)
    if handler is None or handler.given_up is None:
        return
    try:
        with transaction.atomic(using=current_school().alias):
            handler.given_up(event, reason=reason, now=now)
    except Exception as error:
        log.warning("giving up %s of %s failed\n%s", name, event.kind, without_text(error))


def back_off(attempts: int) -> timedelta:
    """15 s, 30 s, 60 s ... up to an hour, each with up to a quarter of jitter so that retries spread out."""
    doublings = min(max(0, attempts - 1), 8)  # by then it is past an hour
    pause: timedelta = min(BACK_OFF * 2**doublings, LONGEST)
    return pause * random.uniform(1, 1.25)


def has_due(school: SchoolRef, *, now: datetime) -> bool:
    """Whether the sweep should wake a worker for this school."""
    with school_scope(school):
        return bool(Reaction.objects.filter(_due(now)).exists())
