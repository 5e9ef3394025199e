"""What every page shares: the shell's context, and the pages that belong to no app."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from tenants.door import Within, page, refusal_page
from tenants.problems import forbidden


def shell(request: HttpRequest) -> dict[str, Any]:
    """Context of every template: who is here, where, and how they like it to look."""
    actor = getattr(request, "actor", None)
    return {
        "actor": actor,
        "school": actor.school if actor else None,
        "environment": settings.ENVIRONMENT,
        "theme": request.COOKIES.get("theme", ""),
    }


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:
    return refusal_page(request, forbidden("The page is too old. Reload it and try again."))


@page(permission=None, within=Within.OPEN, audit=None)
def home(request: HttpRequest) -> HttpResponse:
    """Where a person belongs: their school's Today, the console, or the sign-in page."""
    actor = getattr(request, "actor", None)
    if actor is None:
        return redirect(settings.LOGIN_URL)
    if actor.school:
        return redirect(f"/s/{actor.school.slug}/")
    return redirect("/account/profile")
