"""The pages about access: asking for it, confirming, how it stands; and the queue of those who decide."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import get_language, override, pgettext_lazy
from django.utils.translation import gettext as _

from shared_apps.access.forms import BECAME, GIVEN, ROLES, AskForm, PlaceForm, RejectForm
from shared_apps.access.models import RequestState
from shared_apps.access.rules import (
    CONFIRM_WITHIN,
    KEPT_APPROVED,
    KEPT_REFUSED,
    REGULATOR,
    SCOPED,
    WAITS_AT_MOST,
    grantable,
)
from shared_apps.access.services import decisions, queue, requests
from shared_apps.access.services.admins import NewSchool
from shared_apps.access.services.grants import Grant
from shared_apps.access.services.new_schools import became
from shared_apps.access.services.requests import Particulars
from shared_apps.audit.services import record
from shared_apps.groups.services import regions_of, under, within_reach
from shared_apps.identity.services import limits
from shared_apps.post.services import write
from shared_apps.regions import services as regions
from shared_apps.regions.rules import holds
from shared_apps.regions.services import choices, name_of
from shared_apps.schools.services.onboarding_answers import CLOSE, ZONE
from shared_apps.schools.services.onboarding_doubts import alike
from tenants.actor import Actor
from tenants.door import Within, actor_of, page
from tenants.ids import parse_id
from tenants.models import School
from tenants.network import network_of
from tenants.permissions import Permission, may
from tenants.problems import Refusal, conflict, not_found
from tenants.tables import csv_text

PER_PAGE = 50
NEW_SCHOOL = "new_school"  # among the roles of the form: the admin of a school that is not here yet
OFFERED = 20  # schools at a time; the rest are found by name
EXPORTED = 5_000
TABS = (
    ("waiting", pgettext_lazy("requests", "Waiting")),
    ("approved", pgettext_lazy("requests", "Approved")),
    ("rejected", pgettext_lazy("requests", "Rejected")),
)


# -- asking -----------------------------------------------------------------------------------------------------------


@page(permission=None, within=Within.OPEN, audit="access.confirmed", throttle="access")
def ask(request: HttpRequest) -> HttpResponse:
    """Ask to be let in; the answer is the same whoever the address belongs to."""
    form = AskForm(request.POST if request.method == "POST" else None)
    status, headers = 200, dict[str, str]()
    if form.is_valid():
        told = form.cleaned_data
        try:
            asked = requests.ask(
                said=Particulars(told["full_name"], told["work_email"], told["organization"], told["reason"]),
                region=told["region"], language=get_language() or "en", now=timezone.now(),
                network=network_of(request),
                sponsor=getattr(getattr(request, "actor", None), "login", None),
            )  # fmt: skip
            return redirect(f"/request-access?{urlencode({'sent': asked.reference})}")
        except Refusal as refusal:
            form.refuse(refusal, too_many_requests=_("Asked for too often. Try again tomorrow."))
            status, headers = refusal.status, refusal.headers
    elif form.is_bound:
        status = 422
    sent = request.GET.get("sent", "")
    sent = sent if len(sent) <= 12 and sent.isalnum() and not form.is_bound else ""
    context = {"form": form, "sent": sent, "responsible": settings.RESPONSIBLE}
    response = render(request, "access/ask.html", context, status=status)
    for name, value in headers.items():
        response[name] = value
    return response


@page(permission=None, within=Within.OPEN, audit=None)
def notice(request: HttpRequest) -> HttpResponse:
    """What is done with what one writes on the page before, by whom, and what one may do about it."""
    kept = {"unconfirmed": CONFIRM_WITHIN, "waiting": WAITS_AT_MOST, "refused": KEPT_REFUSED, "approved": KEPT_APPROVED}
    more = {
        "responsible": settings.RESPONSIBLE, "regulator": REGULATOR,
        "kept": {name: time.days for name, time in {**kept, "network": limits.KEPT}.items()},
    }  # fmt: skip
    asked_for = request.GET.get("in", "")
    with override(asked_for if asked_for in dict(settings.LANGUAGES) else get_language()):
        response = render(request, "access/notice.html", more)
        response["Content-Language"] = get_language() or "en"
    return response


@page(permission=None, within=Within.OPEN, audit="access.confirmed", by_link=True)
def confirm(request: HttpRequest, secret: str) -> HttpResponse:
    """The mailbox's owner says that the request is theirs. A visit shows the button; pressing it confirms."""
    now = timezone.now()
    try:
        if request.method == "POST":
            status_secret = requests.confirm(secret, now=now)
            return redirect(f"/request-access/status/{status_secret}?in={get_language()}")
        asked = requests.look_at_confirmation(secret, now=now)
    except Refusal as refusal:
        return render(request, "access/link_spent.html", status=refusal.status)
    return render(request, "access/confirm.html", {"asked": asked})


@page(permission=None, within=Within.OPEN, audit=None, by_link=True)
def status(request: HttpRequest, secret: str) -> HttpResponse:
    """How a request stands, for whoever asked."""
    try:
        asked = requests.status(secret, now=timezone.now())
    except Refusal as refusal:
        return render(request, "access/link_spent.html", {"forgotten": True}, status=refusal.status)
    context = {"asked": asked, "said": requests.said_in(asked), "became": became([asked]).get(asked.pk, "")}
    return render(request, "access/status.html", context)


# -- deciding ---------------------------------------------------------------------------------------------------------


@page(permission=Permission.REQUESTS_DECIDE, within=Within.PLATFORM, audit=None)
def queue_page(request: HttpRequest) -> HttpResponse:
    """The requests of one's regions, oldest first."""
    return _page(request, actor_of(request), {})


@page(permission=Permission.REQUESTS_DECIDE, within=Within.PLATFORM, audit=None)
def open_page(request: HttpRequest, request_id: str) -> HttpResponse:
    """The same with one request open beside it."""
    actor = actor_of(request)
    return _page(request, actor, _panel(request, actor, request_id))


@page(permission=Permission.REQUESTS_DECIDE, within=Within.PLATFORM, audit="access.approved")
def approve(request: HttpRequest, request_id: str) -> HttpResponse:
    """Let somebody in for what was chosen."""
    actor = actor_of(request)
    if request.method != "POST":
        return redirect(f"/operator/requests/{request_id}")
    try:
        _must_have_seen_those_alike(request, actor, request_id)
        approved = decisions.approve(
            request=parse_id(request_id), grant=_grant(request), by=actor, now=timezone.now()
        )  # fmt: skip
    except Refusal as refusal:
        return _refused(request, actor, request_id, refusal, "approve")
    saved = "request_approved" if approved.account else "request_agreed"
    return redirect(f"/operator/requests/{request_id}?saved={saved}")


def _must_have_seen_those_alike(request: HttpRequest, actor: Actor, request_id: str) -> None:
    """A new school is begun once the schools with a similar name were on the page. Raises 404, 409 `looks_like`."""
    if request.POST.get("role") != NEW_SCHOOL:
        return
    row = queue.found(actor, parse_id(request_id), now=timezone.now())
    seen = set(request.POST.getlist("seen"))
    if row.request.state in queue.OPEN and any(str(one.pk) not in seen for one in _alike(row, request.POST, actor)):
        raise conflict(
            _("Schools with a similar name are listed above. Approve again if this is another one."), "looks_like"
        )


def _alike(row: queue.Row, chosen: Any, actor: Actor) -> list[School]:
    """Schools within reach that are called like the one that is asked for."""
    return alike(chosen.get("school_name", "").replace("\0", "")[:200].strip() or row.said.organization, actor=actor)


def _grant(request: HttpRequest) -> Grant:
    """What the form says of the role that is chosen; what belongs to the other roles is not looked at."""
    role = request.POST.get("role", "")
    if role == NEW_SCHOOL:
        told = {name: request.POST.get(f"school_{name}", "") for name in ("name", "timezone", "close_time", "region")}
        return Grant("school_admin", onboard=NewSchool(**told))
    bound = SCOPED.get(role)
    regions = [code for code in request.POST.getlist("regions") if code]
    schools = [key for key in map(parse_id, request.POST.getlist("schools")) if key]
    return Grant(
        role, tuple(dict.fromkeys(regions)) if bound == "regions" else (), tuple(schools) if bound == "schools" else ()
    )


@page(permission=Permission.REQUESTS_DECIDE, within=Within.PLATFORM, audit="access.rejected")
def reject(request: HttpRequest, request_id: str) -> HttpResponse:
    """Refuse, with a reason."""
    actor = actor_of(request)
    if request.method != "POST":
        return redirect(f"/operator/requests/{request_id}")
    form = RejectForm(request.POST)
    if not form.is_valid():
        more = {**_panel(request, actor, request_id), "reject_form": form}
        return _page(request, actor, more, status=422)
    try:
        decisions.reject(
            request=parse_id(request_id), reason=form.cleaned_data["reason"], notify=form.cleaned_data["notify"],
            by=actor, now=timezone.now(),
        )  # fmt: skip
    except Refusal as refusal:
        return _refused(request, actor, request_id, refusal, "reject")
    return redirect(f"/operator/requests/{request_id}?saved=request_rejected")


@page(permission=Permission.REQUESTS_DECIDE, within=Within.PLATFORM, audit="access.reopened")
def reopen(request: HttpRequest, request_id: str) -> HttpResponse:
    """A refused request waits again, as does one whose new school came to nothing."""
    actor = actor_of(request)
    if request.method != "POST":
        return redirect(f"/operator/requests/{request_id}")
    try:
        decisions.reopen(request=parse_id(request_id), by=actor, now=timezone.now())
    except Refusal as refusal:
        return _refused(request, actor, request_id, refusal, "reopen")
    return redirect(f"/operator/requests/{request_id}?saved=request_reopened")


@page(permission=Permission.REQUESTS_DECIDE, within=Within.PLATFORM, audit="access.exported")
def export(request: HttpRequest) -> HttpResponse:
    """What the page lists, as CSV. Taking it away is recorded."""
    state, search = _asked_for(request)
    rows, more = queue.listed(
        actor_of(request), state=state, search=search, after=None, limit=EXPORTED, now=timezone.now()
    )
    header = ("reference", "full_name", "work_email", "organization", "region", "reason", "state", "created_at")
    cells = [
        (
            row.request.reference, row.said.full_name, row.said.work_email, row.said.organization, row.request.region,
            row.said.reason, row.request.state, row.request.created_at.isoformat(),
        )
        for row in rows
    ]  # fmt: skip
    left = queue.unsearched(actor_of(request), state=state, search=search)
    facts = {"state": state, "count": len(cells)}
    record("access.exported", by=actor_of(request).name_in_audit, now=timezone.now(), facts=facts)
    text = csv_text(header, cells, last=_not_all(cut=more is not None, unsearched=left))
    response = HttpResponse(text, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="access-requests-{state}.csv"'
    return response


def _not_all(*, cut: bool, unsearched: int) -> list[str]:
    """What the last line of a file says that does not hold everything."""
    said = _("These are not all. The oldest requests are here: %(count)s.") % {"count": EXPORTED}
    unseen = _("Older requests that the search did not look into: %(count)s") % {"count": unsearched}
    return [*([said] if cut else []), *([unseen] if unsearched else [])]


@page(permission=Permission.REQUESTS_DECIDE, within=Within.PLATFORM, audit="regions.added")
def places(request: HttpRequest) -> HttpResponse:
    """The places that were added below the public lists, and adding one inside one's own regions."""
    actor, language = actor_of(request), get_language() or "en"
    mine = _own(actor)
    form = PlaceForm(request.POST if request.method == "POST" else None, places=choices(language, within=mine))
    if form.is_valid():
        code = f"{form.cleaned_data['parent']}-{form.cleaned_data['word']}"
        try:
            regions.add(code=code, names=form.names(), by=actor.name_in_audit, now=timezone.now())
            return redirect("/operator/regions?saved=region_added")
        except Refusal as refusal:
            form.refuse(refusal, conflict=_("There is such a place already."))
    added = [(code, name_of(code, language)) for code in regions.added(within=mine)]
    return render(request, "access/places.html", {"form": form, "added": added}, status=422 if form.errors else 200)


# -- what the pages show ----------------------------------------------------------------------------------------------


def _asked_for(request: HttpRequest) -> tuple[str, str]:
    state = request.GET.get("state", "waiting")
    if state not in queue.STATES:
        raise not_found()
    return state, request.GET.get("search", "").replace("\0", "").strip()[:100]


def _page(request: HttpRequest, actor: Actor, more: dict[str, Any], status: int = 200) -> HttpResponse:
    state, search = _asked_for(request)
    after = parse_id(request.GET.get("cursor", ""))
    rows, following = queue.listed(
        actor, state=state, search=search, after=after, limit=PER_PAGE, now=timezone.now()
    )  # fmt: skip
    counts = queue.counts(actor)
    language = get_language() or "en"
    nothing = became(row.request for row in rows)
    here = {"state": state, "search": search} if search else {"state": state}
    context = {
        "tabs": [(str(label), f"/operator/requests?state={name}", counts[name], name == state) for name, label in TABS],
        "rows": [
            {
                "row": row, "region": name_of(row.request.region, language),
                "became": BECAME.get(nothing.get(row.request.pk, ""), ""),
            }
            for row in rows
        ],
        "state": state, "search": search, "here": urlencode(here), "scope": _scope(actor, language),
        "unsearched": queue.unsearched(actor, state=state, search=search),
        "cut_at": EXPORTED if counts[state] > EXPORTED and not search else 0,
        "following": f"/operator/requests?{urlencode({**here, 'cursor': str(following)})}" if following else "",
        **more,
    }  # fmt: skip
    return render(request, "access/queue.html", context, status=status)


def _scope(actor: Actor, language: str) -> list[str]:
    """The regions whose requests are shown; empty for all."""
    return [name_of(code, language) for code in _own(actor) or []]


def _own(actor: Actor) -> list[str] | None:
    """The regions somebody answers for; None for everywhere."""
    return None if "super_admin" in actor.roles else regions_of(actor)


def _panel(request: HttpRequest, actor: Actor, request_id: str) -> dict[str, Any]:
    """One request, what may be given for it, and what would be mailed."""
    now, language = timezone.now(), get_language() or "en"
    row = queue.found(actor, parse_id(request_id), now=now)
    chosen = request.POST if request.method == "POST" else request.GET
    roles = [*grantable(actor.roles), *([NEW_SCHOOL] if may(actor, Permission.SCHOOLS_ONBOARD) else [])]
    agreed = row.request.outcome if row.request.state == RequestState.SECOND else {}
    role = chosen.get("role") or agreed.get("role") or roles[0]
    what = became([row.request]).get(row.request.pk, "")
    return {
        "became": what, "became_word": BECAME.get(what, ""),
        "open": row, "region": name_of(row.request.region, language), "can_sign_in": queue.can_sign_in(row),
        "schools_alike": _alike(row, chosen, actor) if row.request.state in queue.OPEN else [],
        "alike": queue.opened(actor, list(queue.duplicates(actor, row.request)[:5]), now=now),
        "roles": [(key, str(label), key == role) for key, label in ROLES if key in roles],
        "schools": _schools(actor, row, chosen), "find": chosen.get("find", "")[:100],
        "places": _places(actor, row, chosen.getlist("regions"), language),
        "new": _new_school(row, chosen, language) if NEW_SCHOOL in roles else None,
        "mails": _mails(row), "waits": row.request.state in queue.OPEN, "reject_form": RejectForm(),
        "given": GIVEN.get(row.request.outcome.get("role", ""), ""),
        "answering": name_of(row.answering, language) if row.answering else "",
    }  # fmt: skip


def _schools(actor: Actor, row: queue.Row, chosen: Any) -> list[tuple[School, bool]]:
    """Schools to choose from: those chosen already, then those found by name or lying in the request's region."""
    keys: list[UUID] = [key for key in map(parse_id, chosen.getlist("schools")) if key]
    reach, find = within_reach(actor), chosen.get("find", "").replace("\0", "").strip()
    offered = reach.filter(name__icontains=find) if find else reach.filter(under(row.request.region))
    picked = list(reach.filter(pk__in=keys[:100]).order_by("name"))
    others = list(offered.exclude(pk__in=keys).order_by("name")[:OFFERED])
    return [(school, True) for school in picked] + [(school, False) for school in others]


def _places(actor: Actor, row: queue.Row, chosen: list[str], language: str) -> dict[str, Any]:
    """Regions to choose from: the request's own and those above it as boxes, every other in a list."""
    grouped = choices(language, within=_own(actor))
    known = {code: name for _country, entries in grouped for code, name in entries}
    near = sorted({code for code in known if holds(code, row.request.region)} | (set(chosen) & set(known)))
    marked = chosen or [row.request.region]
    return {"near": [(code, known[code], code in marked) for code in reversed(near)], "all": grouped}


def _new_school(row: queue.Row, chosen: Any, language: str) -> dict[str, Any]:
    """What is said of a new school so far; the request's own words to begin with."""
    own = {"name": row.said.organization, "timezone": ZONE, "close_time": CLOSE, "region": row.request.region}
    return {
        **{name: chosen.get(f"school_{name}", value) for name, value in own.items()}, "places": choices(language)
    }  # fmt: skip


def _mails(row: queue.Row) -> dict[str, tuple[str, str]]:
    """What the person would be sent, in their language, with a gap where something is still to come."""
    facts = {"reference": row.request.reference, "link": "https://…", "answer": "…", "role": ""}
    return {
        name: write(f"access/{name}", facts, language=row.request.language) for name in ("approved", "rejected")
    }  # fmt: skip


def _refused(request: HttpRequest, actor: Actor, request_id: str, refusal: Refusal, what: str) -> HttpResponse:
    """The same page with the reason on top; 404 stays one."""
    if refusal.status == 404:
        raise refusal
    messages = [error.message for error in refusal.errors] or [refusal.detail]
    more = {**_panel(request, actor, request_id), "problems": messages, "problem_of": what}
    return _page(request, actor, more, status=refusal.status)
