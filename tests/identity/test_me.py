"""GET /api/me, and which of two tokens speaks."""

import pytest
from django.test import Client
from django.urls import reverse

from shared_apps.identity.models import Login
from tests.identity.people import ADMIN, OFFICER, OPERATOR, bearer, browser, problem, suspend, tokens_of

pytestmark = pytest.mark.django_db(databases=["default", "schools"])


def test_somebody_of_a_school_is_named_by_their_school(greenfield):
    me = bearer(tokens_of(OFFICER)["access_token"]).get("/api/me").json()
    assert set(me) == {"id", "name", "scope", "roles", "school", "language"}
    assert (me["name"], me["scope"], me["roles"]) == (f"Officer {greenfield.canary}", "school", ["gate_officer"])
    assert me["school"] == {"id": str(greenfield.ref.id), "slug": "greenfield", "name": "Greenfield Primary"}
    assert me["language"] == "en"


def test_somebody_of_the_platform_has_no_school():
    me = bearer(tokens_of(OPERATOR)["access_token"]).get("/api/me").json()
    assert (me["name"], me["scope"], me["roles"], me["school"]) == ("Operator", "platform", ["operator"], None)


def test_ones_own_language_is_told():
    opened = tokens_of(OFFICER)
    Login.objects.filter(sessions__isnull=False).update(language="zu")
    answer = bearer(opened["access_token"]).get("/api/me")
    assert (answer.json()["language"], answer["Content-Language"]) == ("zu", "zu")


def test_a_stranger_is_nobody():
    answer = Client().get("/api/me")
    problem(answer, 401, "token_invalid")
    assert answer["WWW-Authenticate"] == "Bearer"


def test_a_suspended_schools_people_are_told_so_at_once():
    client = bearer(tokens_of(ADMIN)["access_token"])
    inside = browser(ADMIN)
    suspend("greenfield")
    for one in (client, inside):
        problem(one.get("/api/me"), 423, "school_suspended")
    suspend("greenfield", "active")
    assert client.get("/api/me").status_code == 200


@pytest.mark.parametrize("header", ["Basic YTpi", "bearer", "Bearer", "Bearer nonsense", "Token x"])
def test_any_authorization_header_wins_over_the_cookie(header):
    inside = browser(ADMIN)
    problem(inside.get("/api/me", headers={"Authorization": header}), 401, "token_invalid")


def test_the_bearer_is_who_speaks_not_the_cookie():
    inside = browser(ADMIN)
    spoken = inside.get("/api/me", headers={"Authorization": f"Bearer {tokens_of(OFFICER)['access_token']}"})
    assert spoken.json()["roles"] == ["gate_officer"]


def test_a_cookie_needs_the_csrf_token_to_change_something():
    inside = browser(ADMIN, enforce_csrf_checks=True)
    assert inside.get("/api/me").status_code == 200
    problem(inside.post("/api/auth/logout"), 403, "forbidden")
    problem(inside.delete("/api/auth/sessions/x"), 403, "forbidden")
    assert inside.get("/api/me").status_code == 200  # still signed in
    inside.cookies["csrftoken"] = "a" * 32
    foreign = {"X-CSRFToken": "a" * 32, "Origin": "https://evil.example"}
    problem(inside.post("/api/auth/logout", headers=foreign), 403, "forbidden")
    problem(inside.post("/api/auth/logout", headers={"X-CSRFToken": "b" * 32}), 403, "forbidden")
    assert inside.post("/api/auth/logout", headers={"X-CSRFToken": "a" * 32}).status_code == 204


def test_a_bearer_never_needs_the_csrf_token():
    client = Client(enforce_csrf_checks=True, headers={"Authorization": f"Bearer {tokens_of(ADMIN)['access_token']}"})
    assert client.post("/api/auth/logout").status_code == 204


@pytest.mark.parametrize("path", ["/api/me", "/api/auth/sessions", "/api/nowhere", "/api/auth/login"])
def test_answers_to_somebody_signed_in_are_stored_nowhere(path):
    for client in (bearer(tokens_of(ADMIN)["access_token"]), browser(ADMIN)):
        assert client.get(path)["Cache-Control"] == "no-store"


def test_the_description_of_the_api_is_open_and_reaches_no_third_party():
    assert Client().get("/api/openapi.json").status_code == 200
    page = Client().get(reverse("api:openapi-view")).content.decode()
    assert "https://" not in page and "//cdn" not in page
