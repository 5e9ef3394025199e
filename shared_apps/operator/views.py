"""The operator's pages. Nothing here visits a school: the figures are those the schools published."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from shared_apps.audit.services import record
from shared_apps.audit.services.chain import last_check
from shared_apps.deliveries.rules import Life
from shared_apps.deliveries.services.totals import Deliveries
from shared_apps.deliveries.services.words import reason_words
from shared_apps.operator.forms.health import SIZE, STATES, HealthQuery
from shared_apps.operator.forms.moments import read_moment
from shared_apps.operator.forms.trail import TrailQuery
from shared_apps.operator.forms.trail_file import trail_csv
from shared_apps.operator.rules import Hours, chart
from shared_apps.operator.services import health as reading
from shared_apps.operator.services import proofs, work
from shared_apps.operator.services import trail as history
from shared_apps.operator.services.needs import needs_of
from shared_apps.operator.services.picture import HOUR, Picture, failed_sign_ins, picture, refused_sign_ins
from shared_apps.operator.services.proofs import proof
from shared_apps.operator.services.words import AREAS, kind_words
from shared_apps.schools.services.onboarding_help import open_setup_tasks
from shared_apps.schools.services.onboarding_words import STEP_NAMES, why
from tenants.door import Within, actor_of, page
from tenants.ids import parse_id
from tenants.models import School
from tenants.permissions import Permission, may

RECENT = 5
REASONS_SHOWN = 8
TASKS_SHOWN = 5
TABS: dict[str, str | Promise] = {
    "all": pgettext_lazy("schools", "All"),
    Life.QUIET: _("Went quiet"),
    Life.UNKNOWN: _("Unavailable"),
    Life.ONBOARDING: _("Onboarding"),
    Life.LIVE: pgettext_lazy("schools", "Live"),
    Life.DISABLED: pgettext_lazy("schools", "Disabled"),
    "stuck": _("Work is stuck"),
    "waiting": _("Work that waits"),
    "dead": _("Dead letters"),
    "drift": _("The database differs from its plan"),
}
ACTED = {"retry": "retried", "resume": "resumed", "cancel": "cancelled"}
CARDS = (Life.LIVE, Life.ONBOARDING, Life.QUIET, Life.DISABLED)


def live(request: HttpRequest, name: str, context: dict[str, Any]) -> HttpResponse:
    """The page whole, or, for a beat of an open page, its inside alone."""
    inside = "X-Live" in request.headers
    return render(request, f"operator/{'_' if inside else ''}{name}.html", context)


@page(permission=Permission.CONSOLE, within=Within.PLATFORM, audit=None)
def console(request: HttpRequest) -> HttpResponse:
    """What needs somebody, first; then how the platform does."""
    actor, now = actor_of(request), timezone.now()
    seen = picture(actor, now=now)
    needs = needs_of(seen)
    urgent = sum(need.tone == "alarm" for need in needs)
    context = {
        "picture": seen,
        "needs": needs,
        "urgent": urgent,
        "to_look": len(needs) - urgent,
        "failed_sign_ins": failed_sign_ins(actor, now=now),
        "refused_sign_ins": refused_sign_ins(actor, now=now),
        "proofs": proven(seen),
        "live_channels": channels(seen),
        "recent": [
            (school, proof(actor, school=school.pk))
            for school in School.objects.order_by("-created_at", "-pk")[:RECENT]
        ],
        "wall": request.GET.get("wall") == "1",
        **drawn(seen.by_hour),
    }
    return live(request, "console", context)


def proven(seen: Picture) -> dict[str, str]:
    """Where the history proves what stands in the cards."""
    return {
        "schools": proof(seen.actor, proofs.SCHOOLS),
        "dead": proof(seen.actor, proofs.DEAD_LETTERS),
        "sign_ins": proofs.sign_ins(seen.actor, seen.now - HOUR, seen.now),
        "refused": proofs.refusals(seen.actor, seen.now - HOUR, seen.now),
    }


def channels(seen: Picture) -> dict[str, int]:
    """How many of the channels that should work everywhere are ready."""
    meant = [one for one in seen.providers if one.live]
    return {"all": len(meant), "ready": sum(one.ready for one in meant)}


def drawn(hours: Hours) -> dict[str, Any]:
    """The chart, and what its sentence says; no hours at all where nobody told."""
    if not hours:
        return {"hours": hours}
    sent, failed = sum(hour[1] for hour in hours), sum(hour[2] for hour in hours)
    busiest = max(hours, key=lambda hour: hour[1] + hour[2])
    return {"hours": hours, "chart": chart(hours), "sent": sent, "failed": failed, "busiest": busiest[0]}


@page(permission=Permission.HEALTH, within=Within.PLATFORM, audit=None)
def health(request: HttpRequest) -> HttpResponse:
    """How the schools within reach are, and everything they send through."""
    actor, now, query = actor_of(request), timezone.now(), HealthQuery.read(request.GET)
    seen = picture(actor, now=now)
    counts = counted(seen)
    if query.state not in counts:  # a tab that is there only while it is looked at
        counts[query.state] = reading.sought(actor, query.state, now=now).count()
    number = min(query.page, max(1, -(-counts[query.state] // SIZE)))
    first = (number - 1) * SIZE
    context = {
        "picture": seen,
        "query": query,
        "cards": [(life, TABS[life], seen.schools.groups[life], query.address(state=life)) for life in CARDS],
        "tabs": [
            (TABS[state], query.address(state=state), counts[state], state == query.state)
            for state in STATES
            if counts.get(state) or state in ("all", query.state)
        ],
        "rows": reading.rows(reading.sought(actor, query.state, now=now)[first : first + SIZE], now=now),
        "total": counts[query.state], "first": first + 1, "last": min(first + SIZE, counts[query.state]),
        "previous": query.address(page=number - 1) if number > 1 else "",
        "following": query.address(page=number + 1) if first + SIZE < counts[query.state] else "",
        "providers": [(one, seen.day.over(one.channel)) for one in seen.providers],
        "windows": [
            ("hour", _("Last hour"), seen.hour, reasons(seen.hour), rest(seen.hour)),
            ("day", _("Last 24 hours"), seen.day, reasons(seen.day), rest(seen.day)),
        ],
        "signals": reading.signals_of(seen),
        "proofs": proven(seen),
        "may_letters": may(actor, Permission.DEAD_LETTERS),
        **setup_tasks(seen),
        "may_support": may(actor, Permission.SCHOOLS_SUPPORT),
    }  # fmt: skip
    return live(request, "health", context)


def setup_tasks(seen: Picture) -> dict[str, Any]:
    """School setup tasks needing help, the oldest first, for those who may help."""
    found = open_setup_tasks(seen.actor, now=seen.now) if may(seen.actor, Permission.SCHOOLS_ONBOARD) else []
    shown = [(task, STEP_NAMES.get(task.step, task.step), why(task.reason)) for task in found[:TASKS_SHOWN]]
    return {"tasks": shown, "more_tasks": len(found) - len(shown)}


def counted(seen: Picture) -> dict[str, int]:
    """How many schools each tab holds."""
    lives = {str(life): group.count for life, group in seen.schools.groups.items()}
    return {"all": seen.schools.total, "stuck": seen.schools.stuck_schools, **lives}


def reasons(found: Deliveries) -> list[tuple[str, int, float]]:
    """The commonest reasons in words, each with its count and its share of all failures in percent."""
    shown, failed = found.reasons[:REASONS_SHOWN], found.failed or 0
    return [(reason_words(code), count, round(100 * count / failed, 1)) for code, count in shown]


def rest(found: Deliveries) -> dict[str, int]:
    """The reasons that are not shown, and the failures for them; empty when all are shown."""
    left = found.reasons[REASONS_SHOWN:]
    return {"reasons": len(left), "failures": sum(count for _reason, count in left)} if left else {}


@page(permission=Permission.AUDIT_READ, within=Within.PLATFORM, audit=None)
def trail(request: HttpRequest) -> HttpResponse:
    """What was done on the platform, by whom, and whether the history is still the one that was sealed."""
    query = TrailQuery.read(request.GET)
    found = history.sought(actor_of(request), query.asked)
    entries, following = history.page(found, cursor=query.cursor)
    count = history.number_of(found) if query.filtered else 0
    context = {
        "query": query,
        "check": last_check(),
        "rows": [(entry, kind_words(entry.event.kind)) for entry in entries],
        "areas": areas(query.kind),
        "count": min(count, history.COUNTED),
        "more": count > history.COUNTED,
        "cut_at": history.MOST if history.beyond(found) else 0,
        "moments": [(name, read_moment(value)) for name, value in (("begins", query.begins), ("ends", query.ends))],
        "following": query.address(cursor=following) if following else "",
        "start": query.address() if query.cursor else "",
        "download": query.address("/operator/audit/download"),
    }
    return render(request, "operator/audit.html", context)


def areas(kind: str) -> list[tuple[str, str, bool]]:
    """What may be chosen, and what was: kinds that are no area stand in front as the signal that led here put them."""
    found = [(area, str(words), area == kind) for area, words in AREAS.items()]
    if kind and kind not in AREAS:
        named = ", ".join(str(AREAS.get(one) or kind_words(one)) for one in kind.split(","))
        found.insert(0, (kind, named, True))
    return found


@page(permission=Permission.AUDIT_READ, within=Within.PLATFORM, audit="audit.exported")
def trail_download(request: HttpRequest) -> HttpResponse:
    """The same part of the history as a file. Taking it away is history, too."""
    actor, query = actor_of(request), TrailQuery.read(request.GET)
    found = history.sought(actor, query.asked)
    answer = trail_csv(history.every_entry(found), cut_at=history.MOST if history.beyond(found) else 0)
    # By what was sought, and never for what: somebody's name may have been typed there.
    record("audit.exported", by=actor.name_in_audit, now=timezone.now(), facts={"filters": query.filters})
    return answer


@page(permission=Permission.SCHOOLS_ONBOARD, within=Within.PLATFORM, audit="workflows.run_resumed")
def run(request: HttpRequest, run_id: str) -> HttpResponse:
    """Long work that no page of its own shows: how far it is, and what sets it going again."""
    actor, now = actor_of(request), timezone.now()
    seen = work.work_of(parse_id(run_id), actor=actor, now=now)
    elsewhere = work.page_of(seen.run)
    if elsewhere:
        return redirect(elsewhere)
    unsure = False
    if request.method == "POST":
        what = request.POST.get("act", "")
        unsure = what == "cancel" and request.POST.get("confirmed") != "1"
        if not unsure:
            work.act(seen.run, what, by=actor, now=now)
            return redirect(f"/operator/runs/{seen.run.id}?saved={ACTED[what]}")
    return render(request, "operator/run.html", {"work": seen, "unsure": unsure}, status=409 if unsure else 200)
