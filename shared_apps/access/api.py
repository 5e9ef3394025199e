"""The calls about access: anybody may ask; who holds `requests.decide` decides, within their regions."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import get_language
from ninja import Query, Router
from ninja import Status as Answered

from shared_apps.access.schemas import (
    AgreedOut,
    ApprovedOut,
    ApproveIn,
    AskedOut,
    AskIn,
    DecidedOut,
    PeopleOut,
    PeopleQuery,
    RejectIn,
    RequestsOut,
    RequestsQuery,
    TakeIn,
    TakenOut,
)
from shared_apps.access.services import decisions, people, queue, requests
from shared_apps.access.services.grants import Grant
from shared_apps.access.services.new_schools import became
from shared_apps.access.services.people import Person
from shared_apps.access.services.queue import Row
from shared_apps.access.services.requests import Particulars
from shared_apps.schools.services.onboarding_doubts import alike, must_have_seen
from tenants.door import Within, actor_of, api
from tenants.ids import parse_id
from tenants.network import network_of
from tenants.permissions import Permission
from tenants.problems import invalid

router = Router(tags=["access"])


@api(
    router, "POST", "/auth/request-access", permission=None, within=Within.OPEN, audit="access.confirmed",
    throttle="access", response={202: AskedOut},
)  # fmt: skip
def ask(request: HttpRequest, body: AskIn) -> Answered[dict[str, str]]:
    """Ask to be let in. A mail asks the mailbox's owner to confirm; before that nobody sees the request."""
    asked = requests.ask(
        said=Particulars(body.full_name, body.work_email, body.organization, body.reason), region=body.region,
        language=get_language() or "en", network=network_of(request),
        sponsor=getattr(getattr(request, "actor", None), "login", None), now=timezone.now(),
    )  # fmt: skip
    return Answered(202, {"reference": asked.reference})


@api(
    router, "GET", "/admin/requests", permission=Permission.REQUESTS_DECIDE, within=Within.PLATFORM, audit=None,
    response=RequestsOut, exclude_unset=True,
)  # fmt: skip
def request_list(request: HttpRequest, query: Query[RequestsQuery]) -> dict[str, Any]:
    """The requests of one's regions, oldest first. `new_school` is there where one was approved and came to nothing."""
    actor, asked = actor_of(request), {"state": query.state, "search": query.search}
    rows, following = queue.listed(actor, **asked, after=_after(query.cursor), limit=query.limit, now=timezone.now())
    nothing = became(row.request for row in rows)
    return {
        "items": [request_out(row, nothing.get(row.request.pk)) for row in rows],
        "next": str(following) if following else None, "unsearched": queue.unsearched(actor, **asked),
    }  # fmt: skip


def _after(cursor: str) -> UUID | None:
    """Where a page begins: at the start, or behind the row that a cursor names. Raises 422 for one that is none."""
    after = parse_id(cursor) if cursor else None
    if cursor and after is None:
        raise invalid("cursor", "invalid", "Take the cursor of the page before.")
    return after


def request_out(row: Row, new_school: str | None) -> dict[str, Any]:
    one, said = row.request, row.said
    return {
        "id": one.id, "full_name": said.full_name, "work_email": said.work_email, "organization": said.organization,
        "region": one.region, "reason": said.reason, "state": one.state, "created_at": one.created_at,
        **({"new_school": new_school} if new_school else {}),
    }  # fmt: skip


@api(
    router, "POST", "/admin/approve/{request_id}", permission=Permission.REQUESTS_DECIDE, within=Within.PLATFORM,
    audit="access.approved", response={200: ApprovedOut, 202: AgreedOut},
)  # fmt: skip
def approve(request: HttpRequest, request_id: str, body: ApproveIn) -> Answered[dict[str, Any]]:
    """Let somebody in. The link is in this answer alone, and in the mail to them; a super admin's in the mail alone.

    Schools that are called like a new one stop the call (409 `looks_like`) for who sends `onboard.look_alikes_seen`.
    """
    _must_have_seen_those_alike(request, request_id, body)
    approved = decisions.approve(
        request=parse_id(request_id), by=actor_of(request), now=timezone.now(),
        grant=Grant(body.role, tuple(body.regions), tuple(body.schools), body.new_school()),
    )  # fmt: skip
    if approved.account is None:
        return Answered(202, {"state": "second"})
    return Answered(200, {"account_id": approved.account, "set_password_link": approved.link})


def _must_have_seen_those_alike(request: HttpRequest, request_id: str, body: ApproveIn) -> None:
    """For who sends what they have seen. Raises 404, 409 `looks_like`."""
    new, seen, actor = body.new_school(), body.look_alikes_seen, actor_of(request)
    if new is None or seen is None:
        return
    row = queue.found(actor, parse_id(request_id), now=timezone.now())
    if row.request.state in queue.OPEN:
        must_have_seen(alike(new.name or row.said.organization, actor=actor), seen)


@api(
    router, "POST", "/admin/reject/{request_id}", permission=Permission.REQUESTS_DECIDE, within=Within.PLATFORM,
    audit="access.rejected", response=DecidedOut,
)  # fmt: skip
def reject(request: HttpRequest, request_id: str, body: RejectIn) -> dict[str, Any]:
    """Refuse, with a reason; it is mailed if `notify`."""
    asked = decisions.reject(
        request=parse_id(request_id), reason=body.reason, notify=body.notify, by=actor_of(request), now=timezone.now()
    )
    return {"id": asked.id, "state": asked.state}


@api(
    router, "POST", "/admin/reopen/{request_id}", permission=Permission.REQUESTS_DECIDE, within=Within.PLATFORM,
    audit="access.reopened", response=DecidedOut,
)  # fmt: skip
def reopen(request: HttpRequest, request_id: str) -> dict[str, Any]:
    """A refused request waits again, as does one whose new school came to nothing."""
    asked = decisions.reopen(request=parse_id(request_id), by=actor_of(request), now=timezone.now())
    return {"id": asked.id, "state": asked.state}


# -- the people of the platform ---------------------------------------------------------------------------------------


@api(
    router, "GET", "/admin/people", permission=Permission.REQUESTS_DECIDE, within=Within.PLATFORM, audit=None,
    response=PeopleOut,
)  # fmt: skip
def person_list(request: HttpRequest, query: Query[PeopleQuery]) -> dict[str, Any]:
    """Who holds a role on the platform; for a regional admin those who hold nothing beyond their regions."""
    found, following = people.listed(
        actor_of(request), search=query.search, after=_after(query.cursor), limit=query.limit, now=timezone.now()
    )
    return {"items": [person_out(one) for one in found], "next": str(following) if following else None}


def person_out(one: Person) -> dict[str, Any]:
    roles = [
        {
            "role": held.role, "regions": list(held.regions),
            "circles": [{"id": key, "name": name} for key, name in held.circles],
        }
        for held in one.roles
    ]  # fmt: skip
    return {"id": one.id, "name": one.name, "roles": roles, "second": one.agreed}


@api(
    router, "POST", "/admin/people/{person_id}/take-away", permission=Permission.REQUESTS_DECIDE,
    within=Within.PLATFORM, audit="identity.role_taken", response={200: TakenOut, 202: AgreedOut},
)  # fmt: skip
def take_away(request: HttpRequest, person_id: str, body: TakeIn) -> Answered[dict[str, Any]]:
    """Take a role away; it is felt at once. A super admin's takes two super admins: the first of them gets 202."""
    person = parse_id(person_id)
    taken = people.take_away(
        person=person, role=body.role, region=body.region, why=body.reason, by=actor_of(request), now=timezone.now()
    )
    return Answered(200, {"id": person, "state": "taken"}) if taken else Answered(202, {"state": "second"})
