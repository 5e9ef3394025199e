"""What stands on an onboarding's page once the school is there: its checklist, its letters, and whether it is live."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from shared_apps.schools.models import Onboarding
from shared_apps.schools.services import go_live
from shared_apps.schools.services.onboarding import onboarding_of
from shared_apps.schools.services.onboarding_words import why
from shared_apps.schools.services.thirty_days import thirty_days
from shared_apps.schools.services.welcome_words import CRITERIA, FATES, ITEMS, LETTERS, STEPS, evidence
from shared_apps.workflows.models import RunState
from tenants.actor import Actor
from tenants.door import Within, actor_of, page
from tenants.ids import parse_id
from tenants.permissions import Permission

DOOR: dict[str, Any] = {"permission": Permission.SCHOOLS_ONBOARD, "within": Within.PLATFORM}


def after_go(onboarding: Onboarding, actor: Actor, now: datetime) -> dict[str, Any] | None:
    """All of it for the page; None for a school whose thirty days have not begun."""
    told = thirty_days(onboarding, actor=actor, now=now)
    if told is None:
        return None
    stuck = told.stuck
    return {
        "welcome": told.welcome,
        "checklist": [(ITEMS[item.name], item) for item in told.checklist],
        "letters": [(LETTERS[letter.name], FATES.get(letter.fate, ""), letter.at) for letter in told.letters],
        "criteria": [(CRITERIA[one["name"]], one["found"], evidence(one)) for one in told.welcome.criteria],
        "evaluated_by": told.evaluated_by,
        "stuck": stuck,
        "stuck_step": STEPS.get(stuck.step, stuck.step) if stuck else "",
        "why": why(stuck.reason) if stuck else "",
        "running": told.state == RunState.RUNNING,
        "cancelled": told.state == RunState.CANCELLED,
    }


@page(**DOOR, audit="schools.go_live_evaluated")
def evaluate(request: HttpRequest, onboarding_id: str) -> HttpResponse:
    """Look again now whether the school is live."""
    found = onboarding_of(parse_id(onboarding_id), actor=actor_of(request))
    if request.method != "POST":
        return redirect(f"/operator/onboardings/{found.pk}")
    go_live.again(found, by=actor_of(request), now=timezone.now())
    return redirect(f"/operator/onboardings/{found.pk}?saved=evaluated")


@page(**DOOR, audit="schools.go_live_followed_up")
def follow_up(request: HttpRequest, onboarding_id: str) -> HttpResponse:
    """Somebody saw to what was missing."""
    found = onboarding_of(parse_id(onboarding_id), actor=actor_of(request))
    if request.method != "POST":
        return redirect(f"/operator/onboardings/{found.pk}")
    go_live.follow_up(found, by=actor_of(request), now=timezone.now())
    return redirect(f"/operator/onboardings/{found.pk}?saved=followed_up")
