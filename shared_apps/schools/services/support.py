"""Helping a school from outside: what it published about itself, and a way in for who of its first people lost theirs.

No name and no text of a message is read. Whoever asks for help says their own address; the platform knows it as a hash.
"""

import logging
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from shared_apps.audit.services import record
from shared_apps.deliveries.rules import Figures, Letter, TroubleCount
from shared_apps.deliveries.services.read import figures_of, last_errors_of, last_known, troubles_of
from shared_apps.identity.models import Membership
from shared_apps.identity.services import links
from shared_apps.identity.services.accounts import holder_of, holds_platform_role
from shared_apps.schools.models import Onboarding
from shared_apps.schools.services.directory import one
from tenants.actor import Actor
from tenants.ask import Unavailable, ask
from tenants.cells import CellDown
from tenants.models import School
from tenants.problems import Refusal, conflict, invalid
from tenants.traces import without_text

log = logging.getLogger(__name__)
ERRORS = 10
RESET, INVITE = "access_reset", "invite_sent"


@dataclass(frozen=True)
class Condition:
    """What the school published. `now` is Unavailable when that is too old; `before` is the last that is known."""

    now: Figures | Unavailable
    before: Figures | None
    troubles: list[TroubleCount]
    errors: list[Letter]

    @property
    def known(self) -> bool:
        return not isinstance(self.now, Unavailable)


def condition(school_id: UUID, *, now: datetime) -> Condition:
    """How the school is, by its own telling."""
    return Condition(
        figures_of([school_id], now=now)[school_id], last_known(school_id), troubles_of(school_id),
        last_errors_of(school_id, limit=ERRORS),
    )  # fmt: skip


def reset_access(*, by: Actor, school_id: UUID, email: str, now: datetime) -> str:
    """End every way in of the admin or first officer with this address and answer a link to set a password, once.

    Raises Refusal: 404 out of reach; 422 `no_such_admin`; 409 `platform_person`; 503 `school_unreachable`.
    """
    school = one(by, school_id)
    return _give(school, _helped(school, email), RESET, by=by, now=now)


def resend_invite(*, by: Actor, school_id: UUID, email: str, now: datetime) -> str:
    """A fresh link for one who has not chosen a password yet; what they were given before stops working.

    Raises Refusal as `reset_access` does, and 409 `signed_in_before`.
    """
    school = one(by, school_id)
    held = _helped(school, email)
    if not held.login.must_change_password:
        raise conflict("This person has chosen a password already. Reset their access instead.", "signed_in_before")
    return _give(school, held, INVITE, by=by, now=now)


def _helped(school: School, email: str) -> Membership:
    """An admin, or the officer who came in with the school: its other people are its admins' to help."""
    held = holder_of("school_admin", school=school.id, email=email) or _first_officer(school, email)
    if held is None:
        detail = "Neither an admin of this school nor the officer it began with has this address."
        raise invalid("email", "no_such_admin", detail)
    if holds_platform_role(held.login):
        raise conflict("This person works for the platform, too. A super admin has to help.", "platform_person")
    return held


def _first_officer(school: School, email: str) -> Membership | None:
    held = holder_of("gate_officer", school=school.id, email=email)
    if held is None or held.person is None:
        return None
    return held if Onboarding.objects.filter(school=school.id, officer=held.person).exists() else None


def _give(school: School, held: Membership, deed: str, *, by: Actor, now: datetime) -> str:
    """The school's history first: where it cannot be written, nothing is done."""
    told = {"deed": deed, "person": held.person, "by": by.name_in_audit, "now": now}
    try:
        ask(school.ref(), "people.access_given", **told)
    except CellDown as error:
        log.error("school %s was not told of help to an admin\n%s", school.id, without_text(error))
        detail = "The school cannot be reached now. Nothing was changed."
        raise Refusal(503, "school_unreachable", detail, headers={"Retry-After": "30"}) from None
    with transaction.atomic():  # this platform's history says so when it was done, and only then
        facts = {"login": str(held.login_id)}
        record(f"schools.{deed}", by=by.name_in_audit, now=now, school=school.id, facts=facts)
        return links.invite_instead(held.login_id, by=by.name_in_audit, now=now, school=school.id)
