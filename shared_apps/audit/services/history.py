"""The platform's sealed history as it stands, for whoever checks or exports it."""

import json
from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

from shared_apps.audit.models import (
    PlatformEvent,
    PlatformSeal,
)
from shared_apps.audit.services.sealing import BOOK
from tenants.ledger import checkpoints_after
from tenants.seals import Statement
from tenants.verification import Sealed

PAGE = 5_000


def page(after: int, upto: int) -> list[Sealed]:
    """The platform's sealed events behind number `after`, up to number `upto`."""
    rows = PlatformSeal.objects.filter(seq__gt=after, seq__lte=upto).order_by("seq")
    seals = list(rows.values_list("seq", "event_id", "leaf", "chain"))
    events = {event.id: event for event in PlatformEvent.objects.filter(seal__seq__gt=after, seal__seq__lte=upto)}
    return [_sealed(number, key, bytes(leaf), bytes(chain), events.get(key)) for number, key, leaf, chain in seals]


def _sealed(number: int, key: UUID, leaf: bytes, chain: bytes, event: PlatformEvent | None) -> Sealed:
    if event is None:
        return Sealed(number, str(key), None, leaf, chain)
    return Sealed(number, str(key), event.body, leaf, chain, wrong=_at_odds(event))


def _at_odds(event: PlatformEvent) -> str:
    try:
        body = json.loads(event.body)
        told = body["id"], body["kind"], body["actor"], body["school"], datetime.fromisoformat(body["at"])
    except (KeyError, TypeError, ValueError):
        return "its body cannot be read"
    school = str(event.school) if event.school else None
    if told != (str(event.id), event.kind, event.actor, school, event.at):
        return "its columns are not what was sealed"
    return ""


def history() -> tuple[int, list[Statement]]:
    """The last number the platform gave, and all its checkpoints."""
    tail = PlatformSeal.objects.order_by("-seq").values_list("seq", flat=True).first()
    return tail or 0, checkpoints_after(BOOK, 0)


def rows(upto: int) -> Iterator[Sealed]:
    """Every sealed event up to a number, in order, a page at a time."""
    after = 0
    while found := page(after, min(upto, after + PAGE)):
        yield from found
        after = found[-1].number
