"""Sealing the open school's events, and reading its seals for whoever checks them."""

import json
from datetime import datetime, timedelta

from tenant_apps.events.models import Checkpoint, Event, Seal
from tenant_apps.events.services.record import commitment, record
from tenants import ledger
from tenants.actor import Actor
from tenants.current import current_school
from tenants.ledger import Book
from tenants.pipeline import send
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


PAGE = """
SELECT s.seq, s.event_id::text, s.leaf, s.chain, e.kind, e.actor, e.at, e.recorded_at, e.body, p.values::text
FROM {s}.events_seal s
LEFT JOIN {s}.events_event e ON e.id = s.event_id
LEFT JOIN {s}.events_particulars p ON p.event_id = s.event_id
WHERE s.seq > %s AND s.seq <= %s ORDER BY s.seq
"""


def page(after: int, upto: int) -> list[Sealed]:
    """The sealed events behind number `after`, up to number `upto`. One statement, and no record for each: a history
    has millions."""
    return [_sealed(*row) for row in send(PAGE, [after, upto]).rows()]


def _sealed(
    number: int, key: str, leaf: bytes, chain: bytes, kind: str | None, actor: str, at: datetime,
    recorded_at: datetime, body: str | None, values: str | None,
) -> Sealed:  # fmt: skip
    if body is None:
        return Sealed(number, key, None, leaf, chain)
    return Sealed(number, key, body, leaf, chain, at_odds(body, (key, kind, actor), (at, recorded_at), values))


def at_odds(body: str, words: tuple[object, ...], moments: tuple[datetime, ...], particulars: str | None) -> str:
    """What of a row its sealed body contradicts: a column, or a particular that was not committed to. "" for none.

    `words` are id, kind and actor, `moments` when it happened and was recorded, `particulars` JSON text or None:
    what was erased contradicts nothing.
    """
    try:
        told = json.loads(body)
        if (told["id"], told["kind"], told["actor"]) != words or moments != (
            datetime.fromisoformat(told["at"]),
            datetime.fromisoformat(told["recorded_at"]),
        ):
            return "its columns are not what was sealed"
        committed = told["commitments"]
        for name, part in json.loads(particulars).items() if particulars else ():
            if committed.get(name) != commitment(part["salt"], part["value"]):
                return "what it says about people is not what was committed to"
    except (KeyError, TypeError, ValueError):
        return "its body cannot be read"
    return ""
