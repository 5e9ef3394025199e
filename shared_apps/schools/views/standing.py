"""The pages that suspend a school and take it up again; in a dialog where there is script."""

from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from shared_apps.identity.rules import safe_path
from shared_apps.schools.forms import ReactivateForm, SuspendForm
from shared_apps.schools.services import directory, standing
from shared_apps.schools.views.directory import LIST
from tenants.door import Within, actor_of, page
from tenants.models import School
from tenants.permissions import Permission
from tenants.problems import Refusal


@page(permission=Permission.SCHOOLS_SUSPEND, within=Within.PLATFORM, audit="schools.suspended")
def suspend(request: HttpRequest, school_id: UUID) -> HttpResponse:
    """The consequence, the school's name to be typed, and why. In a dialog where there is script."""
    actor = actor_of(request)
    school = directory.one(actor, school_id)
    form = SuspendForm(request.POST or None, school_name=school.name)
    if request.method == "POST" and form.is_valid():
        try:
            standing.suspend(by=actor, school_id=school_id, now=timezone.now(), **form.cleaned_data)
            return redirect(done(request, "suspended"))
        except Refusal as refusal:
            return standing_page(request, "suspend", school, form, refusal)
    return standing_page(request, "suspend", school, form)


@page(permission=Permission.SCHOOLS_SUSPEND, within=Within.PLATFORM, audit="schools.reactivated")
def reactivate(request: HttpRequest, school_id: UUID) -> HttpResponse:
    """Let a suspended school work again."""
    actor = actor_of(request)
    school = directory.one(actor, school_id)
    form = ReactivateForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            standing.reactivate(by=actor, school_id=school_id, now=timezone.now(), **form.cleaned_data)
            return redirect(done(request, "reactivated"))
        except Refusal as refusal:
            return standing_page(request, "reactivate", school, form, refusal)
    return standing_page(request, "reactivate", school, form)


def back_of(request: HttpRequest) -> str:
    """Where the person was: a page of this site, or the list."""
    return safe_path(request.POST.get("back") or request.GET.get("back", ""), otherwise=LIST)


def done(request: HttpRequest, saved: str) -> str:
    """There again, with what was done said; what an earlier deed said is over."""
    there = urlsplit(back_of(request))
    query = [(name, value) for name, value in parse_qsl(there.query) if name != "saved"]
    return f"{there.path}?{urlencode([*query, ('saved', saved)])}"


def standing_page(
    request: HttpRequest, deed: str, school: School, form: Any, refusal: Refusal | None = None
) -> HttpResponse:
    if refusal:
        if refusal.status == 404:
            raise refusal
        name_differs = refusal.extra.get("why") == "name_differs"
        form.add_error("confirm_name" if name_differs else None, words_for(refusal))
    status = refusal.status if refusal else 422 if form.errors else 200
    template = f"schools/_{deed}.html" if request.headers.get("HX-Request") else f"schools/{deed}.html"
    context = {"subject": school, "form": form, "back": back_of(request)}
    return render(request, template, context, status=status)


def words_for(refusal: Refusal) -> str:
    words = {
        "name_differs": _("This is not the name of the school. Type it exactly as it stands above."),
        "emergency_active": _("An emergency is active at this school. It cannot be suspended now."),
        "pending": _("This school is not live yet."),
    }
    unreachable = _("The school could not be asked whether an emergency is active there. Nothing was changed.")
    return words.get(str(refusal.extra.get("why")), unreachable)
