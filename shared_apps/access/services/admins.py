"""Somebody who asked becomes the admin of a school: of one that is here, or of a new one."""

import logging
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid5

from django.db import DatabaseError, IntegrityError
from django.db.models import Q
from django.utils.translation import gettext

from shared_apps.access.services.requests import Particulars
from shared_apps.identity.models import Membership
from shared_apps.identity.services.sign_in import email_hash
from shared_apps.schools.models import Onboarding
from shared_apps.schools.rules import two_names
from shared_apps.schools.services import onboarding, onboarding_answers
from shared_apps.schools.services.onboarding_answers import CLOSE, ZONE, Answers
from shared_apps.schools.services.onboarding_drafts import keep
from shared_apps.workflows.models import RunState
from tenants.actor import Actor
from tenants.ask import ask
from tenants.models import School
from tenants.problems import Refusal, conflict
from tenants.traces import without_text

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class NewSchool:
    """A school that a request is to start. A name or region that is left out is the request's."""

    name: str = ""
    timezone: str = ZONE
    close_time: str = CLOSE
    region: str = ""


def answers_for(new: NewSchool, said: Particulars, region: str) -> Answers:
    """The answers of its onboarding, with whoever asked as the first admin. Raises 422."""
    return onboarding_answers.checked(
        name=new.name or said.organization, timezone=new.timezone, close_time=new.close_time,
        region=new.region or region, circle="", admin={"name": said.full_name, "email": said.work_email}, officer=None,
    )  # fmt: skip


def begin(answers: Answers, *, request: UUID, by: Actor, now: datetime) -> Onboarding:
    """Start the onboarding in the caller's transaction: one for each request, and another where nothing came of it."""
    if by.login is None:
        raise ValueError("Only people bring schools in.")
    draft = keep(answers, owner=by.login, now=now)
    nothing = ~Q(acknowledged_at=None) | Q(run__state__in=(RunState.FAILED, RunState.CANCELLED))
    before = Onboarding.objects.filter(nothing, run__key__startswith=f"access:{request}").count()
    key = f"access:{request}:{before}" if before else f"access:{request}"
    return onboarding.start(draft, key, by=by, now=now)[0]


def take_on(school: School, said: Particulars, *, request: UUID, by: Actor, now: datetime) -> UUID:
    """Their row in the school, which is the same however often this is asked. Raises 503 `school_unreachable`.

    It comes after the decision is written down and before their role: a row that nobody signs in to opens nothing,
    and a role without a row would be half a person.
    """
    theirs = Membership.objects.filter(login__email_hash=email_hash(said.work_email), school=school.id)
    known = theirs.exclude(person=None).first()
    if known and known.person:
        return UUID(str(known.person))
    given, family = two_names(said.full_name)
    person = uuid5(request, str(school.id))
    row = {"id": person, "given_name": given, "family_name": family, "email": said.work_email}
    told = {"people": [row], "by": by.name_in_audit, "now": now}
    try:
        try:
            ask(school.ref(), "people.take_on", **told)
        except IntegrityError:  # a click beside this one made the same row; now it is found
            ask(school.ref(), "people.take_on", **told)
    except Refusal as refusal:
        if refusal.status != 409:
            raise
        raise conflict(gettext("Somebody who works at this school has that address already."), "works_there") from None
    except DatabaseError as error:
        log.error("school %s could not take on its admin\n%s", school.id, without_text(error))
        detail = gettext(
            "The school cannot be reached now. The approval is kept and is finished once the school answers."
        )
        raise Refusal(503, "school_unreachable", detail, headers={"Retry-After": "30"}) from None
    return person
