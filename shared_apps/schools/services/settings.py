"""What can be set about a school from the platform: its entry in the directory, its hours and language."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import available_timezones

from django.db import IntegrityError, transaction

from shared_apps.audit.services import latest_of, record
from shared_apps.identity.services.names import names_of
from shared_apps.regions.services import is_known as is_place
from shared_apps.schools.models import SettingsAsked, UsedSlug
from shared_apps.schools.rules import fault_in_slug, mark_of
from shared_apps.schools.services.directory import one
from shared_apps.schools.services.settings_asked import KIND, Changes, hear
from tenants.actor import Actor
from tenants.ask import Unavailable, ask
from tenants.cells import CellDown
from tenants.models import School
from tenants.problems import Refusal, conflict, invalid
from tenants.traces import without_text

log = logging.getLogger(__name__)
DIRECTORY = ("name", "slug", "timezone", "region")
OWN = ("close_time", "default_language")
SHOWN = 50


@dataclass(frozen=True)
class Change:
    """One deed in the history: who did it when (`who` is a name or ""), and each value before and after."""

    at: datetime
    who: str
    changes: Changes


def directory_entry(school: School) -> dict[str, str]:
    """What the directory says about the school."""
    return {name: getattr(school, name) for name in DIRECTORY}


def school_settings(school: School) -> dict[str, str] | Unavailable:
    """What the school says about itself: `bell`, `close_time`, `default_language`."""
    try:
        told: dict[str, str] = ask(school.ref(), "people.settings")
    except CellDown as error:
        log.error("school %s could not be asked for its settings\n%s", school.id, without_text(error))
        return Unavailable("not_reached")
    return told


def change_directory(*, by: Actor, school_id: UUID, seen: str, values: dict[str, str], now: datetime) -> Changes:
    """Set some of the directory's four values; what changed. An old workspace address stays this school's for ever.

    `seen` is `mark_of` what the person was shown. Raises Refusal: 404 out of reach; 409 when somebody else changed
    them meanwhile; 422 per field (`taken`, `reserved`, ...).
    """
    found = one(by, school_id)
    values = {**directory_entry(found), **values}
    for name, look in CHECKS.items():
        if values[name] != getattr(found, name):  # what stands there already may be older than the rule
            look(values[name])
    with transaction.atomic():
        school = School.objects.select_for_update().get(pk=school_id)
        before = directory_entry(school)
        _must_be_what_was_seen(before, seen)
        if UsedSlug.objects.filter(slug=values["slug"]).exclude(school=school).exists():
            raise invalid("slug", "taken", "Another school has this address, or had it once.")
        changes = _difference(before, values)
        for name in changes:
            setattr(school, name, values[name])
        if changes:
            _save(school, changes)
            record(KIND, by=by.name_in_audit, now=now, school=school_id, facts={"changes": changes})
    return changes


def _save(school: School, changes: Changes) -> None:
    try:
        school.save(update_fields=list(changes))
    except IntegrityError:  # another school took the address between our look and now: the database keeps them apart
        raise invalid("slug", "taken", "Another school has this address, or had it once.") from None


def change_school(*, by: Actor, school_id: UUID, seen: str, values: dict[str, str], now: datetime) -> Changes:
    """Set the school's own `close_time` and `default_language`; what changed. The school records it, too.

    Raises Refusal: 404 out of reach; 409 when they changed meanwhile; 422; 503 `school_unreachable` when it cannot be
    reached and nothing was changed, 503 `school_lost` when it stopped answering while they were saved.
    """
    school = one(by, school_id)
    told = school_settings(school)
    if isinstance(told, Unavailable):
        raise away("school_unreachable", "The school cannot be reached now. Nothing was changed.")
    _must_be_what_was_seen(told, seen)
    values = {name: values.get(name, told[name]) for name in OWN}
    asked = SettingsAsked.objects.create(school=school, at=now, by=by.name_in_audit)
    try:
        changes: Changes = ask(
            school.ref(), "people.change_settings", by=asked.by, now=now, change=asked.id, **values
        )  # fmt: skip
    except Refusal:
        asked.delete()
        raise
    except CellDown as error:  # perhaps only on the way back, when all was saved: the clock asks what came of it
        log.error("school %s stopped answering while its settings were saved\n%s", school_id, without_text(error))
        raise away("school_lost", "The school stopped answering. It may have saved the settings.") from None
    hear(asked, changes)
    return changes


def away(code: str, detail: str) -> Refusal:
    """503: the school does not answer now."""
    return Refusal(503, code, detail, headers={"Retry-After": "30"})


def _must_be_what_was_seen(values: dict[str, str], seen: str) -> None:
    if seen != mark_of(values):
        raise conflict("Somebody changed these settings meanwhile. Look at them again, then save.")


def _difference(before: dict[str, str], after: dict[str, str]) -> Changes:
    return {name: {"before": value, "after": after[name]} for name, value in before.items() if after[name] != value}


def history(school_id: UUID) -> list[Change]:
    """The last changes of the school's settings, the newest first."""
    told = latest_of(KIND, school=school_id, limit=SHOWN)
    names = names_of(event["actor"] for event in told)
    return [Change(event["at"], names.get(event["actor"], ""), event["facts"]["changes"]) for event in told]


# -- what the directory takes ------------------------------------------------------------------------------------------


def _name(text: str) -> None:
    if not text.strip() or text != " ".join(text.split()):
        raise invalid("name", "required", "A school needs a name.")


def _slug(text: str) -> None:
    if fault := fault_in_slug(text):
        raise invalid("slug", fault, "This cannot be a workspace address.")


def _timezone(text: str) -> None:
    if text not in available_timezones():
        raise invalid("timezone", "unknown_timezone", "There is no such timezone.")


def _region(text: str) -> None:
    if text and not is_place(text):
        raise invalid("region", "unknown_region", "This is no code of a region.")


CHECKS: dict[str, Callable[[str], Any]] = {"name": _name, "slug": _slug, "timezone": _timezone, "region": _region}
