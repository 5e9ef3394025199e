"""Recording on the platform: one verb, and what was recorded last of a kind."""

import json
from datetime import datetime
from typing import Any
from uuid import UUID

import rfc8785
from django.db.models import F

from shared_apps.audit.models import PlatformEvent


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


def count_of(kind: str, *, since: datetime, until: datetime) -> int:
    """How many events of one kind the history holds between two moments, both included."""
    return PlatformEvent.objects.filter(kind=kind, at__gte=since, at__lte=until).count()


def first_facts(kind: str, **known: str) -> dict[str, Any] | None:
    """What the first event of one kind says whose facts hold `known`: by its number in the chain, as a later one proves
    nothing about it; one that waits for its seal comes behind those that have it."""
    events = PlatformEvent.objects.filter(kind=kind).order_by(F("seal__seq").asc(nulls_last=True), "at", "id")
    for name, value in known.items():
        events = events.filter(body__contains=f'"{name}":{json.dumps(value)}')
    facts = (json.loads(body)["facts"] for body in events.values_list("body", flat=True))
    return next((one for one in facts if all(one.get(name) == value for name, value in known.items())), None)
