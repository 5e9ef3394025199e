"""One event of the platform's history as people read it, with names where the platform knows them."""

import json
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from shared_apps.audit.models import PlatformEvent
from shared_apps.identity.models import Membership
from shared_apps.operator.rules import changes_in
from tenants.ids import parse_id
from tenants.models import School


@dataclass(frozen=True)
class Entry:
    """One event. `who` and `school_name` are "" where the platform knows no name; `changes` are (field, before, after)
    and `facts` what else was written down."""

    event: PlatformEvent
    who: str
    school_name: str
    number: int | None  # in the chain; None while it waits for its seal
    changes: list[tuple[str, str, str]]
    facts: list[tuple[str, str]]

    @property
    def cursor(self) -> str:
        return str(self.event.pk)


def entries(events: list[PlatformEvent]) -> list[Entry]:
    """Three statements, whatever their number."""
    logins = {key for event in events if (key := parse_id(event.actor))}
    held = Membership.objects.filter(login__in=logins, school=None).exclude(name="")
    names = dict(held.values_list("login", "name"))
    schools = dict(School.objects.filter(pk__in={event.school for event in events}).values_list("pk", "name"))
    return [_entry(event, names, schools) for event in events]


def _entry(event: PlatformEvent, names: dict[UUID, str], schools: dict[UUID, str]) -> Entry:
    key = parse_id(event.actor)
    seal: Any = getattr(event, "seal", None)
    changes, others = changes_in(facts_of(event))
    return Entry(
        event=event, who=names.get(key, "") if key else "", number=seal.seq if seal else None, changes=changes,
        school_name=schools.get(event.school, "") if event.school else "", facts=others,
    )  # fmt: skip


def facts_of(event: PlatformEvent) -> dict[str, Any]:
    """What was written down beside who, when and where."""
    facts: dict[str, Any] = json.loads(event.body).get("facts", {})
    return facts
