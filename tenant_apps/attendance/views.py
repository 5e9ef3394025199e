"""The register's pages: choosing a class, marking it row by row, handing it in, opening it again."""

from collections import Counter
from datetime import date as Day
from datetime import datetime, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from tenant_apps.attendance import rules
from tenant_apps.attendance.forms import MARK_NAMES, REASONS, MarkForm, RegisterForm
from tenant_apps.attendance.services import marks, overview, registers
from tenant_apps.gate.rules import local_day
from tenant_apps.people.models import ClassGroup
from tenant_apps.people.services.calendar import is_school_day
from tenant_apps.people.services.classes import visible_classes
from tenants.actor import Actor
from tenants.current import current_school
from tenants.door import Within, actor_of, page
from tenants.permissions import Permission, may
from tenants.problems import Refusal, not_found

# What a person is told when a register cannot be handed in or changed.
PROBLEMS: dict[str, str | Promise] = {
    "marks_missing": _("Some learners have no mark yet. Mark them, then submit the register."),
    "reason_missing": _("An excused learner has no reason yet. Choose the reason, then submit the register."),
    "register_submitted": _("This register has been submitted. Reopen it to change a mark."),
    "not_a_school_day": _("This is not a school day, so there is no register."),
    "day_ahead": _("This day has not come yet."),
    "invalid": _("Say in a few words why you reopen the register."),
}


def show(request: HttpRequest, template: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
    """Render; `root` is where the school's pages begin."""
    return render(request, template, {**context, "root": f"/s/{current_school().slug}/"}, status=status)


@page(permission=Permission.REGISTER_READ, within=Within.SCHOOL, audit=None)
def register(request: HttpRequest, slug: str) -> HttpResponse:
    """A class's register; without a class the choice of one, or the only one there is."""
    actor, now = actor_of(request), timezone.now()
    form = RegisterForm.read(request.GET, today=local_day(now, current_school().zone))
    if form.class_id:
        return register_page(request, registers.class_for(actor, form.class_id), form.date)
    classes = overview.progress(actor, form.date)
    if len(classes) == 1:
        return register_page(request, classes[0].class_group, form.date)
    context = {"classes": classes, "date": form.date, "school_day": is_school_day(form.date)}
    return show(request, "attendance/classes.html", context)


@page(permission=Permission.REGISTER_MARK, within=Within.SCHOOL, audit="attendance.marked")
@require_POST
def mark(request: HttpRequest, slug: str) -> HttpResponse:
    """Save one row; a page that runs our script gets that row back, any other the whole register."""
    actor, now, form, group = _sent(request)
    sent = MarkForm.read(request.POST)
    rows = {str(row.learner.id): row.learner for row in registers.rows_of(group, form.date)}
    if sent.learner_id not in rows:
        raise not_found()
    marks.confirm(
        by=actor, now=now, class_group=group, date=form.date, learner=rows[sent.learner_id], mark=sent.mark,
        reason=sent.reason,
    )  # fmt: skip
    if "HX-Request" not in request.headers:
        return redirect(f"../register{form.address()}#row-{sent.learner_id}")
    context = register_context(actor, group, form.date)
    (row,) = (row for row in context["rows"] if row["id"] == sent.learner_id)
    return show(request, "attendance/_saved.html", {**context, "row": row})


@page(permission=Permission.REGISTER_MARK, within=Within.SCHOOL, audit="attendance.marked")
@require_POST
def rest(request: HttpRequest, slug: str) -> HttpResponse:
    """Confirm what the gate proposed and mark everybody else present."""
    actor, now, form, group = _sent(request)
    try:
        marks.mark_rest_present(by=actor, now=now, class_group=group, date=form.date)
    except Refusal as refusal:
        return _told(request, group, form.date, refusal)
    return redirect(f"../register{form.address()}&saved=marked")


@page(permission=Permission.REGISTER_MARK, within=Within.SCHOOL, audit="attendance.register_submitted")
@require_POST
def submit(request: HttpRequest, slug: str) -> HttpResponse:
    """Hand the register in."""
    actor, now, form, group = _sent(request)
    try:
        registers.submit(by=actor, now=now, class_group=group, date=form.date)
    except Refusal as refusal:
        return _told(request, group, form.date, refusal)
    return redirect(f"../register{form.address()}&saved=submitted")


@page(permission=Permission.REGISTER_MARK, within=Within.SCHOOL, audit="attendance.register_reopened")
@require_POST
def reopen(request: HttpRequest, slug: str) -> HttpResponse:
    """Open a submitted register again, with a reason."""
    actor, now, form, group = _sent(request)
    try:
        registers.reopen(by=actor, now=now, class_group=group, date=form.date, reason=request.POST.get("why", ""))
    except Refusal as refusal:
        return _told(request, group, form.date, refusal)
    return redirect(f"../register{form.address()}&saved=reopened")


def _sent(request: HttpRequest) -> tuple[Actor, datetime, RegisterForm, ClassGroup]:
    actor, now = actor_of(request), timezone.now()
    form = RegisterForm.read(request.POST, today=local_day(now, current_school().zone))
    return actor, now, form, registers.class_for(actor, form.class_id)


def _told(request: HttpRequest, group: ClassGroup, date: Day, refusal: Refusal) -> HttpResponse:
    """The register again with what stands in the way; a refusal that is not about it goes on."""
    if refusal.code not in PROBLEMS:
        raise refusal
    return register_page(request, group, date, problem=PROBLEMS[refusal.code], status=refusal.status)


def register_page(
    request: HttpRequest, group: ClassGroup, date: Day, problem: str | Promise = "", status: int = 200
) -> HttpResponse:
    actor = actor_of(request)
    several = sum(other.year_id == group.year_id for other in visible_classes(actor)) > 1
    context = {**register_context(actor, group, date), "problem": problem, "several": several}
    template = "attendance/_register.html" if "X-Live" in request.headers else "attendance/register.html"
    return show(request, template, context, status)


def register_context(actor: Actor, group: ClassGroup, date: Day) -> dict[str, Any]:
    """Everything the register shows. The day before and after are offered as long as they have come."""
    zone = current_school().zone
    today = local_day(timezone.now(), zone)
    kept, found = registers.register_of(group, date), registers.rows_of(group, date)
    school_day = is_school_day(date)
    offered = rules.reasons_for(group.grade, principal="school_admin" in actor.roles)
    counts = Counter(row.mark.mark if row.mark and row.mark.mark else "?" for row in found)
    saved = [row.mark.marked_at for row in found if row.mark and row.mark.marked_at]
    return {
        "live_url": f"/s/{current_school().slug}/register{RegisterForm(str(group.id), date).address()}",
        "group": group, "date": date, "today": date == today, "school_day": school_day, "register": kept,
        "submitted": bool(kept and kept.submitted_at),
        "editable": school_day and date <= today and not (kept and kept.submitted_at)
        and may(actor, Permission.REGISTER_MARK),
        "rows": [row_of(number, row) for number, row in enumerate(found, 1)],
        "names": MARK_NAMES, "reasons": {letter: REASONS[letter] for letter in offered},
        "counts": {"present": counts["P"], "late": counts["L"], "absent": counts["A"], "excused": counts["E"],
                   "to_mark": counts["?"]},
        "saved_at": max(saved, default=None),
        "before": date - timedelta(days=1), "after": date + timedelta(days=1) if date < today else None,
    }  # fmt: skip


def row_of(number: int, row: registers.Row) -> dict[str, Any]:
    """One learner's row: what the gate says, what the teacher says, and where the two do not agree."""
    mark = row.mark
    decided, proposed = (mark.mark, mark.proposed) if mark else ("", "")
    times = (mark.marked_at, mark.arrived_at) if mark else (None, None)
    return {
        "number": number, "id": str(row.learner.id), "learner": row.learner, "mark": mark, "decided": decided,
        "proposed": proposed, "shown": decided or proposed, "reason": mark.reason if mark else "",
        "reason_name": REASONS.get(mark.reason) if mark else None,
        "arrived_later": rules.arrived_after_absence(decided, *times),
        "not_in_class": rules.seen_but_not_in_class(decided, *times),
        "first_name": MARK_NAMES.get(mark.first_mark) if mark and mark.first_mark != decided else None,
        "marks": [(letter, name, decided == letter, not decided and proposed == letter)
                  for letter, name in MARK_NAMES.items()],
    }  # fmt: skip
