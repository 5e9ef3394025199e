"""The pages about new schools: form, review, live progress, result, and what needs help."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from shared_apps.identity.services import links
from shared_apps.regions.services import name_of
from shared_apps.schools.forms import SchoolForm, initial
from shared_apps.schools.models import Draft, Onboarding
from shared_apps.schools.services import onboarding as bringing_in
from shared_apps.schools.services import onboarding_drafts as drafts
from shared_apps.schools.services import onboarding_handover as handover
from shared_apps.schools.services import onboarding_help as help_with
from shared_apps.schools.services.follow_ups import follow_ups
from shared_apps.schools.services.onboarding_cancel import may_be_taken_up
from shared_apps.schools.services.onboarding_check import admin_check
from shared_apps.schools.services.onboarding_doubts import doubts as doubts_about
from shared_apps.schools.services.onboarding_list import latest
from shared_apps.schools.services.onboarding_progress import progress
from shared_apps.schools.services.onboarding_words import ROLES, STEP_NAMES, why
from shared_apps.schools.services.welcome_help import stuck_welcomes
from shared_apps.schools.services.welcome_words import CRITERIA, STEPS
from shared_apps.schools.views import deeds
from shared_apps.schools.views.welcome import after_go
from tenants.door import Within, actor_of, page, person_of
from tenants.ids import parse_id
from tenants.permissions import Permission
from tenants.problems import Refusal

ONBOARD: dict[str, Any] = {"permission": Permission.SCHOOLS_ONBOARD, "within": Within.PLATFORM}


@page(**ONBOARD, audit=None)
def new_school(request: HttpRequest) -> HttpResponse:
    """The form. Its answers wait, sealed, until somebody has reviewed them."""
    _actor, owner, _session = person_of(request)
    earlier = _draft(request.GET.get("draft"), owner) if request.GET.get("draft") else None
    if request.method != "POST":
        form = SchoolForm(initial=initial(drafts.opened(earlier)) if earlier else None)
        return render(request, "schools/onboarding_form.html", {"form": form, "earlier": earlier})
    form = SchoolForm(request.POST)
    given = form.answers()
    if given is None:
        return render(request, "schools/onboarding_form.html", {"form": form, "earlier": earlier}, status=422)
    draft = drafts.keep(given, owner=owner, now=timezone.now(), draft=earlier.id if earlier else None)
    return redirect(f"/operator/schools/new/{draft.id}")


def _draft(key: object, owner: Any) -> Draft:
    return drafts.draft_of(parse_id(key), owner=owner)


@page(**ONBOARD, audit="schools.onboarding_started")
def review(request: HttpRequest, draft_id: str) -> HttpResponse:
    """What is going to be created; the button carries the hash of what was read here."""
    actor, owner, _session = person_of(request)
    known = Onboarding.objects.filter(pk=parse_id(draft_id)).first() if parse_id(draft_id) else None
    if known:  # a second click, or the way back
        return redirect(f"/operator/onboardings/{known.pk}")
    draft = _draft(draft_id, owner)
    changed = None
    if request.method == "POST":
        try:
            begun = bringing_in.begin(draft, review=request.POST.get("review", ""), by=actor, now=timezone.now())
            return redirect(f"/operator/onboardings/{begun.pk}?new=1")
        except Refusal as refusal:
            changed = refusal
    given = drafts.opened(draft)
    people = [(role, ROLES[role], person) for role, person in given.people().items()]
    doubts = doubts_about(given, actor=actor)
    group = dict(SchoolForm().circles).get(given.circle, "")
    region = name_of(given.region, get_language() or "en") if given.region else ""
    context = {
        "draft": draft, "given": given, "people": people, "doubts": doubts, "group": group, "changed": changed,
        "region": f"{region} ({given.region})" if region else "",
    }  # fmt: skip
    return render(request, "schools/onboarding_review.html", context, status=changed.status if changed else 200)


@page(**ONBOARD, audit=None)
def onboardings(request: HttpRequest) -> HttpResponse:
    """What needs help, and the latest onboardings."""
    actor, now = actor_of(request), timezone.now()
    tasks = help_with.open_setup_tasks(actor, now=now)
    before = parse_id(request.GET.get("before")) if request.GET.get("before") else None
    rows, more = latest(actor, before=before)
    left = parse_id(request.GET.get("left")) if request.GET.get("left") else None
    context = {
        "follow_ups": [(one, [CRITERIA[name] for name in one.criteria]) for one in follow_ups(actor)],
        "stuck": [(one, STEPS.get(one.step, one.step), why(one.reason)) for one in stuck_welcomes(actor, now=now)],
        "tasks": [(task, STEP_NAMES.get(task.step, task.step), why(task.reason)) for task in tasks],
        "rows": rows, "more": rows[-1].id if more else None, "before": before,
        "left": Onboarding.objects.filter(pk=left).exclude(acknowledged_at=None).first() if left else None,
    }  # fmt: skip
    return render(request, "schools/onboardings.html", context)


@page(**ONBOARD, audit=None)
def onboarding(request: HttpRequest, onboarding_id: str) -> HttpResponse:
    """Live progress, then the result."""
    found = deeds.found(request, onboarding_id)
    live = "X-Live" in request.headers
    template = "schools/_onboarding.html" if live else "schools/onboarding.html"
    return render(request, template, _context(request, found, timezone.now()))


def _context(request: HttpRequest, found: Onboarding, now: datetime) -> dict[str, Any]:
    seen = progress(found, now=now)
    failed, there = seen.failed_step, handover.ready(found)
    return {
        "onboarding": found, "progress": seen,
        "steps": [(step, STEP_NAMES.get(step.name, step.name)) for step in seen.steps],
        "why": why(failed.reason) if failed else "",
        "failed_name": STEP_NAMES.get(failed.name, failed.name) if failed else "",
        "there": there, "accounts": handover.waiting(found) if there else {},
        "may_be_taken_up": seen.cancelled and may_be_taken_up(found),
        "mine": found.run.started_by == actor_of(request).name_in_audit,
        "here": f"/operator/onboardings/{found.pk}",
        "after_go": after_go(found, actor_of(request), now),
    }  # fmt: skip


@page(**ONBOARD, audit="schools.access_handed_over")
def passwords(request: HttpRequest, onboarding_id: str) -> HttpResponse:
    """Links to set a password, or temporary passwords where those are asked for: shown by this answer alone.

    Asked by script it is the part of the page alone.
    """
    found = deeds.found(request, onboarding_id)
    if request.method != "POST":
        return redirect(f"/operator/onboardings/{found.pk}")
    now, slips = timezone.now(), []
    try:
        slips = handover.hand_over(
            found, again=request.POST.get("again") == "1", passwords=request.POST.get("means") == "passwords",
            by=actor_of(request), now=now,
        )  # fmt: skip
    except Refusal as refusal:
        if refusal.code != "shown":
            raise
    found.refresh_from_db()
    context = {
        **_context(request, found, now), "slips": [(ROLES[slip.role], slip) for slip in slips], "shown": not slips,
        "sign_in": f"{settings.PUBLIC_URL}/login", "good_until": now + links.LIVES[links.INVITE],
    }  # fmt: skip
    part = request.headers.get("X-Part") == "1"
    return render(request, "schools/_onboarding_slips.html" if part else "schools/onboarding.html", context)


@page(**ONBOARD, audit="workflows.step_retried")
def retry(request: HttpRequest, onboarding_id: str) -> HttpResponse:
    """Try the step that was given up again."""
    return deeds.done(request, onboarding_id, help_with.retry, "retried")


@page(**ONBOARD, audit="workflows.run_resumed")
def resume(request: HttpRequest, onboarding_id: str) -> HttpResponse:
    """Let one that stands still go on."""
    return deeds.done(request, onboarding_id, help_with.resume, "resumed")


@page(**ONBOARD, audit=None)
def again(request: HttpRequest, onboarding_id: str) -> HttpResponse:
    """Start again after a failure, with the answers that were given."""
    found = deeds.found(request, onboarding_id)
    _actor, owner, _session = person_of(request)
    if request.method != "POST":
        return redirect(f"/operator/onboardings/{found.pk}")
    draft = bringing_in.start_again(found, owner=owner, now=timezone.now())
    return redirect(f"/operator/schools/new?draft={draft.id}" if draft else "/operator/schools/new")


@page(**ONBOARD, audit="schools.setup_acknowledged")
def acknowledge(request: HttpRequest, onboarding_id: str) -> HttpResponse:
    """Confirm that the school has an admin, with a live look at it beside the question."""
    found = deeds.found(request, onboarding_id)
    unsure = None
    if request.method == "POST":
        unsure = _("Tick the box to confirm that this school has an admin.")
        if request.POST.get("confirmed") == "1":
            try:
                help_with.acknowledge(found, by=actor_of(request), now=timezone.now())
                return redirect(f"/operator/onboardings?left={found.pk}")
            except Refusal as refusal:
                unsure = _("No admin was found in the school.") if refusal.code == "no_admin" else refusal.detail
    context = {"onboarding": found, "check": admin_check(found.school), "unsure": unsure}
    return render(request, "schools/onboarding_acknowledge.html", context, status=409 if unsure else 200)


@page(**ONBOARD, audit="schools.setup_reopened")
def undo(request: HttpRequest, onboarding_id: str) -> HttpResponse:
    """Take an acknowledgement back."""
    found = deeds.found(request, onboarding_id)
    if request.method == "POST":
        help_with.take_back(found, by=actor_of(request), now=timezone.now())
    return redirect("/operator/onboardings?saved=reopened_task")
