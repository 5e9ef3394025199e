"""Doing what must follow: claim, run, record; again later when it fails; dead when spent.

One reaction is claimed at a time, so that a lease covers one run, a slow neighbour costs nobody theirs, and a
reaction that takes its worker down is charged for it alone. Whatever ends one run claims the next in the same
transaction: a commit for each reaction, and every attempt is counted before it runs.
"""

import json
import logging
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from tenant_apps.events.models import Reaction, ReactionState
from tenants.current import SchoolRef, current_school
from tenants.ids import new_id
from tenants.lanes import Lane
from tenants.models import School, SchoolState
from tenants.pipeline import Sent, send, unanswered, with_commit
from tenants.reactions import Handler, Happened, ReactionError, handler_named
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

# A reaction whose lease ran out belongs to a worker that died: it is due again. SKIP LOCKED lets workers pass each
# other, and a run that is slow inside its transaction keeps its row. Only the reaction is locked: a school may not
# update its events, so it may not lock them either.
FIRST_DUE = """(SELECT id FROM {{s}}.events_reaction
    WHERE '{lane}' = ANY(%s::text[]) AND lane = '{lane}' AND next_at <= %s::timestamptz
      AND (state = 'waiting' OR (state = 'running' AND leased_until < %s::timestamptz))
    ORDER BY next_at, id LIMIT 1 FOR UPDATE SKIP LOCKED)"""
CLAIM = f"""
WITH due AS MATERIALIZED (
  SELECT id, event_id, attempts FROM {{s}}.events_reaction
  WHERE id = COALESCE({", ".join(FIRST_DUE.format(lane=lane.value).replace("{{s}}", "{s}") for lane in Lane)})
)
UPDATE {{s}}.events_reaction AS r
SET state = 'running', lease = %s::uuid, attempts = least(r.attempts + 1, {ATTEMPTS}),
    leased_until = %s::timestamptz
FROM due JOIN {{s}}.events_event e ON e.id = due.event_id
LEFT JOIN {{s}}.events_particulars p ON p.event_id = e.id
WHERE r.id = due.id
RETURNING r.id, r.lane, r.handler, r.attempts, due.attempts >= {ATTEMPTS}, r.expires_at,
          e.id, e.kind, e.at, e.body, p.values::text
"""
# The fencing: nothing happens unless the row is still this run's. It is locked from here to the end.
END = """
UPDATE {s}.events_reaction
SET state = %s, error = %s, done_at = %s::timestamptz, next_at = COALESCE(%s::timestamptz, next_at),
    lease = NULL, leased_until = NULL
WHERE id = %s AND lease = %s AND state = 'running' RETURNING id
"""
# The same where nobody waits for the answer: without the row the transaction fails, and with it all that was sent.
END_OR_FAIL = f"WITH ended AS ({END}) SELECT 1 / count(*) FROM ended"


@dataclass(frozen=True)
class Claimed:
    """One reaction in hand; `lease` is the fencing token that only this run holds.

    `attempts` counts this one; `spent`: there was none left, so it is to be buried.
    """

    id: UUID
    lease: UUID
    lane: Lane
    handler: str
    attempts: int
    spent: bool
    expires_at: datetime | None
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


@dataclass
class Turn:
    """What one school may still have of its turn: so many reactions of each lane and so much time for them.

    `more` says that something due may be left. An emergency is neither counted nor timed.
    """

    clock: Clock
    size: int
    leave: Leave
    served: Sequence[Lane] = tuple(Lane)
    taken: dict[Lane, int] = field(default_factory=lambda: dict.fromkeys(Lane, 0))
    until: dict[Lane, datetime] = field(default_factory=dict)
    resting: set[Lane] = field(default_factory=set)
    more: bool = False

    def lanes(self, now: datetime) -> list[Lane]:
        """The lanes of which another reaction may begin."""
        if not self.leave.holds(now):
            return []
        for lane in set(self.served) - {Lane.EMERGENCY} - self.resting:
            if self.taken[lane] >= self.size or now >= self.until.get(lane, datetime.max.replace(tzinfo=now.tzinfo)):
                self.resting.add(lane)
                self.more = True
        return [lane for lane in self.served if lane not in self.resting]

    def begin(self, lane: Lane, now: datetime) -> None:
        self.taken[lane] += 1
        self.until.setdefault(lane, now + SLICE)


def drain(school: SchoolRef, *, clock: Clock, turn: int = TURN, lanes: Sequence[Lane] = tuple(Lane)) -> bool:
    """Run what is due in `lanes` of `school`, at most `turn` of each; True when something due may be left."""
    mine = Turn(clock, turn, Leave(school), lanes)
    with school_scope(school):
        following = _ask(mine)
    reaction = _next(following, mine)
    while reaction is not None:
        reaction = run(school, reaction, mine)
    return mine.more


@dataclass(frozen=True)
class Asked:
    """A claim that was sent with the COMMIT of its transaction."""

    lease: UUID
    at: datetime
    sent: Sent


def claim(lanes: Sequence[Lane], *, now: datetime) -> Asked:
    """Last in the open school's transaction, take the first due reaction of the first of `lanes` that has one, under a
    fresh lease. The lanes go in their own order, so that an emergency recorded meanwhile goes first.
    """
    lease, until = new_id(), now + timedelta(seconds=settings.REACTION_LEASE_SECONDS)
    due = [[lane.value for lane in lanes], now, now] * len(Lane)
    return Asked(lease, now, with_commit(CLAIM, [*due, lease, until]))


def claimed(asked: Asked) -> Claimed | None:
    """What was claimed, after the commit."""
    for key, lane, name, attempts, spent, expires_at, *event in asked.sent.rows():
        return Claimed(key, asked.lease, Lane(lane), name, attempts, spent, expires_at, _happened(*event))
    return None


def _ask(turn: Turn) -> Asked:
    now = turn.clock()
    return claim(turn.lanes(now), now=now)


def _next(asked: Asked, turn: Turn) -> Claimed | None:
    found = claimed(asked)
    if found is not None:
        turn.begin(found.lane, asked.at)
    return found


def _happened(key: UUID, kind: str, at: datetime, body: str, values: str | None) -> Happened:
    about = {name: part["value"] for name, part in json.loads(values).items()} if values else {}
    return Happened(key, kind, at, json.loads(body)["facts"], about)


def run(school: SchoolRef, reaction: Claimed, turn: Turn) -> Claimed | None:
    """Run one claimed reaction, record how it went and claim the next."""
    try:
        return _run(school, reaction, turn)
    except Exception as error:
        told = (reaction.handler, reaction.event.kind, without_text(error))
        log.warning("reaction %s of %s failed\n%s", *told, extra={"school": str(school.id)})
        if isinstance(error, ReactionError) and error.unreachable:
            turn.resting.add(reaction.lane)  # the next would wait for the same silence: it rests until the sweep
        return _failed(school, reaction, error, turn)


def _run(school: SchoolRef, reaction: Claimed, turn: Turn) -> Claimed | None:
    handler, now = handler_named(reaction.handler), turn.clock()
    if reaction.spent:
        return _buried(school, reaction, ReactionState.DEAD, "worker_lost", turn)
    if reaction.expires_at and reaction.expires_at < now:
        return _buried(school, reaction, ReactionState.EXPIRED, "expired", turn)
    if handler is None:
        raise ReactionError("no_such_reaction")  # a newer version wrote it: wait for that version's worker
    if handler.outside:
        return _run_outside(school, handler, reaction, turn)
    return _run_inside(school, handler, reaction, turn)


def _run_inside(school: SchoolRef, handler: Handler, reaction: Claimed, turn: Turn) -> Claimed | None:
    """Effect and inbox key in one transaction: a kill anywhere leaves both or neither."""
    with school_scope(school, pipelined=handler.pipelined):
        if handler.pipelined:
            send(END_OR_FAIL, _words(reaction, ReactionState.DONE, turn.clock()))
            handler.run(reaction.event, now=turn.clock())
        elif _ended(reaction, ReactionState.DONE, turn.clock()):
            handler.run(reaction.event, now=turn.clock())
        following = _ask(turn)
    return _next(following, turn)


def _run_outside(school: SchoolRef, handler: Handler, reaction: Claimed, turn: Turn) -> Claimed | None:
    """At least once: the handler keeps its own record of what it told the world."""
    handler.run(reaction.event, school=school, now=turn.clock())
    with school_scope(school):
        _ended(reaction, ReactionState.DONE, turn.clock())
        following = _ask(turn)
    return _next(following, turn)


def _ended(
    reaction: Claimed, state: ReactionState, at: datetime | None, reason: str = "", again: datetime | None = None
) -> bool:
    """Write down how a run ended, unless another worker took it over after its lease ran out."""
    with unanswered():
        sent = send(END, _words(reaction, state, at, reason, again))
    return bool(sent.rows())


def _words(
    reaction: Claimed, state: ReactionState, at: datetime | None, reason: str = "", again: datetime | None = None
) -> list[Any]:
    return [state.value, reason, at, again, reaction.id, reaction.lease]


def _failed(school: SchoolRef, reaction: Claimed, error: Exception, turn: Turn) -> Claimed | None:
    # A code or the kind of error, never its text: a message may carry an address or a name.
    reason = error.reason if isinstance(error, ReactionError) else type(error).__name__
    permanent = isinstance(error, ReactionError) and error.permanent
    if permanent or reaction.attempts >= ATTEMPTS:
        return _buried(school, reaction, ReactionState.DEAD, reason, turn)
    with school_scope(school):
        _ended(reaction, ReactionState.WAITING, None, reason, turn.clock() + back_off(reaction.attempts))
        following = _ask(turn)
    return _next(following, turn)


def _buried(school: SchoolRef, reaction: Claimed, state: ReactionState, reason: str, turn: Turn) -> Claimed | None:
    now = turn.clock()
    with school_scope(school):
        if _ended(reaction, state, now, "" if state is ReactionState.EXPIRED else reason):
            _give_up(reaction, reason, now)
        following = _ask(turn)
    return _next(following, turn)


def _give_up(reaction: Claimed, reason: str, now: datetime) -> None:
    """Let the handler say where people look that it will not happen; its own failure changes nothing."""
    handler = handler_named(reaction.handler)
    if handler is None or handler.given_up is None:
        return
    try:
        with transaction.atomic(using=current_school().alias):
            handler.given_up(reaction.event, reason=reason, now=now)
    except Exception as error:
        log.warning("giving up %s of %s failed\n%s", reaction.handler, reaction.event.kind, without_text(error))


def back_off(attempts: int) -> timedelta:
    """15 s, 30 s, 60 s ... up to an hour, each with up to a quarter of jitter so that retries spread out."""
    doublings = min(max(0, attempts - 1), 8)  # by then it is past an hour
    pause: timedelta = min(BACK_OFF * 2**doublings, LONGEST)
    return pause * random.uniform(1, 1.25)


def has_due(school: SchoolRef, *, now: datetime) -> bool:
    """Whether the sweep should wake a worker for this school."""
    with school_scope(school):
        waiting = Q(state=ReactionState.WAITING) | Q(state=ReactionState.RUNNING, leased_until__lt=now)
        return bool(Reaction.objects.filter(Q(next_at__lte=now) & waiting).exists())
