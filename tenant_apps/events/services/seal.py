"""Sealing the open school's events, and reading its seals for whoever checks them."""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from tenant_apps.events.models import Checkpoint, Event, Particulars, Seal
from tenant_apps.events.services.record import commitment, record
from tenants import ledger
from tenants.actor import Actor
from tenants.current import current_school
from tenants.ledger import Book
from tenants.scoped import lock
from tenants.seals import Statement, published_keys
from tenants.verification import Sealed

ANNOUNCED = "events.checkpoint_signed"
WEEK = timedelta(days=7)


def book() -> Book:
    """The open school's history."""
    return Book(str(current_school().id), Event, Seal, Checkpoint, heard="recorded_at")


def seal(
    *,
    now: datetime,
    kept: Statement | None = None,
    pause: timedelta = timedelta(0),
    all_of_it: bool = False,
) -> int:
    """Seal what is unsealed, but nothing within `pause` of the last checkpoint; how many were sealed. Raises Torn."""
    last = ledger.newest(book())
    if last and now < last.at + pause:
        return 0
    return ledger.seal_next(book(), now=now, kept=kept, all_of_it=all_of_it)


def announce(*, by: Actor, now: datetime) -> bool:
    """A week after the last one, record the newest checkpoint as an event, so that it is mailed to the school.

    The first is due a week after the first checkpoint. Whether there was one to record.
    """
    lock("events.announce")
    last, first = ledger.newest(book()), Checkpoint.objects.order_by("size").first()
    if last is None or first is None:
        return False
    told = Event.objects.filter(kind=ANNOUNCED).order_by("-at").values_list("at", flat=True).first()
    if now < (told or first.at) + WEEK:
        return False
    record(ANNOUNCED, by=by, at=now, now=now, facts={**last.plain(), "public_key": published_keys().get(last.kid, "")})
    return True


def lag(now: datetime) -> timedelta:
    """How long the oldest unsealed event has been waiting."""
    since = ledger.unsealed_since(book())
    return max(now - since, timedelta(0)) if since else timedelta(0)


def checkpoints_after(size: int) -> list[Statement]:
    return ledger.checkpoints_after(book(), size)


def tail() -> int:
    """The last number given."""
    found = Seal.objects.order_by("-seq").values_list("seq", flat=True).first()
    return found or 0


def page(after: int, upto: int) -> list[Sealed]:
    """The sealed events behind number `after`, up to number `upto`."""
    rows = Seal.objects.filter(seq__gt=after, seq__lte=upto).order_by("seq")
    seals = list(rows.values_list("seq", "event_id", "leaf", "chain"))
    events = {event.id: event for event in Event.objects.filter(seal__seq__gt=after, seal__seq__lte=upto)}
    erasable = Particulars.objects.filter(event__seal__seq__gt=after, event__seal__seq__lte=upto)
    beside = dict(erasable.values_list("event_id", "values"))
    return [
        _sealed(number, key, bytes(leaf), bytes(chain), events.get(key), beside.get(key, {}))
        for number, key, leaf, chain in seals
    ]


def _sealed(
    number: int, key: UUID, leaf: bytes, chain: bytes, event: Event | None, values: dict[str, dict[str, Any]]
) -> Sealed:
    if event is None:
        return Sealed(number, str(key), None, leaf, chain)
    return Sealed(number, str(key), event.body, leaf, chain, wrong=at_odds(event, values))


def at_odds(event: Event, values: dict[str, dict[str, Any]]) -> str:
    """What of a row its sealed body contradicts: a column, or a particular that was not committed to. "" for none.

    Particulars that were erased contradict nothing.
    """
    try:
        body = json.loads(event.body)
        told: Sequence[object] = (
            body["id"], body["kind"], body["actor"],
            datetime.fromisoformat(body["at"]), datetime.fromisoformat(body["recorded_at"]),
        )  # fmt: skip
        committed = body["commitments"]
        if told != (str(event.id), event.kind, event.actor, event.at, event.recorded_at):
            return "its columns are not what was sealed"
        for name, part in values.items():
            if committed.get(name) != commitment(part["salt"], part["value"]):
                return "what it says about people is not what was committed to"
    except (KeyError, TypeError, ValueError):
        return "its body cannot be read"
    return ""
