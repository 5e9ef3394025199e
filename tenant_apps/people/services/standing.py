"""What the platform does with the school as a whole, as the school's own history has it."""

from datetime import datetime
from uuid import UUID

from tenant_apps.events.services.record import facts_at, record
from tenant_apps.people.models import SchoolProfile
from tenants.actor import Actor

KINDS = {"disabled": "people.school_suspended", "active": "people.school_reactivated"}


def hear_of_access(*, by: Actor, deed: str, person: UUID, now: datetime) -> None:
    """Record that the platform gave one of our people a new way in: `access_reset` or `invite_sent`."""
    record(f"people.{deed}", by=by, at=now, now=now, about={"staff": str(person)})


def emergency_active() -> bool:
    """Whether an emergency is active here now."""
    return bool(SchoolProfile.objects.get().lockdown)


def hear_of_standing(*, by: Actor, standing: UUID, state: str, at: datetime, reason: str, now: datetime) -> bool:
    """Record that the platform suspended this school or took it up again; False when it is recorded already."""
    SchoolProfile.objects.select_for_update().get()  # told twice at once, it is still recorded once
    if any(facts.get("standing") == str(standing) for facts in facts_at(KINDS[state], at=at)):
        return False
    record(KINDS[state], by=by, at=at, now=now, facts={"standing": str(standing)}, about={"reason": reason})
    return True
