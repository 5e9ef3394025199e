"""Whoever answers for a part of the schools has the operator's own pages, held to that part: swept over every address.

The addresses come from the resolver, so that what is added later is held to the same.
"""

import json

import pytest
from django.test import Client
from django.utils import timezone

from shared_apps.groups.models import Circle
from shared_apps.schools.models import Onboarding
from shared_apps.workflows.models import Run
from tenants.ids import new_id
from tenants.models import School
from tenants.permissions import may
from tests import world
from tests.access.people import admin_of, waiting
from tests.architecture.routes import every_route
from tests.groups.test_reach import actor
from tests.identity.people import browser, login_of

pytestmark = pytest.mark.django_db(databases=["default", "schools"])
CIRCLE, GAUTENG, TEXAS = "circle@example.com", "gauteng@example.com", "tx@example.com"


def routes(*, of_a_school: bool):
    found = [one for one in every_route() if one.path.startswith(("/operator", "/api/operator", "/api/admin"))]
    return [one for one in found if bool(one.kinds) is of_a_school]


@pytest.fixture
def answers():
    """`answers(email, route, key)`: what a route answers to somebody, with `key` for every id in its path."""
    people = {}

    def ask(email, route, keys=None, body=None):
        if email not in people:
            told = Client().post(
                "/api/auth/login", {"email": email, "password": world.PASSWORD}, content_type="application/json"
            ).json()  # fmt: skip
            people[email] = browser(email), Client(headers={"Authorization": f"Bearer {told['access_token']}"})
        pages, api = people[email]
        path = route.path
        for name, _kind in route.kinds:
            path = path.replace(f"{{{name}}}", str((keys or {}).get(name) or new_id()))
        if route.method == "PAGE":
            return [pages.get(path), pages.post(path, {"reason": "x", "confirm_name": "Riverside High"})]
        text = "" if route.method == "GET" else json.dumps(body or {})
        return [api.generic(route.method, path, text, content_type="application/json")]

    return ask


@pytest.fixture
def beyond(riverside):
    """By name of the thing in an address, one of Texas: nothing that the two look after."""
    now, region = timezone.now(), School.objects.get(pk=riverside.ref.id).region
    run = Run.objects.create(workflow="schools.onboarding", key="texas", started_by="x", created_at=now)
    Onboarding.objects.create(
        run=run, school=riverside.ref.id, name="Riverside High", timezone="UTC", close_time="17:00", region=region,
        admin=new_id(),
    )  # fmt: skip
    return {
        "school_id": riverside.ref.id, "onboarding_id": run.pk, "run_id": run.pk,
        "person_id": login_of(admin_of("US-TX", TEXAS)).id,
        "request_id": waiting(region="US-TX", organization="Riverside High").id,
    }  # fmt: skip


def bodies(route):
    """What the call takes, so that it is refused for what is asked of it and not for how."""
    return {
        "/api/admin/approve/{request_id}": {"role": "local_operator"},
        "/api/admin/reject/{request_id}": {"reason": "x", "notify": False},
        "/api/admin/people/{person_id}/take-away": {"role": "regional_admin", "reason": "left"},
    }.get(route.path, {})


@pytest.mark.parametrize("email", [CIRCLE, GAUTENG])
def test_no_address_of_a_thing_opens_one_beyond_their_reach(answers, beyond, email):
    """Where their role may go at all it is not there; elsewhere they may not. Nothing else is an answer."""
    who, reached = actor(email), set()
    for route in routes(of_a_school=True):
        allowed = may(who, route.policy.permission)
        for answer in answers(email, route, beyond, bodies(route)):
            # A page that is only posted to sends a visitor to the page beside it, before it looks at anything.
            away = answer.status_code == 302 and answer.wsgi_request.method == "GET" and route.method == "PAGE"
            if allowed and away:
                assert answer["Location"].startswith(route.path.partition("{")[0]), route.name
            else:
                assert answer.status_code == (404 if allowed else 403), (route.name, answer.status_code)
            assert b"Riverside" not in answer.content, route.name
        reached |= {route.path} if allowed else set()
    assert {"/operator/schools/{school_id}", "/operator/schools/{school_id}/progress"} <= reached
    assert ("/operator/requests/{request_id}" in reached) == (email == GAUTENG)


@pytest.mark.parametrize("email", [CIRCLE, GAUTENG])
def test_no_list_search_figure_or_export_holds_one_beyond_their_reach(answers, email):
    seen = set()
    for route in routes(of_a_school=False):
        for answer in answers(email, route):
            body = b"".join(answer.streaming_content) if answer.streaming else answer.content
            assert b"Riverside" not in body and b"riverside" not in body, route.name
            if answer.status_code == 200:
                seen.add(route.path)
    assert {"/operator/schools", "/operator/health", "/api/operator/schools", "/api/operator/health"} <= seen
    pages = browser(email)
    for path in (
        "/operator/schools?search=river",
        "/operator/schools/suggestions?to=river",
        "/operator/health?search=r",
    ):
        assert b"Riverside High" not in pages.get(path).content, path


def test_a_local_operator_has_those_pages_and_no_admin_tab(greenfield):
    pages = browser(CIRCLE)
    for path in ("/operator/schools", f"/operator/schools/{greenfield.ref.id}", "/operator/health"):
        text = pages.get(path).content.decode()
        assert "Greenfield Primary" in text, path
        assert "/operator/requests" not in text and "/operator/billing" not in text, path
    assert pages.get("/operator/requests").status_code == pages.get("/operator/requests.csv").status_code == 403


def test_a_local_operator_who_keeps_no_circle_has_an_empty_list_and_no_school(greenfield):
    Circle.objects.get().keepers.remove(login_of(CIRCLE))
    pages = browser(CIRCLE)
    assert b"Greenfield" not in pages.get("/operator/schools").content
    assert pages.get(f"/operator/schools/{greenfield.ref.id}").status_code == 404


def test_california_does_not_open_texas_and_the_country_opens_both(riverside, greenfield):
    """The same for schools as for requests: list, open, search; and an act beyond reach is one on nothing."""
    for region, who in (("US-CA", "ca@example.com"), ("US", "us@example.com")):
        admin_of(region, who)
    path = f"/operator/schools/{riverside.ref.id}"
    assert browser("ca@example.com").get(path).status_code == 404
    assert b"Riverside" not in browser("ca@example.com").get("/operator/schools?search=river").content
    assert browser("us@example.com").get(path).status_code == 200
    assert b"Riverside High" in browser("us@example.com").get("/operator/schools").content
    assert browser("us@example.com").get(f"/operator/schools/{greenfield.ref.id}").status_code == 404
