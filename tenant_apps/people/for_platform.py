"""What the platform may ask about a school's people, and what it gives a new school. Plain data only."""

import secrets
from datetime import datetime, time
from typing import Any
from uuid import UUID

from tenant_apps.people.models import SchoolProfile, Staff
from tenant_apps.people.services import settings as setting
from tenant_apps.people.services import standing as standings
from tenant_apps.people.services.staff import hire
from tenants.actor import operator, system
from tenants.ask import for_platform
from tenants.current import current_school
from tenants.ids import new_id
from tenants.provisioning import Seed, first_rows

TAG_LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"  # as in a badge code: no 0, 1, I, L, O, U


@for_platform("people.staff_name")
def staff_name(*, person: UUID | None) -> str:
    """A staff member's name, or "" for nobody."""
    found = Staff.objects.filter(pk=person).first() if person else None
    return found.name if found else ""


@for_platform("people.default_language")
def default_language() -> str:
    """The school's default language: en, af or zu."""
    return str(SchoolProfile.objects.get().default_language)


@for_platform("people.introduction")
def introduction(*, person: UUID | None) -> dict[str, str]:
    """What a page of this school needs to greet somebody: their name ("" for nobody) and the school's language."""
    return {"name": staff_name(person=person), "default_language": default_language()}


@for_platform("people.emergency_active")
def emergency_active() -> bool:
    """Whether an emergency is active at the school now."""
    return standings.emergency_active()


@for_platform("people.standing_changed", writes=True)
def standing_changed(*, standing: UUID, state: str, at: datetime, by: str, reason: str, now: datetime) -> bool:
    """The platform suspended the school (`disabled`) or took it up again (`active`); False when that is known."""
    return standings.hear_of_standing(by=operator(by), standing=standing, state=state, at=at, reason=reason, now=now)


@for_platform("people.access_given", writes=True)
def access_given(*, deed: str, person: UUID, by: str, now: datetime) -> None:
    """The platform gave one of the school's people a new way in (`access_reset`, `invite_sent`)."""
    standings.hear_of_access(by=operator(by), deed=deed, person=person, now=now)


@for_platform("people.settings")
def settings() -> dict[str, str]:
    """`bell`, `close_time` (HH:MM) and `default_language`."""
    return setting.settings()


@for_platform("people.change_settings", writes=True)
def change_settings(
    *, by: str, close_time: str, default_language: str, now: datetime, change: UUID
) -> dict[str, dict[str, str]]:  # fmt: skip
    """Set the school's hours and language; what changed. Raises Refusal 422."""
    hour = time.fromisoformat(close_time)
    return setting.change_settings(
        by=operator(by), now=now, close_time=hour, default_language=default_language, change=change
    )  # fmt: skip


@for_platform("people.settings_changed_by")
def settings_changed_by(*, change: UUID, at: datetime) -> dict[str, dict[str, str]]:
    """What a change that the platform asked for came to, as the school's own history has it."""
    return setting.changed_by(change, at=at)


@for_platform("people.take_on", writes=True)
def take_on(*, people: list[dict[str, Any]], now: datetime, by: str = "") -> None:
    """Staff that the platform lets in: `{id, given_name, family_name, email}`. Those who are here stay as they are.

    `by` is who decided it, where that was a person.
    """
    for one in people:
        hire(
            by=operator(by) if by else system("onboarding", current_school()), now=now, given_name=one["given_name"],
            family_name=one["family_name"], email=one["email"], login=None, person=one["id"],
        )  # fmt: skip


@for_platform("people.staff_present")
def staff_present(*, people: list[UUID]) -> int:
    """How many of these work here."""
    return int(Staff.objects.filter(pk__in=people, active=True).count())


@for_platform("people.staff_card")
def staff_card(*, person: UUID) -> dict[str, str]:
    """Name and address of somebody who works here, for the slip with their first password; {} for nobody."""
    found = Staff.objects.filter(pk=person).first()
    return {"name": found.name, "email": found.email} if found else {}


@for_platform("people.write_to")
def write_to(*, person: UUID) -> dict[str, str]:
    """Where somebody who works here is written to, and the school's language; without an address once they left."""
    found = Staff.objects.filter(pk=person, active=True).first()
    return {"email": found.email if found else "", "language": default_language()}


@first_rows("people")
def seed(*, bell: time, close_time: time, language: str = "en", kind: str = "public") -> Seed:
    """The rows a school is born with, as statements for the provisioning transaction."""
    tag = "".join(secrets.choice(TAG_LETTERS) for _ in range(4))
    insert = (
        "INSERT INTO people_schoolprofile (id, kind, bell, close_time, default_language, badge_tag, lockdown)"
        " VALUES (%s, %s, %s, %s, %s, %s, false)"
    )
    return [(insert, [new_id(), kind, bell, close_time, language, tag])]
