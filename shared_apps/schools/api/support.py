"""The calls that help a school from outside: what it published about its work, and a way in for its first people."""

from dataclasses import asdict
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from django.http import HttpRequest
from django.utils import timezone
from ninja import Router

from shared_apps.identity.services import links
from shared_apps.schools.schemas.support import HelpIn, SupportOut, WayInOut
from shared_apps.schools.services import directory, support
from tenants.actor import Actor
from tenants.door import Within, actor_of, api
from tenants.permissions import Permission

router = Router(tags=["schools"])
DOOR: dict[str, Any] = {"permission": Permission.SCHOOLS_SUPPORT, "within": Within.PLATFORM}
PATH = "/operator/schools/{uuid:school_id}/support"


class Give(Protocol):
    """What makes a way in for one of a school's people and answers its link."""

    def __call__(self, *, by: Actor, school_id: UUID, email: str, now: datetime) -> str: ...


@api(router, "GET", PATH, **DOOR, audit=None, response=SupportOut)
def read(request: HttpRequest, school_id: UUID) -> dict[str, Any]:
    """The school's health, its stuck work and its last errors, as it published them."""
    school = directory.one(actor_of(request), school_id)
    told = support.condition(school.id, now=timezone.now())
    known = asdict(told.before) if told.before else None
    return {
        "figures": known if told.known else None, "last_known": known,
        "troubles": [asdict(one) for one in told.troubles], "errors": [asdict(one) for one in told.errors],
    }  # fmt: skip


@api(router, "POST", PATH + "/reset", **DOOR, audit="schools.access_reset", response=WayInOut)
def reset(request: HttpRequest, school_id: UUID, body: HelpIn) -> dict[str, Any]:
    """End every way in of an admin, or of the officer the school began with, and answer a link, once.

    422 `no_such_admin`; 409 `platform_person`; 503 `school_unreachable`.
    """
    return _given(request, school_id, body, support.reset_access)


@api(router, "POST", PATH + "/invite", **DOOR, audit="schools.invite_sent", response=WayInOut)
def invite(request: HttpRequest, school_id: UUID, body: HelpIn) -> dict[str, Any]:
    """The same for one who has not chosen a password yet; else 409 `signed_in_before`."""
    return _given(request, school_id, body, support.resend_invite)


def _given(request: HttpRequest, school_id: UUID, body: HelpIn, give: Give) -> dict[str, Any]:
    now = timezone.now()
    link = give(by=actor_of(request), school_id=school_id, email=body.email.strip(), now=now)
    return {"link": link, "good_until": now + links.LIVES[links.INVITE]}
