"""Stopping what goes on by itself, and letting it go on: an onboarding, and a school's first thirty days."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from shared_apps.schools.models import Onboarding
from shared_apps.schools.services import onboarding_cancel, onboarding_help, welcome_help
from shared_apps.schools.views import deeds
from tenants.door import Within, actor_of, page
from tenants.permissions import Permission
from tenants.problems import Refusal

DOOR: dict[str, Any] = {"permission": Permission.SCHOOLS_ONBOARD, "within": Within.PLATFORM}
# What came in between, where the question can be put again.
AGAIN: dict[str, str | Promise] = {
    "moved_on": _("A step was done in the meantime, and something else would stay now. Read it again first."),
    "in_hand": _("A step is being done at this very moment. Nothing was cancelled. Try again in a few seconds."),
}


def _asked(
    request: HttpRequest, found: Onboarding, leaves: Callable[[Onboarding], str], act: deeds.Act
) -> HttpResponse:
    """The question with what would stay, then the deed. What is over has nothing to be asked about."""
    changed: Refusal | None = None
    if request.method == "POST":
        try:
            act(found, by=actor_of(request), now=timezone.now())
            return redirect(f"/operator/onboardings/{found.pk}?saved=cancelled")
        except Refusal as refusal:
            if refusal.code not in AGAIN:
                raise
            changed = refusal
    try:
        stays = leaves(found)
    except Refusal as refusal:
        if refusal.code != "over":
            raise
        return redirect(f"/operator/onboardings/{found.pk}")
    context = {"onboarding": found, "leaves": stays, "changed": AGAIN[changed.code] if changed else ""}
    return render(request, "schools/onboarding_cancel.html", context, status=changed.status if changed else 200)


@page(**DOOR, audit="schools.onboarding_cancelled")
def cancel(request: HttpRequest, onboarding_id: str) -> HttpResponse:
    """End an onboarding, once it was said what stays."""
    act = partial(onboarding_cancel.cancel, agreed=request.POST.get("leaves", ""))
    return _asked(request, deeds.found(request, onboarding_id), onboarding_cancel.leaves, act)


@page(**DOOR, audit="workflows.run_taken_up")
def take_up(request: HttpRequest, onboarding_id: str) -> HttpResponse:
    """Let a cancelled onboarding whose school is there go on."""
    return deeds.done(request, onboarding_id, onboarding_cancel.take_up, "resumed")


@page(**DOOR, audit="schools.failure_dismissed")
def dismiss(request: HttpRequest, onboarding_id: str) -> HttpResponse:
    """Say that one that made nothing needs nobody any more."""
    return deeds.done(request, onboarding_id, onboarding_help.dismiss, "dismissed")


@page(**DOOR, audit="workflows.run_cancelled")
def cancel_welcome(request: HttpRequest, onboarding_id: str) -> HttpResponse:
    """End the letters and the evaluation of a school, once it was said what that means."""
    return _asked(request, deeds.found(request, onboarding_id), welcome_help.leaves, welcome_help.cancel)


@page(**DOOR, audit="workflows.step_retried")
def retry_welcome(request: HttpRequest, onboarding_id: str) -> HttpResponse:
    """Try the step that was given up again."""
    return deeds.done(request, onboarding_id, welcome_help.retry, "retried")


@page(**DOOR, audit="workflows.run_resumed")
def resume_welcome(request: HttpRequest, onboarding_id: str) -> HttpResponse:
    """Let those that stand still go on."""
    return deeds.done(request, onboarding_id, welcome_help.resume, "resumed")


@page(**DOOR, audit="workflows.run_taken_up")
def take_up_welcome(request: HttpRequest, onboarding_id: str) -> HttpResponse:
    """Let cancelled ones go on where they were stopped."""
    return deeds.done(request, onboarding_id, welcome_help.take_up, "resumed")
