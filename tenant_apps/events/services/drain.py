"""Doing what must follow: claim, run, record; again later when it fails; dead when spent."""

import json
import logging
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import F, Q

from tenant_apps.events.models import Event, Reaction, ReactionState
from tenant_apps.events.services.record import particulars_of
from tenants.current import SchoolRef
from tenants.ids import new_id
from tenants.reactions import Handler, Happened, Lane, handler_named
from tenants.scope import school_scope

log = logging.getLogger(__name__)

TURN = 25  # reactions one school may have per lane before others get their turn
ATTEMPTS = 8  # then dead
BACK_OFF = timedelta(seconds=15)  # doubles each time, with jitter
LONGEST = timedelta(hours=1)
Clock = Callable[[], datetime]


@dataclass(frozen=True)
class Claimed:
    id: UUID
    handler: str
    attempts: int
    event: Happened


def drain(school: SchoolRef, *, clock: Clock, turn: int = TURN) -> bool:
    """Run what is due in `school`, at most `turn` per lane; True when something due may be left."""
    more = False
    for lane in Lane:
        claimed = claim(school, lane, now=clock(), limit=turn)
        lease = claimed[0] if claimed else None
        for reaction in claimed[1] if claimed else []:
            _run(school, reaction, lease, clock)
        more = more or bool(claimed and len(claimed[1]) == turn)
    return more


def claim(school: SchoolRef, lane: Lane, *, now: datetime, limit: int) -> tuple[UUID, list[Claimed]] | None:
    """Take up to `limit` due reactions of a lane under a fresh lease, counting the attempt before it runs.

    A reaction whose lease ran out belongs to a worker that died: it is due again. SKIP LOCKED lets workers pass
    each other.
    """
    lease = new_id()
    with school_scope(school):
        due = list(
            Reaction.objects.select_for_update(skip_locked=True)
            .filter(lane=lane, next_at__lte=now)
            .filter(Q(state=ReactionState.WAITING) | Q(state=ReactionState.RUNNING, leased_until__lt=now))
            .order_by("next_at", "id")[:limit]
        )
        if not due:
            return None
        Reaction.objects.filter(id__in=[row.id for row in due]).update(
            state=ReactionState.RUNNING,
            attempts=F("attempts") + 1,
            lease=lease,
            leased_until=now + timedelta(seconds=settings.REACTION_LEASE_SECONDS),
        )
        return lease, [_claimed(row) for row in due]


def _claimed(row: Reaction) -> Claimed:
    return Claimed(row.id, row.handler, row.attempts + 1, happened(row.event))


def happened(event: Event) -> Happened:
    """An event as handlers see it."""
    return Happened(event.id, event.kind, event.at, json.loads(event.body)["facts"], particulars_of(event.id))


def _run(school: SchoolRef, reaction: Claimed, lease: UUID | None, clock: Clock) -> None:
    handler = handler_named(reaction.handler)
    try:
        if handler is None:
            raise LookupError(f"No reaction is called {reaction.handler}.")
        if handler.outside:
            _run_outside(school, handler, reaction, lease, clock)
        else:
            _run_inside(school, handler, reaction, lease, clock)
    except Exception as error:
        log.warning("reaction %s of %s failed", reaction.handler, reaction.event.kind, exc_info=True)
        _failed(school, reaction, lease, error, clock())


def _run_inside(school: SchoolRef, handler: Handler, reaction: Claimed, lease: UUID | None, clock: Clock) -> None:
    """Effect and inbox key in one transaction: a kill anywhere leaves both or neither."""
    with school_scope(school):
        row = _held(reaction.id, lease)
        if row is None:
            return  # another worker took it over after our lease ran out
        now = clock()
        if row.expires_at and row.expires_at < now:
            _close(row, ReactionState.EXPIRED, now)
            return
        handler.run(reaction.event, now=now)
        _close(row, ReactionState.DONE, now)


def _run_outside(school: SchoolRef, handler: Handler, reaction: Claimed, lease: UUID | None, clock: Clock) -> None:
    """At least once: the handler keeps its own record of what it told the world."""
    now = clock()
    with school_scope(school):
        row = _held(reaction.id, lease)
        if row is None:
            return
        if row.expires_at and row.expires_at < now:
            _close(row, ReactionState.EXPIRED, now)
            return
    handler.run(reaction.event, school=school, now=now)
    with school_scope(school):
        row = _held(reaction.id, lease)
        if row is not None:
            _close(row, ReactionState.DONE, clock())


def _held(reaction_id: UUID, lease: UUID | None) -> Reaction | None:
    """The row, locked, if this run still holds its lease."""
    found: Reaction | None = (
        Reaction.objects.select_for_update().filter(id=reaction_id, lease=lease, state=ReactionState.RUNNING).first()
    )
    return found


def _close(row: Reaction, state: ReactionState, now: datetime) -> None:
    row.state, row.lease, row.leased_until, row.error = state, None, None, ""
    row.done_at = now
    row.save(update_fields=["state", "lease", "leased_until", "error", "done_at"])


def _failed(school: SchoolRef, reaction: Claimed, lease: UUID | None, error: Exception, now: datetime) -> None:
    with school_scope(school):
        row = _held(reaction.id, lease)
        if row is None:
            return
        spent = row.attempts >= ATTEMPTS or getattr(error, "permanent", False)
        row.state = ReactionState.DEAD if spent else ReactionState.WAITING
        # The kind of error, never its text: a message may carry an address or a name.
        row.error = type(error).__name__
        row.lease, row.leased_until = None, None
        row.next_at = now + back_off(row.attempts)
        row.save(update_fields=["state", "error", "lease", "leased_until", "next_at"])


def back_off(attempts: int) -> timedelta:
    """15 s, 30 s, 60 s ... up to an hour, each with up to a quarter of jitter so that retries spread out."""
    pause: timedelta = min(BACK_OFF * 2 ** max(0, attempts - 1), LONGEST)
    return pause * random.uniform(1, 1.25)  # noqa: S311 spreads retries, keeps no secret


def has_due(school: SchoolRef, *, now: datetime) -> bool:
    """Whether the sweep should wake a worker for this school."""
    with school_scope(school):
        waiting = Q(state=ReactionState.WAITING) | Q(state=ReactionState.RUNNING, leased_until__lt=now)
        return bool(Reaction.objects.filter(waiting, next_at__lte=now).exists())


def replay(ids: list[UUID], *, now: datetime) -> int:
    """Give dead reactions of the open school a fresh start; how many there were. Expired ones stay dead."""
    dead = Reaction.objects.filter(id__in=ids, state=ReactionState.DEAD)
    fresh = dead.filter(Q(expires_at=None) | Q(expires_at__gt=now))
    return int(fresh.update(state=ReactionState.WAITING, attempts=0, next_at=now, error=""))
