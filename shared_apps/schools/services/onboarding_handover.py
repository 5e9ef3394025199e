"""Handing the first accounts over: links to set a password, or temporary passwords; made when asked for, shown once."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from shared_apps.audit.services import record
from shared_apps.identity.services import links
from shared_apps.identity.services.accounts import make_temporary, untouched
from shared_apps.schools.models import Onboarding
from shared_apps.workflows.models import Run, RunState, Step
from tenants.actor import Actor
from tenants.ask import ask
from tenants.models import school_ref
from tenants.problems import Refusal, conflict

ACCOUNTS = "create_admin"  # the step that made them


@dataclass(frozen=True)
class Slip:
    """One person's way in, as it is shown, copied and printed: a link, or a temporary password."""

    role: str
    name: str
    email: str
    link: str = field(default="", repr=False)
    password: str = field(default="", repr=False)


def waiting(onboarding: Onboarding) -> dict[str, UUID]:
    """Role -> login of those who were given no password by anybody and have not been in yet."""
    step = Step.objects.filter(run=onboarding.pk, name=ACCOUNTS).first()
    result: dict[str, Any] = step.result if step else {}
    made = {role: UUID(result[role]) for role in result.get("generate", [])}
    return untouched(made)


def ready(onboarding: Onboarding) -> bool:
    """Whether the school is there for its people: it was finished, or a person confirmed that it has its admin."""
    if onboarding.acknowledged_at:
        return True
    return bool(Run.objects.filter(pk=onboarding.pk, state=RunState.COMPLETE).exists())


def hand_over(onboarding: Onboarding, *, again: bool, passwords: bool, by: Actor, now: datetime) -> list[Slip]:
    """Make a link for each person, or temporary passwords. Raises 409 before the school is there, then `shown`.

    `again`: an answer got lost; others are made and the lost ones stop working. Nobody's own password is touched:
    only accounts that nobody has entered yet.
    """
    if not ready(onboarding):
        raise conflict("The school is not ready yet.")
    cards = {
        role: _card(onboarding.school, person)
        for role, person in (("school_admin", onboarding.admin), ("gate_officer", onboarding.officer)) if person
    }  # fmt: skip
    with transaction.atomic():
        held = Onboarding.objects.select_for_update().get(pk=onboarding.pk)
        if held.handed_over_at and not again:
            raise Refusal(409, "shown", "Already shown.")
        accounts = waiting(held)
        slips = [
            Slip(role, *cards[role], **_way_in(login, held.school, passwords, by=by.name_in_audit, now=now))
            for role, login in accounts.items()
        ]
        held.handed_over_at = now
        held.save(update_fields=["handed_over_at"])
        means = "passwords" if passwords else "links"
        facts = {"run": str(held.pk), "means": means, "logins": [str(login) for login in accounts.values()]}
        record("schools.access_handed_over", by=by.name_in_audit, now=now, school=held.school, facts=facts)
    return slips


def _way_in(login: UUID, school: UUID, passwords: bool, *, by: str, now: datetime) -> dict[str, str]:
    if passwords:
        return {"password": make_temporary(login, now=now)}
    return {"link": links.invite_instead(login, by=by, now=now, school=school)}


def _card(school: UUID, person: UUID) -> tuple[str, str]:
    told = ask(school_ref(school), "people.staff_card", person=person)
    return told["name"], told["email"]
