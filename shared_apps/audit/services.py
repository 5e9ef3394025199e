"""Recording on the platform, and sealing what was recorded."""

import json
import logging
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import rfc8785
from django.db import transaction

from shared_apps.audit.models import PlatformCheckpoint, PlatformEvent, PlatformSeal, SealedUntil
from tenants.ledger import BATCH, Book, checkpoints_after, newest, seal_next, unsealed_since
from tenants.seals import PLATFORM, Statement
from tenants.verification import Sealed

log = logging.getLogger(__name__)


def record(
    kind: str, *, by: str, now: datetime, school: UUID | None = None, facts: dict[str, Any] | None = None
) -> PlatformEvent:
    """Append one event. `by` is `Actor.name_in_audit`; `facts` are ids and codes, never a person's particulars."""
    event = PlatformEvent(kind=kind, at=now, actor=by, school=school, body="")
    event.body = rfc8785.dumps(
        {
            "v": 1,
            "id": str(event.id),
            "kind": kind,
            "at": now.isoformat(),
            "actor": by,
            "school": str(school) if school else None,
            "facts": facts or {},
        }
    ).decode()
    event.save(force_insert=True)
    return event


def latest_of(kind: str, *, school: UUID, limit: int) -> list[dict[str, Any]]:
    """The newest events of one kind about a school: `at`, `actor` and what else their bodies say."""
    events = PlatformEvent.objects.filter(kind=kind, school=school).order_by("-at", "-id")[:limit]
    return [{**json.loads(event.body), "at": event.at} for event in events]


# -- seals ------------------------------------------------------------------------------------------------------------


BOOK = Book(PLATFORM, PlatformEvent, PlatformSeal, PlatformCheckpoint, heard="at")


def seal(*, now: datetime, all_of_it: bool = False) -> int:
    """Seal what the platform recorded, all of it, batch by batch; how many. Raises Torn.

    The platform has no second place of its own: each checkpoint is written to the log, which lies elsewhere.
    """
    total = 0
    while True:
        with transaction.atomic():
            count = seal_next(BOOK, now=now, all_of_it=all_of_it)
            words = newest(BOOK)
        if count and words:
            log.info("platform checkpoint %s", json.dumps(words.plain(), sort_keys=True))
        total += count
        if count < BATCH:
            break
    since = unsealed_since(BOOK)
    SealedUntil.objects.update_or_create(world=PLATFORM, defaults={"at": since or now})
    return total


def lag(now: datetime) -> timedelta:
    """How long the platform's oldest unsealed event has been waiting."""
    since = unsealed_since(BOOK)
    return max(now - since, timedelta(0)) if since else timedelta(0)


def sealing_lags(now: datetime) -> dict[str, float]:
    """Seconds of history that may not be sealed yet, for the platform and for the slowest of all schools."""
    return {row.world: max(0.0, (now - row.at).total_seconds()) for row in SealedUntil.objects.all()}


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
