"""The doors to what needs somebody: the list, the word that a school has its admin, and its first ways in."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.utils import timezone
from ninja import Query, Router

from shared_apps.identity.services import links
from shared_apps.schools.models import Onboarding
from shared_apps.schools.schemas import (
    AcknowledgeIn,
    AcknowledgementOut,
    HandOverIn,
    HandOverOut,
    SetupTasksOut,
    SetupTasksQuery,
)
from shared_apps.schools.services import onboarding_handover, onboarding_help
from shared_apps.schools.services.directory import place
from shared_apps.schools.services.onboarding import onboarding_of
from shared_apps.schools.services.onboarding_check import admin_check
from shared_apps.schools.services.setup_tasks import setup_tasks
from tenants.door import Within, actor_of, api
from tenants.ids import parse_id
from tenants.permissions import Permission

setup = Router(tags=["operator"])
DOOR: dict[str, Any] = {"permission": Permission.SCHOOLS_ONBOARD, "within": Within.PLATFORM}


@api(setup, "GET", "/operator/setup-tasks", **DOOR, audit=None, response=SetupTasksOut)
def task_list(request: HttpRequest, query: Query[SetupTasksQuery]) -> dict[str, Any]:
    """What needs somebody among new schools, the oldest first."""
    tasks, following = setup_tasks(
        actor_of(request), after=place(query.cursor), limit=query.limit, now=timezone.now()
    )  # fmt: skip
    items = [
        {
            "kind": task.kind, "onboarding": task.id, "name": task.name, "since": task.since, "step": task.step,
            "reason": task.reason, "stalled": task.stalled, "missing": task.missing,
        }
        for task in tasks
    ]  # fmt: skip
    return {"items": items, "next": following}


def _found(request: HttpRequest, key: str) -> Onboarding:
    return onboarding_of(parse_id(key), actor=actor_of(request))


@api(setup, "GET", "/operator/onboardings/{onboarding_id}/acknowledge", **DOOR, audit=None, response=AcknowledgementOut)
def look(request: HttpRequest, onboarding_id: str) -> dict[str, Any]:
    """What a look at the school finds right now, for whoever is about to say that it has an admin."""
    return _told(_found(request, onboarding_id))


@api(
    setup, "POST", "/operator/onboardings/{onboarding_id}/acknowledge", **DOOR, audit="schools.setup_acknowledged",
    response=AcknowledgementOut,
)  # fmt: skip
def acknowledge(request: HttpRequest, onboarding_id: str, body: AcknowledgeIn) -> dict[str, Any]:
    """Say that the school has an admin. What a look finds is kept beside it, and the task is gone.

    409 `no_admin` when the look finds that it has none, `conflict` when nothing needs help.
    """
    found = _found(request, onboarding_id)
    onboarding_help.acknowledge(found, by=actor_of(request), now=timezone.now())
    return _told(found)


@api(
    setup, "POST", "/operator/onboardings/{onboarding_id}/undo", **DOOR, audit="schools.setup_reopened",
    response=AcknowledgementOut,
)  # fmt: skip
def undo(request: HttpRequest, onboarding_id: str) -> dict[str, Any]:
    """Take an acknowledgement back; 409 when there is none."""
    found = _found(request, onboarding_id)
    onboarding_help.take_back(found, by=actor_of(request), now=timezone.now())
    return _told(found)


@api(
    setup, "POST", "/operator/onboardings/{onboarding_id}/hand-over", **DOOR, audit="schools.access_handed_over",
    response=HandOverOut,
)  # fmt: skip
def hand_over(request: HttpRequest, onboarding_id: str, body: HandOverIn) -> dict[str, Any]:
    """Links to set a password, or temporary passwords, for the first people: in this answer alone.

    409 `conflict` before the school is there, `shown` when they were told before and `again` is not asked for.
    """
    now = timezone.now()
    slips = onboarding_handover.hand_over(
        _found(request, onboarding_id), again=body.again, passwords=body.means == "passwords", by=actor_of(request),
        now=now,
    )  # fmt: skip
    items = [
        {
            "role": slip.role, "name": slip.name, "email": slip.email, "link": slip.link or None,
            "temporary_password": slip.password or None,
        }
        for slip in slips
    ]  # fmt: skip
    return {"items": items, "links_good_until": now + links.LIVES[links.INVITE]}


def _told(found: Onboarding) -> dict[str, Any]:
    found.refresh_from_db()
    key: UUID = found.pk
    now = admin_check(found.school).evidence(timezone.now())
    return {"id": key, "look": now, "acknowledged_at": found.acknowledged_at, "evidence": found.evidence or None}
