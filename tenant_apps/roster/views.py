"""The pages Today, Learners and one learner's record."""

from datetime import date
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from tenant_apps.attendance.forms import MARK_NAMES
from tenant_apps.attendance.services.registers import mark_of
from tenant_apps.gate.models import Scan
from tenant_apps.gate.rules import local_day
from tenant_apps.people.services.classes import grade_name, visible_classes
from tenant_apps.people.services.guardians import guardians_of
from tenant_apps.roster.forms import SIZES, ListQuery
from tenant_apps.roster.services import learners
from tenant_apps.roster.services import today as reading
from tenant_apps.roster.services.learners import Sought
from tenants.current import current_school
from tenants.door import Within, actor_of, page
from tenants.permissions import Permission, may

TABS: dict[str, str | Promise] = {
    "active": pgettext_lazy("learners", "Active"),
    "all": pgettext_lazy("learners", "All"),
    "on_site": _("On site now"),
}
# What a scan came to, as a list says it: tone of the chip, words. `in` and `out` stand for a plain scan.
OUTCOMES: dict[str, tuple[str, str | Promise]] = {
    "in": ("ok", _("Checked in")),
    "out": ("brand", _("Checked out")),
    "late_arrival": ("watch", _("Arrived late")),
    "late_pickup": ("watch", _("Late pickup")),
    "already_in": ("watch", _("Already in")),
    "already_out": ("watch", _("Already out")),
    "unknown_badge": ("off", _("Stop and check: this badge is not known")),
    "other_school": ("off", _("Stop and check: this badge is not from this school")),
    "revoked_badge": ("off", _("Stop and check: this badge no longer works")),
    "inactive_learner": ("off", _("Stop and check: this learner has left the school")),
    "restricted": ("off", _("Stop and check: may not leave alone")),
    "lockdown": ("off", _("Stop and check: the school is in lockdown")),
}
RELATIONS: dict[str, str | Promise] = {
    "mother": _("Mother"),
    "father": _("Father"),
    "grandparent": _("Grandparent"),
    "aunt_uncle": _("Aunt or uncle"),
    "other": pgettext_lazy("relation to a child", "Other"),
}


def show(request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    """Render; `root` is where the school's pages begin."""
    return render(request, template, {**context, "root": f"/s/{current_school().slug}/"})


@page(permission=Permission.SCHOOL_TODAY, within=Within.SCHOOL, audit=None)
def today(request: HttpRequest, slug: str) -> HttpResponse:
    """Who is here now, first; then the day's movement and what needs somebody. A live beat gets the inside alone."""
    found = reading.today(actor_of(request), now=timezone.now())
    context = {"today": found, "movements": [movement(scan) for scan in found.movements], "peak": peak(found.flow)}
    template = "roster/_today.html" if "X-Live" in request.headers else "roster/today.html"
    return show(request, template, context)


def movement(scan: Scan) -> dict[str, Any]:
    plain = scan.code == "ok"
    tone, words = OUTCOMES.get(scan.direction if plain else scan.code, ("off", ""))
    return {"scan": scan, "tone": tone, "words": words, "icon": "arrow-in" if scan.direction == "in" else "arrow-out"}


def peak(flow: list[tuple[Any, int, int]]) -> tuple[Any, int] | None:
    """The half hour with most arrivals, for the sentence under the chart; None on a day without any."""
    starts, most, _left = max(flow, key=lambda slot: slot[1], default=(None, 0, 0))
    return (starts, most) if most else None


@page(permission=Permission.LEARNERS_READ, within=Within.SCHOOL, audit=None)
def learner_list(request: HttpRequest, slug: str) -> HttpResponse:
    """Learners by name, with tabs, search and class; the address carries all of it."""
    actor, now, query = actor_of(request), timezone.now(), ListQuery.read(request.GET)
    sought = Sought(query.state, query.search, learners.class_in_sight(actor, query.class_id))
    counts = learners.counts(actor, sought, now=now)
    pages = max(1, -(-counts[query.state] // query.size))
    number = min(query.page, pages)
    first = (number - 1) * query.size
    rows = learners.find(actor, sought, now=now)[first : first + query.size]
    context = {
        "query": query, "counts": counts, "rows": learners.sights(rows, now=now), "classes": visible_classes(actor),
        "tabs": [
            (label, query.address(state=state), counts[state], query.state == state) for state, label in TABS.items()
        ],
        "total": counts[query.state], "first": first + 1, "last": min(first + query.size, counts[query.state]),
        "previous": query.address(page=number - 1) if number > 1 else "",
        "following": query.address(page=number + 1) if number < pages else "",
        "sizes": [(size, query.address(size=size), size == query.size) for size in SIZES],
        "unfiltered": query.address(search="", class_id=""),
    }  # fmt: skip
    return show(request, "roster/learners.html", context)


@page(permission=Permission.LEARNERS_READ, within=Within.SCHOOL, audit=None)
def learner_record(request: HttpRequest, slug: str, learner_id: str) -> HttpResponse:
    """One learner: who they are, today's movements, and for school admins the guardians."""
    actor, now = actor_of(request), timezone.now()
    sight = learners.one(actor, learner_id, now=now)
    day: date = local_day(now, current_school().zone)
    group = sight.learner.class_group
    mark = mark_of(sight.learner, day) if may(actor, Permission.REGISTER_READ) else None
    ties = guardians_of(sight.learner) if may(actor, Permission.GUARDIANS_READ) else None
    context = {
        "sight": sight, "learner": sight.learner, "grade": grade_name(group.grade) if group else "", "mark": mark,
        "mark_name": MARK_NAMES.get(mark.mark or mark.proposed) if mark else None,
        "movements": [movement(scan) for scan in reading.movements(day, learner=sight.learner)],
        "guardians": [(tie, RELATIONS.get(tie.relation, tie.relation)) for tie in ties] if ties is not None else None,
    }  # fmt: skip
    return show(request, "roster/learner.html", context)
