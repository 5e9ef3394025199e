"""Whoever answers for a part of the schools has the operator's own pages, held to that part: swept over every address.

The addresses come from the resolver, so that what is added later is held to the same.
"""

import pytest
from django.test import Client

from shared_apps.groups.models import Circle
from shared_apps.schools.models import Onboarding
from tenants.ids import new_id
from tests import world
from tests.access.people import admin_of
from tests.architecture.routes import every_route
from tests.identity.people import browser, login_of

pytestmark = pytest.mark.django_db(databases=["default", "schools"])
CIRCLE, GAUTENG = "circle@example.com", "gauteng@example.com"
# Nothing of another's is opened: not there, not allowed, or no such method.
CLOSED = (403, 404, 405)


def routes(*, of_a_school: bool):
    found = [one for one in every_route() if one.path.startswith(("/operator", "/api/operator", "/api/admin"))]
    return [one for one in found if bool(one.kinds) is of_a_school]


@pytest.fixture
def answers():
    """`answers(email, route, key)`: what a route answers to somebody, with `key` for every id in its path."""
    people = {}

    def ask(email, route, key=""):
        if email not in people:
            told = Client().post(
                "/api/auth/login", {"email": email, "password": world.PASSWORD}, content_type="application/json"
            ).json()  # fmt: skip
            people[email] = browser(email), Client(headers={"Authorization": f"Bearer {told['access_token']}"})
        pages, api = people[email]
        path = route.path
        for name, _kind in route.kinds:
            path = path.replace(f"{{{name}}}", str(key))
        if route.method == "PAGE":
            return [pages.get(path), pages.post(path, {"reason": "x", "confirm_name": "Riverside High"})]
        return [api.generic(route.method, path, "" if route.method == "GET" else "{}", content_type="application/json")]

    return ask


@pytest.fixture
def onboarded(riverside):
    """Riverside's onboarding, so that there is a record of it under every address that shows one."""
    return Onboarding.objects.filter(school=riverside.ref.id).first()


@pytest.mark.parametrize("email", [CIRCLE, GAUTENG])
def test_no_address_of_a_school_opens_one_beyond_their_reach(answers, riverside, onboarded, email):
    for route in routes(of_a_school=True):
        for key in (riverside.ref.id, onboarded.pk if onboarded else new_id()):
            for answer in answers(email, route, key):
                # A page that is only posted to sends a visitor to the page beside it, before it looks at anything.
                away = answer.status_code == 302 and str(key) in answer["Location"]
                unread = answer.status_code == 422 and route.path.startswith(
                    "/api/admin/"
                )  # no body: nothing was looked for
                assert away or unread or answer.status_code in CLOSED, (route.name, answer.status_code)
                assert b"Riverside" not in answer.content, route.name


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
