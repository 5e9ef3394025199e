"""Every way in is a declared door."""

import re

import pytest
from django.http import HttpRequest, HttpResponse
from django.urls import path, resolve
from ninja import NinjaAPI, Router

from config.logs import masked
from tenants.door import Policy, Within, api, page
from tenants.permissions import Permission
from tests.architecture.routes import Route, every_route, path_view, sample, walk

AUDIT = r"^[a-z_]+\.[a-z_]+$"
# Rotating a refresh token is the session going on; ending the family on reuse is recorded by the service itself.
QUIET = {"POST /api/auth/refresh"}


def undeclared(routes: list[Route]) -> list[str]:
    return [route.name for route in routes if not isinstance(route.policy, Policy)]


def unrecorded(routes: list[Route]) -> list[str]:
    """Operations that change something and name no event."""
    return [
        route.name
        for route in routes
        if route.policy and route.method not in ("GET", "PAGE") and not route.policy.audit and route.name not in QUIET
    ]


def test_every_route_went_through_a_door():
    assert undeclared(every_route()) == []


def test_a_route_without_a_door_is_found():
    def page_without_a_door(request: HttpRequest) -> HttpResponse:
        return HttpResponse()

    bare = NinjaAPI(urls_namespace="bare", docs_url=None, openapi_url=None)
    bare.get("/thing/{thing_id}")(lambda request, thing_id: None)
    fakes = list(walk([path("bare/<slug:slug>/", page_without_a_door), path("fake/", bare.urls)]))
    assert "PAGE /bare/{slug}/" in undeclared(fakes)
    assert "GET /fake/thing/{thing_id}" in undeclared(fakes)


def test_a_route_with_a_door_is_seen_with_its_policy():
    router = Router()

    @api(router, "POST", "/x", permission=Permission.ACCOUNT, within=Within.ACCOUNT, audit=None)
    def work(request: HttpRequest) -> None: ...

    @page(permission=Permission.ACCOUNT, within=Within.ACCOUNT, audit=None)
    def look(request: HttpRequest) -> HttpResponse:
        return HttpResponse()

    declared = NinjaAPI(urls_namespace="declared", docs_url=None, openapi_url=None)
    declared.add_router("/", router)
    fakes = list(walk([path("fake/", declared.urls), path("look/", look)]))
    assert undeclared(fakes) == ["PAGE /fake/"]  # ninja's root, which is let through by name for the real API alone
    assert unrecorded(fakes) == ["POST /fake/x"]


def test_what_changes_something_names_its_event():
    assert unrecorded(every_route()) == []


@pytest.mark.parametrize("route", every_route(), ids=lambda route: route.name)
def test_a_policy_makes_sense(route):
    policy = route.policy
    if policy.audit is not None:
        assert re.match(AUDIT, policy.audit), f"{route.name}: {policy.audit} is no `app.what_happened`"
    if policy.permission is None:
        assert policy.within is Within.OPEN
    if route.path.startswith("/s/{slug}/"):
        assert policy.within in (Within.SCHOOL, Within.CHUNKS), f"{route.name} is a school's page"


def test_no_operation_is_hidden_from_the_description():
    hidden = [
        route.name for route in every_route()
        if (operation := getattr(route.work, "_ninja_operation", None)) and not operation.include_in_schema
    ]  # fmt: skip
    assert hidden == []


@pytest.mark.parametrize("route", every_route(), ids=lambda route: route.name)
def test_no_route_is_shadowed_by_an_earlier_one(route):
    # Two routers that share a path would leave the second one's methods unreachable.
    assert path_view(resolve(sample(route)).func) is route.callback


def test_names_are_unique():
    names = [route.name for route in every_route()]
    assert len(names) == len(set(names))


def test_a_secret_in_an_address_is_masked_in_the_log():
    by_link = [route for route in every_route() if route.policy and getattr(route.policy, "by_link", False)]
    assert len(by_link) >= 3
    for route in by_link:
        path = route.path.replace("{secret}", "Abc-123_xyz")
        assert "Abc-123_xyz" not in masked(f"Not Found: {path}?in=zu") and path != route.path, route.name
