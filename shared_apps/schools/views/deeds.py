"""What the buttons of an onboarding's page have in common: finding it, and doing what needs no question."""

from datetime import datetime
from typing import Protocol

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from shared_apps.schools.models import Onboarding
from shared_apps.schools.services.onboarding import onboarding_of
from tenants.actor import Actor
from tenants.door import actor_of
from tenants.ids import parse_id


class Act(Protocol):
    """What is done to an onboarding, or to what came of it."""

    def __call__(self, onboarding: Onboarding, /, *, by: Actor, now: datetime) -> object: ...


def found(request: HttpRequest, key: str) -> Onboarding:
    """The onboarding of an address, if its asker looks after that school. Raises 404."""
    return onboarding_of(parse_id(key), actor=actor_of(request))


def done(request: HttpRequest, key: str, act: Act, saved: str) -> HttpResponse:
    """A deed that needs no question; a visit to its address only leads back to the page."""
    onboarding = found(request, key)
    if request.method != "POST":
        return redirect(f"/operator/onboardings/{onboarding.pk}")
    act(onboarding, by=actor_of(request), now=timezone.now())
    return redirect(f"/operator/onboardings/{onboarding.pk}?saved={saved}")
