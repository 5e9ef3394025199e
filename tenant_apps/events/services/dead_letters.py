"""What could not be done: listed, counted before anything is set off, and given a fresh start.

A reaction whose time is over stays dead, whoever asks: nobody hears of this morning's arrival tomorrow.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, Q
from django.db.models.functions import Left

from tenant_apps.events.models import Reaction, ReactionState
from tenant_apps.events.services.record import record
from tenants.actor import Actor
from tenants.jobs import wake_after_commit

LIMIT = 100
TOLD_REASON = 120  # characters of a reason that the platform keeps


@dataclass(frozen=True)
class DeadLetter:
    """One reaction that was given up. `reason` is a code or a kind of error; `replayable` says that there is time."""

    id: UUID
    handler: str
    event: UUID
    kind: str
    happened_at: datetime
    died_at: datetime | None
    attempts: int
    reason: str
    replayable: bool


@dataclass(frozen=True)
class Replay:
    """How many would be, or were, given a fresh start, and how many are past their time."""

    fresh: int
    expired: int


def dead_letters(*, now: datetime, handler: str = "", limit: int = LIMIT) -> list[DeadLetter]:
    """The open school's dead reactions, last died first; of one handler when it is named."""
    rows = _dead(None, handler).select_related("event").order_by("-done_at", "-id")[:limit]
    return [
        DeadLetter(
            id=row.id, handler=row.handler, event=row.event_id, kind=row.event.kind, happened_at=row.event.at,
            died_at=row.done_at, attempts=row.attempts, reason=row.error,
            replayable=row.expires_at is None or row.expires_at > now,
        )
        for row in rows
    ]  # fmt: skip


def preview(*, now: datetime, ids: Collection[UUID] | None = None, handler: str = "") -> Replay:
    """What `replay` with the same arguments would come to."""
    dead = _dead(ids, handler)
    fresh = dead.filter(_in_time(now)).count()
    return Replay(fresh, dead.count() - fresh)


def replay(*, by: Actor, now: datetime, ids: Collection[UUID] | None = None, handler: str = "") -> Replay:
    """Give dead reactions a fresh start: those with `ids`, those of `handler`, or (neither) all of the open school.

    A second call finds nothing dead and does nothing.
    """
    dead = _dead(ids, handler)
    fresh = dead.filter(_in_time(now)).update(
        state=ReactionState.WAITING, attempts=0, next_at=now, error="", done_at=None
    )
    result = Replay(fresh, dead.count())
    if fresh:
        facts: dict[str, Any] = {"fresh": result.fresh, "expired": result.expired, "handler": handler}
        record("events.reactions_replayed", by=by, at=now, now=now, facts=facts)
        wake_after_commit()
    return result


def discard(*, by: Actor, now: datetime, ids: Collection[UUID], why: str) -> int:
    """Close dead reactions for good; how many. `why` is a code. What is not dead any more stays as it is."""
    closed: int = _dead(ids, "").update(state=ReactionState.DISCARDED, done_at=now)
    if closed:
        record("events.reactions_discarded", by=by, at=now, now=now, facts={"count": closed, "why": why})
    return closed


@dataclass(frozen=True)
class Found:
    """Dead reactions in question: those that could have a fresh start, and ids of those that are past their time.

    Both lists end at the limit; the numbers are of all.
    """

    fresh: list[Reaction]
    expired: list[UUID]
    in_time: int
    too_late: int


def find(
    *, now: datetime, ids: Collection[UUID] | None = None, handler: str = "", reason: str | None = None, limit: int
) -> Found:
    """Up to `limit` dead reactions with `ids`, of a handler, of a reason as the platform was told it, or all.

    Those in time come first, each kind from the oldest on, so that what is too old keeps nothing in time from its turn.
    """
    dead = _dead(ids, handler)
    if reason is not None:
        dead = dead.annotate(cause=Left("error", TOLD_REASON)).filter(cause=reason)
    dead, in_time = dead.order_by("done_at", "id"), _in_time(now)
    fresh = list(dead.filter(in_time).select_related("event")[:limit])
    expired = dead.exclude(in_time)
    return Found(
        fresh, list(expired.values_list("id", flat=True)[: limit - len(fresh)]),
        len(fresh) if len(fresh) < limit else dead.filter(in_time).count(), expired.count(),
    )  # fmt: skip


def outcome(ids: Collection[UUID]) -> dict[str, int]:
    """What became of reactions: how many are in each state now."""
    rows = Reaction.objects.filter(id__in=ids).order_by().values_list("state").annotate(count=Count("id"))
    return dict(rows)


def _dead(ids: Collection[UUID] | None, handler: str) -> Any:
    dead = Reaction.objects.filter(state=ReactionState.DEAD)
    if ids is not None:
        dead = dead.filter(id__in=ids)
    return dead.filter(handler=handler) if handler else dead


def _in_time(now: datetime) -> Q:
    return Q(expires_at=None) | Q(expires_at__gt=now)
