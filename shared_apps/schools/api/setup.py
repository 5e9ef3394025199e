"""The doors to what needs somebody: the list, the word that a school has its admin, and its first ways in."""

from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from ninja import Query, Router

from shared_apps.identity.services import links
from shared_apps.schools.api.deeds import DOOR, HERE, found
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
from shared_apps.schools.services.onboarding_check import admin_check
from shared_apps.schools.services.setup_tasks import setup_tasks
from tenants.door import actor_of, api

setup = Router(tags=["operator"])


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


@api(setup, "GET", f"{HERE}/acknowledge", **DOOR, audit=None, response=AcknowledgementOut)
def look(request: HttpRequest, onboarding_id: str) -> dict[str, Any]:
    """What a look at the school finds right now, for whoever is about to say that it has an admin."""
    return _told(found(request, onboarding_id))


@api(
    setup, "POST", f"{HERE}/acknowledge", **DOOR, audit="schools.setup_acknowledged",
    response=AcknowledgementOut,
)  # fmt: skip
def acknowledge(request: HttpRequest, onboarding_id: str, body: AcknowledgeIn) -> dict[str, Any]:
    """Say that the school has an admin. What a look finds is kept beside it, and the task is gone.

    409 `no_admin` when the look finds that it has none, `conflict` when nothing needs help.
    """
    onboarding = found(request, onboarding_id)
    onboarding_help.acknowledge(onboarding, by=actor_of(request), now=timezone.now())
    return _told(onboarding)


@api(
    setup, "POST", f"{HERE}/undo", **DOOR, audit="schools.setup_reopened",
    response=AcknowledgementOut,
)  # fmt: skip
def undo(request: HttpRequest, onboarding_id: str) -> dict[str, Any]:
    """Take an acknowledgement back; 409 when there is none."""
    onboarding = found(request, onboarding_id)
    onboarding_help.take_back(onboarding, by=actor_of(request), now=timezone.now())
    return _told(onboarding)


@api(
    setup, "POST", f"{HERE}/hand-over", **DOOR, audit="schools.access_handed_over",
    response=HandOverOut,
)  # fmt: skip
def hand_over(request: HttpRequest, onboarding_id: str, body: HandOverIn) -> dict[str, Any]:
    """Links to set a password, or temporary passwords, for the first people: in this answer alone.

    409 `conflict` before the school is there, `shown` when they were told before and `again` is not asked for.
    """
    now = timezone.now()
    slips = onboarding_handover.hand_over(
        found(request, onboarding_id), again=body.again, passwords=body.means == "passwords", by=actor_of(request),
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


def _told(onboarding: Onboarding) -> dict[str, Any]:
    onboarding.refresh_from_db()
    look = admin_check(onboarding.school).evidence(timezone.now())
    return {
        "id": onboarding.pk, "look": look, "acknowledged_at": onboarding.acknowledged_at,
        "evidence": onboarding.evidence or None,
    }  # fmt: skip
