"""What the platform may ask about a school's messages and dead letters, and do with those. Plain data only."""

import json
from datetime import datetime
from typing import Any
from uuid import UUID

from shared_apps.deliveries.for_schools import Told
from tenant_apps.events.models import Particulars, Reaction
from tenant_apps.events.services import dead_letters
from tenant_apps.events.services.record import record
from tenant_apps.messaging.models import MailboxEntry
from tenant_apps.messaging.services import figures
from tenant_apps.messaging.services.dead import would_hear
from tenants.actor import Actor, system
from tenants.ask import for_platform
from tenants.current import current_school

SHOWN = 500


@for_platform("messaging.mailbox")
def mailbox(*, to: str = "") -> list[dict[str, Any]]:
    """Mail of a local installation, newest first: to one address, or all of it."""
    entries = MailboxEntry.objects.order_by("-sent_at", "-id")
    if to:
        entries = entries.filter(to__iexact=to)
    return list(entries.values("to", "subject", "text", "language", "sent_at")[:SHOWN])


@for_platform("messaging.told")
def told(*, since: datetime, now: datetime) -> Told:
    """What the school tells about itself, asked for instead of waited for."""
    return figures.told(since=since, now=now)


# -- dead letters ------------------------------------------------------------------------------------------------------


def _operator(name: str) -> Actor:
    """Somebody of the platform acting here, by the name they have in the platform's own history."""
    return system(f"platform:{name}", current_school())


@for_platform("dead_letters.count")
def count(
    *, now: datetime, limit: int, ids: list[UUID] | None = None, handler: str = "", reason: str | None = None
) -> dict[str, Any]:
    """Which dead letters a replay would take up, which are past their time, up to `limit` together; how many there are
    of each in all; and how many guardians would hear of the former."""
    found = dead_letters.find(now=now, ids=ids, handler=handler, reason=reason, limit=limit)
    return {
        "fresh": [row.id for row in found.fresh],
        "expired": found.expired,
        "in_time": found.in_time,
        "too_late": found.too_late,
        "people": would_hear(found.fresh),
    }


@for_platform("dead_letters.replay", writes=True)
def replay(*, ids: list[UUID], by: str, now: datetime) -> int:
    """Give these a fresh start if there is still time; how many got one."""
    return dead_letters.replay(by=_operator(by), now=now, ids=ids).fresh


@for_platform("dead_letters.discard", writes=True)
def discard(*, ids: list[UUID], by: str, why: str, now: datetime) -> int:
    return dead_letters.discard(by=_operator(by), now=now, ids=ids, why=why)


@for_platform("dead_letters.outcome")
def outcome(*, ids: list[UUID]) -> dict[str, int]:
    """How many of these are in each state now."""
    return dead_letters.outcome(ids)


@for_platform("dead_letters.read")
def read(*, reaction: UUID) -> dict[str, Any] | None:
    """One dead letter's payload: facts in clear, particulars by name without their values. None once it is gone."""
    row = Reaction.objects.filter(pk=reaction, state="dead").select_related("event").first()
    if row is None:
        return None
    beside = Particulars.objects.filter(event=row.event).first()
    return {"facts": json.loads(row.event.body)["facts"], "about": sorted(beside.values) if beside else []}


@for_platform("dead_letters.reveal", writes=True)
def reveal(*, reaction: UUID, by: str, now: datetime) -> dict[str, Any] | None:
    """The particulars too, and a line in the school's history that somebody of the platform saw them."""
    told = read(reaction=reaction)
    if told is None:
        return None
    row = Reaction.objects.get(pk=reaction)
    beside = Particulars.objects.filter(event=row.event_id).first()
    values = {name: part["value"] for name, part in beside.values.items()} if beside else {}
    record("events.dead_letter_revealed", by=_operator(by), at=now, now=now, facts={"reaction": str(reaction)})
    return {"facts": told["facts"], "about": values}
