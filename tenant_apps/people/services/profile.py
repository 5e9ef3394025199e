"""How the school runs: its profile, and the lockdown flag until emergencies exist."""

from datetime import datetime

from tenant_apps.events.services.record import record
from tenant_apps.people.models import SchoolProfile
from tenants.actor import Actor


def profile() -> SchoolProfile:
    """The open school's one profile."""
    found: SchoolProfile = SchoolProfile.objects.get()
    return found


def set_lockdown(*, by: Actor, now: datetime, on: bool) -> bool:
    """Switch the lockdown flag; whether that changed anything. A scan that holds the profile is waited for."""
    held = SchoolProfile.objects.select_for_update().get()
    if held.lockdown == on:
        return False
    held.lockdown = on
    held.save(update_fields=["lockdown"])
    record("people.lockdown_set", by=by, at=now, now=now, facts={"on": on})
    return True
