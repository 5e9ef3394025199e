"""The doors to a school's first thirty days: how they stand, and what a person may do about them."""

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from ninja import Router

from shared_apps.schools.api import deeds
from shared_apps.schools.api.deeds import HERE, found
from shared_apps.schools.models import Onboarding
from shared_apps.schools.schemas import ThirtyDaysOut
from shared_apps.schools.services import go_live, welcome_help
from shared_apps.schools.services.thirty_days import ThirtyDays, thirty_days
from tenants.door import actor_of, api
from tenants.problems import not_found

first_days = Router(tags=["operator"])
DOOR: dict[str, Any] = {**deeds.DOOR, "response": ThirtyDaysOut}


@api(first_days, "GET", f"{HERE}/welcome", **DOOR, audit=None)
def show(request: HttpRequest, onboarding_id: str) -> dict[str, Any]:
    """Checklist, milestones, letters and evaluation; 404 before they have begun."""
    return _told(request, found(request, onboarding_id))


@api(first_days, "POST", f"{HERE}/welcome/retry", **DOOR, audit="workflows.step_retried")
def retry(request: HttpRequest, onboarding_id: str) -> dict[str, Any]:
    """Try the step that was given up again."""
    return _after(request, onboarding_id, welcome_help.retry)


@api(first_days, "POST", f"{HERE}/welcome/resume", **DOOR, audit="workflows.run_resumed")
def resume(request: HttpRequest, onboarding_id: str) -> dict[str, Any]:
    """Let those that stand still go on."""
    return _after(request, onboarding_id, welcome_help.resume)


@api(first_days, "POST", f"{HERE}/welcome/cancel", **DOOR, audit="workflows.run_cancelled")
def cancel(request: HttpRequest, onboarding_id: str) -> dict[str, Any]:
    """No more letters and no evaluation; the school goes on as it is. 409 `in_hand` while one is being done."""
    return _after(request, onboarding_id, welcome_help.cancel)


@api(first_days, "POST", f"{HERE}/welcome/take-up", **DOOR, audit="workflows.run_taken_up")
def take_up(request: HttpRequest, onboarding_id: str) -> dict[str, Any]:
    """Let cancelled ones go on where they were stopped; letters whose time has passed stay out."""
    return _after(request, onboarding_id, welcome_help.take_up)


@api(first_days, "POST", f"{HERE}/evaluate", **DOOR, audit="schools.go_live_evaluated")
def evaluate(request: HttpRequest, onboarding_id: str) -> dict[str, Any]:
    """Look again now whether the school is live; 409 before the first look."""
    return _after(request, onboarding_id, go_live.again)


@api(first_days, "POST", f"{HERE}/follow-up", **DOOR, audit="schools.go_live_followed_up")
def follow_up(request: HttpRequest, onboarding_id: str) -> dict[str, Any]:
    """Somebody saw to what was missing; 409 when nothing is."""
    return _after(request, onboarding_id, go_live.follow_up)


def _after(request: HttpRequest, key: str, act: Callable[..., Any]) -> dict[str, Any]:
    """Do `act`, and how the thirty days stand then."""
    onboarding = found(request, key)
    act(onboarding, by=actor_of(request), now=timezone.now())
    return _told(request, onboarding)


def _told(request: HttpRequest, onboarding: Onboarding) -> dict[str, Any]:
    days = thirty_days(onboarding, actor=actor_of(request), now=timezone.now())
    if days is None:
        raise not_found()
    return {
        "onboarding": onboarding.pk, "state": days.state, "started_at": days.welcome.started_at,
        "checklist": [asdict(item) for item in days.checklist],
        "milestones": [{"name": name, "seen_at": at} for name, at in days.milestones],
        "letters": [{"name": one.name, "fate": one.fate or None, "at": one.at} for one in days.letters],
        "evaluation": _evaluation(days), "stuck": asdict(days.stuck) if days.stuck else None,
    }  # fmt: skip


def _evaluation(days: ThirtyDays) -> dict[str, Any]:
    told = days.welcome
    return {
        "due": days.evaluated_by, "verdict": told.verdict or None, "evaluated_at": told.evaluated_at,
        "followed_up_at": told.followed_up_at, "criteria": told.criteria,
    }  # fmt: skip
