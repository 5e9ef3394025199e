"""Recording what happened, inside the transaction in which it happens."""

import hashlib
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import rfc8785

from tenant_apps.events.models import Event, Particulars
from tenants.actor import Actor
from tenants.current import current_school
from tenants.ids import new_id
from tenants.jobs import wake_after_commit
from tenants.lanes import Lane
from tenants.pipeline import send
from tenants.reactions import handlers_of

# Written by hand: every scan goes through here, and their plans must survive the switch between schools.
EVENTS = """
INSERT INTO {s}.events_event (id, kind, at, recorded_at, actor, body)
SELECT * FROM unnest(%s::uuid[], %s::text[], %s::timestamptz[], %s::timestamptz[], %s::text[], %s::text[])
"""
BESIDE = """
INSERT INTO {s}.events_particulars (id, event_id, values)
SELECT p.id, p.event, p.told::jsonb FROM unnest(%s::uuid[], %s::uuid[], %s::text[]) AS p(id, event, told)
"""
FOLLOW = """
INSERT INTO {s}.events_reaction (id, event_id, handler, lane, next_at, expires_at, state, attempts, error)
SELECT f.*, 'waiting', 0, ''
FROM unnest(%s::uuid[], %s::uuid[], %s::text[], %s::text[], %s::timestamptz[], %s::timestamptz[]) AS f
"""


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
    if not happened:
        return []
    events, beside, follow = [], [], []
    for fact in happened:
        salted = {name: {"salt": secrets.token_hex(16), "value": value} for name, value in fact.about.items()}
        event = Event(kind=fact.kind, at=fact.at, recorded_at=now, actor=by.name_in_audit, body="")
        event.body = _body(event, fact, salted)
        events.append(event)
        if salted:
            beside.append((new_id(), event.id, json.dumps(salted)))
        if not fact.quiet:
            follow += _reactions(event, now)
    send(EVENTS, _columns([(e.id, e.kind, e.at, e.recorded_at, e.actor, e.body) for e in events]))
    if beside:
        send(BESIDE, _columns(beside))
    if follow:
        send(FOLLOW, _columns(follow))
        wake_after_commit({Lane(lane) for _, _, _, lane, *_ in follow})
    return events


def _columns(rows: Sequence[tuple[Any, ...]]) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)]


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


def _reactions(event: Event, now: datetime) -> list[tuple[Any, ...]]:
    return [
        (
            new_id(), event.id, handler.name, str(handler.lane), now,
            event.at + handler.expires_after if handler.expires_after else None,
        )
        for handler in handlers_of(event.kind)
    ]  # fmt: skip


def particulars_of(event_id: UUID) -> dict[str, Any]:
    """What the event says about people, or {} once erased."""
    row = Particulars.objects.filter(event_id=event_id).first()
    return {name: part["value"] for name, part in row.values.items()} if row else {}


def facts_at(kind: str, *, at: datetime) -> list[dict[str, Any]]:
    """What events of this kind say that happened at exactly this moment: how a doubled telling is known."""
    found = Event.objects.filter(kind=kind, at=at)
    return [json.loads(body)["facts"] for body in found.values_list("body", flat=True)]
