"""What stands on an onboarding's page once the school is there: its checklist, its letters, and whether it is live."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.functional import Promise

from shared_apps.schools import rules
from shared_apps.schools.models import Onboarding, Welcome
from shared_apps.schools.services import checklist, go_live, welcome
from shared_apps.schools.services.onboarding import onboarding_of
from shared_apps.schools.services.welcome_words import CRITERIA, FATES, ITEMS, LETTERS, evidence
from shared_apps.workflows.models import Step, StepState
from tenants.door import Within, actor_of, page
from tenants.ids import parse_id
from tenants.permissions import Permission

DOOR: dict[str, Any] = {"permission": Permission.SCHOOLS_ONBOARD, "within": Within.PLATFORM}


def after_go(onboarding: Onboarding, now: datetime) -> dict[str, Any] | None:
    """All of it for the page; None for a school whose thirty days have not begun."""
    found = Welcome.objects.select_related("run").filter(pk=onboarding.pk).first()
    if found is None:
        return None
    return {
        "welcome": found,
        "checklist": [(ITEMS[item.name], item) for item in checklist.checklist(onboarding, now=now)],
        "letters": _letters(found),
        "criteria": [(CRITERIA[one["name"]], one["found"], evidence(one)) for one in found.criteria],
        "evaluated_by": welcome.due(found, rules.EVALUATED_AFTER, now=now),
        "broken": found.run.state in ("partial_failure", "failed"),
    }


def _letters(found: Welcome) -> list[tuple[str | Promise, str | Promise, datetime | None]]:
    """Each letter, what became of it, and when; an empty word for one that has not had its turn."""
    steps = {step.name: step for step in Step.objects.filter(run=found.run_id)}
    told = []
    for name, label in LETTERS.items():
        step = steps[name]
        done = step.state == StepState.DONE
        told.append((label, FATES[step.result["fate"]] if done else "", step.ended_at if done else None))
    return told


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
