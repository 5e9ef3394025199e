"""Recording what happened, inside the transaction in which it happens."""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import rfc8785

from tenant_apps.events.models import Event, Particulars, Reaction
from tenants.actor import Actor
from tenants.current import current_school
from tenants.jobs import wake_after_commit
from tenants.reactions import handlers_of


@dataclass(frozen=True)
class Fact:
    """One thing to record. `facts` hold no person; `about` holds what concerns people and is only committed to.

    Values are JSON (UUIDs and datetimes as text); `quiet` records history without setting anything off.
    """

    kind: str
    at: datetime
    facts: dict[str, Any] = field(default_factory=dict)
    about: dict[str, Any] = field(default_factory=dict)
    quiet: bool = False


def record(
    kind: str,
    *,
    by: Actor,
    at: datetime,
    now: datetime,
    facts: dict[str, Any] | None = None,
    about: dict[str, Any] | None = None,
    quiet: bool = False,
) -> Event:
    """Record one event and the reactions that must follow it. Returns the event."""
    return record_many([Fact(kind, at, facts or {}, about or {}, quiet)], by=by, now=now)[0]


def record_many(happened: Sequence[Fact], *, by: Actor, now: datetime) -> list[Event]:
    """Record many at once: three statements, whatever their number."""
    events, beside, follow = [], [], []
    for fact in happened:
        salted = {name: {"salt": secrets.token_hex(16), "value": value} for name, value in fact.about.items()}
        event = Event(kind=fact.kind, at=fact.at, recorded_at=now, actor=by.name_in_audit, body="")
        event.body = _body(event, fact, salted)
        events.append(event)
        if salted:
            beside.append(Particulars(event=event, values=salted))
        if not fact.quiet:
            follow += _reactions(event, now)
    Event.objects.bulk_create(events)
    Particulars.objects.bulk_create(beside)
    if follow:
        Reaction.objects.bulk_create(follow)
        wake_after_commit()
    return events


def commitment(salt: str, value: Any) -> str:
    """SHA-256 over the salt's bytes and the canonical JSON of `value`, in hex."""
    return hashlib.sha256(bytes.fromhex(salt) + rfc8785.dumps(value)).hexdigest()


def _body(event: Event, fact: Fact, salted: dict[str, dict[str, Any]]) -> str:
    return rfc8785.dumps(
        {
            "v": 1,
            "id": str(event.id),
            "school": str(current_school().id),
            "kind": fact.kind,
            "at": fact.at.isoformat(),
            "recorded_at": event.recorded_at.isoformat(),
            "actor": event.actor,
            "facts": fact.facts,
            "commitments": {name: commitment(part["salt"], part["value"]) for name, part in salted.items()},
        }
    ).decode()


def _reactions(event: Event, now: datetime) -> list[Reaction]:
    return [
        Reaction(
            event=event,
            handler=handler.name,
            lane=handler.lane,
            next_at=now,
            expires_at=event.at + handler.expires_after if handler.expires_after else None,
        )
        for handler in handlers_of(event.kind)
    ]


def particulars_of(event_id: UUID) -> dict[str, Any]:
    """What the event says about people, or {} once erased."""
    row = Particulars.objects.filter(event_id=event_id).first()
    return {name: part["value"] for name, part in row.values.items()} if row else {}
