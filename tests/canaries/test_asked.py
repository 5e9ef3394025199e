"""Nothing that can be read is left out: every route of the resolver is asked, by everybody it is open to."""

from dataclasses import replace
from uuid import UUID

import pytest
from django.http import HttpResponse
from django.urls import clear_url_caches, path
from django.utils import timezone

from config import urls
from config.canaries import asking, keys, routes
from config.canaries.keys import Keys, platform_things, school_things
from config.canaries.routes import reads
from shared_apps.deliveries.models import Batch, BatchPart
from shared_apps.schools.services import welcome
from shared_apps.workflows.models import Run
from tenants.actor import Actor, Bounds
from tenants.door import Within, page
from tenants.permissions import GROUP_ROLES, PLATFORM_ROLES, SCHOOL_ROLES, Permission, may
from tests.access import people
from tests.architecture.routes import every_route
from tests.operator import ground
from tests.schools import acts

# Pages that take no GET: what they show, another page shows, too.
BY_POST = {
    "/s/{slug}/register/mark", "/s/{slug}/register/rest", "/s/{slug}/register/submit", "/s/{slug}/register/reopen",
    "/sign-out", "/language",
}  # fmt: skip
# Nobody's answer is heard there, and why.
UNANSWERED = {
    "/operator/schools/new/{draft_id}": "a draft is shown to its owner alone, and the search owns none",
    "/operator/people/{person_id}/take-away": "it shows the role that is named beside its address",
    "/request-access/confirm/{secret}": "a link of nobody: the page says that it is used up",
    "/request-access/status/{secret}": "the same",
    "/set-password/{secret}": "the same",
}
# Pages that send a GET on to another page.
SENT_ON = {
    "/",
    "/operator/schools/jump",
    "/operator/schools/{school_id}/progress",
    "/operator/dead-letters/batches",
    "/operator/dead-letters/batches/{batch_id}/cancel",
    "/operator/dead-letters/batches/{batch_id}/confirm",
    "/operator/dead-letters/letters/{letter_id}/reveal",
    "/operator/onboardings/{onboarding_id}/again",
    "/operator/onboardings/{onboarding_id}/dismiss",
    "/operator/onboardings/{onboarding_id}/evaluate",
    "/operator/onboardings/{onboarding_id}/follow-up",
    "/operator/onboardings/{onboarding_id}/passwords",
    "/operator/onboardings/{onboarding_id}/resume",
    "/operator/onboardings/{onboarding_id}/retry",
    "/operator/onboardings/{onboarding_id}/take-up",
    "/operator/onboardings/{onboarding_id}/undo",
    "/operator/onboardings/{onboarding_id}/welcome/resume",
    "/operator/onboardings/{onboarding_id}/welcome/retry",
    "/operator/onboardings/{onboarding_id}/welcome/take-up",
    "/operator/requests/{request_id}/approve",
    "/operator/requests/{request_id}/reject",
    "/operator/requests/{request_id}/reopen",
}


def readable():
    return {
        route.path for route in every_route()
        if route.method in ("GET", "PAGE") and not route.path.startswith("/dev/")
    }  # fmt: skip


@pytest.fixture
def answers(search, greenfield, signed_in, monkeypatch):
    """Status by path, of a turn in which there is a thing of every kind."""
    people.waiting()
    ground.letter(greenfield.ref)
    batch = Batch.objects.create(act="replay", asked_by="x", asked_at=timezone.now())
    BatchPart.objects.create(batch=batch, school_id=greenfield.ref.id)
    started = acts.post(signed_in("operator@example.com"))
    assert started.status_code == 202
    welcome.begin(UUID(started.json()["id"]), timezone.now())
    Run.objects.create(workflow="test.work", key="x", started_by="x", created_at=timezone.now())
    heard: dict[str, set[int]] = {}
    real = asking._ask

    def ask(inside, turn, read, address, actor):
        class Told:
            def get(self, address, *, by):
                response = inside.get(address, by=by)
                heard.setdefault(read.path, set()).add(response.status_code)
                return response

        return real(Told(), turn, read, address, actor)

    def onboarding(school):
        return started.json()["id"]

    monkeypatch.setitem(keys.ON_THE_PLATFORM, "onboarding", onboarding)
    monkeypatch.setattr(asking, "_ask", ask)
    turn, found = search(whole=True)
    assert (turn.failed, found) == ([], set())
    return heard


@pytest.fixture
def another_page(monkeypatch):
    """Put a page beside the product's."""

    def forget():
        clear_url_caches()
        routes.reads.cache_clear()

    def put(pattern):
        monkeypatch.setattr(urls, "urlpatterns", [*urls.urlpatterns, pattern])
        forget()

    yield put
    monkeypatch.undo()
    forget()


def test_every_read_route_is_found_and_can_be_filled():
    everything = Keys({}, {}, school_things() | platform_things())
    assert {read.path for read in reads()} >= readable()
    assert [read.name for read in reads() if read.unknown(everything)] == []


def test_every_read_route_answers_somebody(answers):
    silent = {path for path in readable() - BY_POST if 200 not in answers.get(path, set())}
    assert silent == SENT_ON | set(UNANSWERED)
    assert {path for path in SENT_ON if 302 not in answers[path]} == set()


def test_everybody_a_door_is_open_to_asks_there(search):
    turn, _ = search(whole=True)
    asked = {one.place for one in turn.heard}
    for read in reads():
        roles = {role for role in PLATFORM_ROLES if read.policy.permission and read.lets_in(
            Actor("system", "platform", frozenset({role}), bounds=Bounds())
        )}  # fmt: skip
        if read.policy.within is Within.PLATFORM and not read.gaps and read.path not in SENT_ON:
            assert {f"{read.name} as {role}" for role in roles} <= asked
    for role in (*PLATFORM_ROLES, *GROUP_ROLES):
        assert f"GET /api/me as {role}" in asked
    assert {"GET /login as stranger", "GET /metrics as stranger"} <= asked


@pytest.mark.parametrize("role", [*PLATFORM_ROLES, *SCHOOL_ROLES])
def test_the_search_knocks_where_the_door_would_open(role, riverside):
    scope = "school" if role in SCHOOL_ROLES else "platform"
    actor = Actor("system", scope, frozenset({role}), school=riverside.ref if role in SCHOOL_ROLES else None)
    for read in reads():
        if read.policy.permission is not None and read.policy.within is not Within.ACCOUNT:
            fits = (read.policy.within is Within.PLATFORM) == (scope == "platform")
            assert read.lets_in(actor) == (fits and may(actor, read.policy.permission)), read.name


def test_a_new_page_is_asked_without_anybody_saying_so(search, another_page, greenfield):
    @page(permission=Permission.HEALTH, within=Within.PLATFORM, audit=None)
    def leaking(request):
        return HttpResponse(f"{greenfield.learners[0].name}", content_type="text/plain")

    another_page(path("operator/fresh", leaking))
    assert "GET /operator/fresh as local_operator" in search()[1]


def test_a_page_that_nobody_said_how_to_ask_is_told(search, another_page):
    @page(permission=Permission.HEALTH, within=Within.PLATFORM, audit=None)
    def odd(request, whatnot):
        return HttpResponse("")

    another_page(path("operator/odd/<str:whatnot>", odd))
    assert set(search()[0].failed) == {"not asked: GET /operator/odd/{whatnot}"}
    everything = Keys({}, {}, school_things() | platform_things())
    assert [read.name for read in reads() if read.unknown(everything)] == ["GET /operator/odd/{whatnot}"]


def test_a_call_that_needs_a_word_nobody_knows_is_told():
    read = replace(next(read for read in reads() if read.path == "/api/learners"), needed=("whatnot",))
    assert read.unknown(Keys({}, {}, school_things())) == ["whatnot"]
