"""How the school runs, as far as it is set from outside: when the campus closes, and its language."""

from datetime import datetime, time
from typing import Any

from tenant_apps.events.services.record import record
from tenant_apps.people.models import Language, SchoolProfile
from tenants.actor import Actor
from tenants.problems import invalid


def settings() -> dict[str, Any]:
    """`bell`, `close_time` (HH:MM) and `default_language` as they are now."""
    return _plain(SchoolProfile.objects.get())


def change_settings(*, by: Actor, now: datetime, close_time: time, default_language: str) -> dict[str, dict[str, str]]:
    """Set both; what changed, before and after. Nothing is recorded where nothing changed.

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
        record("people.settings_changed", by=by, at=now, now=now, facts={"changes": changes})
    return changes


def _plain(profile: SchoolProfile) -> dict[str, Any]:
    return {
        "bell": f"{profile.bell:%H:%M}", "close_time": f"{profile.close_time:%H:%M}",
        "default_language": profile.default_language,
    }  # fmt: skip
