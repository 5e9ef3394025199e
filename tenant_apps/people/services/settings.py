"""How the school runs, as far as it is set from outside: when the campus closes, and its language."""

from datetime import datetime, time
from typing import Any
from uuid import UUID

from tenant_apps.events.services.record import facts_at, record
from tenant_apps.people.models import Language, SchoolProfile
from tenants.actor import Actor
from tenants.problems import invalid


def settings() -> dict[str, Any]:
    """`bell`, `close_time` (HH:MM) and `default_language` as they are now."""
    return _plain(SchoolProfile.objects.get())


KIND = "people.settings_changed"
Changes = dict[str, dict[str, str]]


def change_settings(*, by: Actor, now: datetime, close_time: time, default_language: str, change: UUID) -> Changes:
    """Set both; what changed, before and after. Nothing is recorded where nothing changed; else under `change`.

    Raises Refusal 422 for a language we do not speak, or a campus that closes before the bell.
    """
    profile = SchoolProfile.objects.select_for_update().get()
    if default_language not in Language.values:
        raise invalid("default_language", "unknown", f"One of {', '.join(Language.values)}.")
    if close_time <= profile.bell:
        raise invalid("close_time", "before_bell", "The campus closes after the bell in the morning.")
    before = _plain(profile)
    profile.close_time, profile.default_language = close_time, default_language
    after = _plain(profile)
    changes = {name: {"before": before[name], "after": value} for name, value in after.items() if before[name] != value}
    if changes:
        profile.save(update_fields=["close_time", "default_language"])
        record(KIND, by=by, at=now, now=now, facts={"change": str(change), "changes": changes})
    return changes


def changed_by(change: UUID, *, at: datetime) -> Changes:
    """What the change of that name at that moment came to; nothing when it changed nothing, or never reached us."""
    found = (facts for facts in facts_at(KIND, at=at) if facts.get("change") == str(change))
    return next((facts["changes"] for facts in found), {})


def _plain(profile: SchoolProfile) -> dict[str, Any]:
    return {
        "bell": f"{profile.bell:%H:%M}", "close_time": f"{profile.close_time:%H:%M}",
        "default_language": profile.default_language,
    }  # fmt: skip
