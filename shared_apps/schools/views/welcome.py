"""What stands on an onboarding's page once the school is there: its checklist, its letters, and whether it is live."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse

from shared_apps.schools.models import Onboarding
from shared_apps.schools.services import go_live
from shared_apps.schools.services.onboarding_words import why
from shared_apps.schools.services.thirty_days import thirty_days
from shared_apps.schools.services.welcome_words import CRITERIA, FATES, ITEMS, LETTERS, STEPS, evidence
from shared_apps.schools.views import deeds
from shared_apps.workflows.models import RunState
from tenants.actor import Actor
from tenants.door import Within, page
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
    return deeds.done(request, onboarding_id, go_live.again, "evaluated")


@page(**DOOR, audit="schools.go_live_followed_up")
def follow_up(request: HttpRequest, onboarding_id: str) -> HttpResponse:
    """Somebody saw to what was missing."""
    return deeds.done(request, onboarding_id, go_live.follow_up, "followed_up")
