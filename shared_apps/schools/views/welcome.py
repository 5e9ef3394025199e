"""What stands on an onboarding's page once the school is there: its checklist, its letters, and whether it is live."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.functional import Promise
from django.utils.translation import pgettext_lazy

from shared_apps.schools import rules
from shared_apps.schools.models import Onboarding, Welcome
from shared_apps.schools.services import checklist, go_live, welcome
from shared_apps.schools.services.onboarding_words import why
from shared_apps.schools.services.welcome_help import stuck_welcomes
from shared_apps.schools.services.welcome_words import CRITERIA, FATES, ITEMS, LETTERS, STEPS, evidence
from shared_apps.schools.views import deeds
from shared_apps.workflows.models import RunState, Step, StepState
from tenants.actor import Actor
from tenants.door import Within, page
from tenants.permissions import Permission

WORDS: dict[str, str | Promise] = {
    StepState.FAILED: pgettext_lazy("letter", "Given up"),
    StepState.CANCELLED: pgettext_lazy("letter", "Cancelled"),
}
DOOR: dict[str, Any] = {"permission": Permission.SCHOOLS_ONBOARD, "within": Within.PLATFORM}


def after_go(onboarding: Onboarding, actor: Actor, now: datetime) -> dict[str, Any] | None:
    """All of it for the page; None for a school whose thirty days have not begun."""
    found = Welcome.objects.select_related("run").filter(pk=onboarding.pk).first()
    if found is None:
        return None
    stuck = next(iter(stuck_welcomes(actor, now=now, only=found.pk)), None)
    return {
        "welcome": found,
        "checklist": [(ITEMS[item.name], item) for item in checklist.checklist(onboarding, now=now)],
        "letters": _letters(found),
        "criteria": [(CRITERIA[one["name"]], one["found"], evidence(one)) for one in found.criteria],
        "evaluated_by": welcome.due(found, rules.EVALUATED_AFTER, now=now),
        "stuck": stuck,
        "stuck_step": STEPS.get(stuck.step, stuck.step) if stuck else "",
        "why": why(stuck.reason) if stuck else "",
        "running": found.run.state == RunState.RUNNING,
        "cancelled": found.run.state == RunState.CANCELLED,
    }


def _letters(found: Welcome) -> list[tuple[str | Promise, str | Promise, datetime | None]]:
    """Each letter, what became of it, and when; an empty word for one that has not had its turn."""
    steps = {step.name: step for step in Step.objects.filter(run=found.run_id)}
    told = []
    for name, label in LETTERS.items():
        step = steps[name]
        fate = FATES[step.result["fate"]] if step.state == StepState.DONE else WORDS.get(step.state, "")
        told.append((label, fate, step.ended_at if fate else None))
    return told


@page(**DOOR, audit="schools.go_live_evaluated")
def evaluate(request: HttpRequest, onboarding_id: str) -> HttpResponse:
    """Look again now whether the school is live."""
    return deeds.done(request, onboarding_id, go_live.again, "evaluated")


@page(**DOOR, audit="schools.go_live_followed_up")
def follow_up(request: HttpRequest, onboarding_id: str) -> HttpResponse:
    """Somebody saw to what was missing."""
    return deeds.done(request, onboarding_id, go_live.follow_up, "followed_up")
