"""The people of the platform, and the page on which a role is taken away from one of them."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import get_language

from shared_apps.access.forms import GIVEN, TakeForm
from shared_apps.access.rules import NEEDS_TWO
from shared_apps.access.services import people
from shared_apps.access.services.people import Held, Person
from shared_apps.regions.services import name_of
from tenants.door import Within, actor_of, page
from tenants.ids import parse_id
from tenants.permissions import Permission
from tenants.problems import Refusal, not_found

PER_PAGE = 50


@page(permission=Permission.REQUESTS_DECIDE, within=Within.PLATFORM, audit=None)
def person_list(request: HttpRequest) -> HttpResponse:
    """Who holds a role on the platform, within one's own reach."""
    search = request.GET.get("search", "").replace("\0", "").strip()[:100]
    after = parse_id(request.GET.get("cursor", ""))
    found, following = people.listed(
        actor_of(request), search=search, after=after, limit=PER_PAGE, now=timezone.now()
    )  # fmt: skip
    context = {
        "people": [{"person": one, "lines": _lines(one)} for one in found], "search": search,
        "following": f"/operator/people?{urlencode({'search': search, 'cursor': str(following)})}" if following else "",
    }  # fmt: skip
    return render(request, "access/people.html", context)


@page(permission=Permission.REQUESTS_DECIDE, within=Within.PLATFORM, audit="identity.role_taken")
def take_away(request: HttpRequest, person_id: str) -> HttpResponse:
    """What is taken away, from whom and why; sending it takes it away."""
    actor, now, form = actor_of(request), timezone.now(), TakeForm(request.POST if request.method == "POST" else None)
    person = people.found(actor, parse_id(person_id), now=now)
    asked = request.POST if request.method == "POST" else request.GET
    line = _chosen(person, asked.get("role", ""), asked.get("region", ""))
    status = 422 if form.errors else 200
    if form.is_valid():
        try:
            taken = people.take_away(
                person=person.id, role=line["role"], region=line["region"], why=form.cleaned_data["reason"], by=actor,
                now=now,
            )  # fmt: skip
            return redirect(f"/operator/people?saved={'role_taken' if taken else 'request_agreed'}")
        except Refusal as refusal:
            form.refuse(refusal)
            status = refusal.status
    context = {"person": person, "line": line, "form": form, "two": line["role"] in NEEDS_TWO}
    return render(request, "access/take_away.html", context, status=status)


def _lines(person: Person) -> list[dict[str, Any]]:
    """What can be taken away one by one: each role, and each region of a regional admin."""
    return [line for held in person.roles for line in _lines_of(held, held.role in person.may_take)]


def _lines_of(held: Held, may_take: bool) -> list[dict[str, Any]]:
    language = get_language() or "en"
    told = {"role": held.role, "name": GIVEN[held.role], "may_take": may_take}
    if held.role == "regional_admin":
        return [{**told, "region": code, "where": name_of(code, language)} for code in held.regions]
    return [{**told, "region": "", "where": ", ".join(name for _key, name in held.circles)}]


def _chosen(person: Person, role: str, region: str) -> dict[str, Any]:
    """The line that somebody wants to take away. Raises 404 for one that is not there, or not theirs to take."""
    for line in _lines(person):
        if (line["role"], line["region"]) == (role, region) and line["may_take"]:
            return line
    raise not_found()
