"""`/operator/runs/{id}`: long work that no page of its own shows, from the console to Retry, Resume and Cancel."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from shared_apps.audit.models import PlatformEvent
from shared_apps.operator.services.needs import SOURCES, needs_of
from shared_apps.operator.services.picture import picture
from shared_apps.operator.services.work import WITH_THEIR_SCHOOL
from shared_apps.workflows.models import Run, Step
from shared_apps.workflows.services import registry
from tenants.actor import Actor
from tenants.ids import new_id
from tests import world
from tests.operator.ground import work_runs
from tests.schools.after_go import Month
from tests.workflows.plans import Clock, Steps, drain, enter, leave, start

pytestmark = pytest.mark.usefixtures("world_db")
AGO = timedelta(minutes=10)


@pytest.fixture
def steps():
    steps = Steps()
    enter("test.other", steps.plan("first"), steps.plan("second", attempts=1))
    yield steps
    leave("test.other")


@pytest.fixture
def given_up(steps):
    """A run of some other kind whose second step was given up."""
    run = start("test.other", now=timezone.now() - AGO)
    steps.fails["second"] = [RuntimeError("a@b.example")]
    drain(Clock(timezone.now() - AGO))
    assert Run.objects.get(pk=run.pk).state == "partial_failure"
    return run


@pytest.fixture
def browse():
    def sign_in(email="operator@example.com"):
        client = Client()
        assert client.post("/login", {"email": email, "password": world.PASSWORD}).status_code == 302
        return client

    return sign_in


def here(run):
    return f"/operator/runs/{run.pk}"


def needs(role="operator"):
    work_runs()
    actor = Actor(kind="person", scope="platform", roles=frozenset({role}), login=new_id())
    return [need for need in needs_of(picture(actor, now=timezone.now())) if need.key.startswith("run-")]


def test_it_is_on_the_console_and_a_retry_ends_it(browse, given_up, steps):
    client = browse()
    (need,) = needs()
    assert (need.title, need.detail, need.path) == (
        "Long-running work stands still: test.other", "Step: second", here(given_up)
    )  # fmt: skip
    assert f'href="{here(given_up)}"' in client.get("/operator").content.decode()
    page = client.get(here(given_up)).content.decode()
    assert "Given up after 1 attempt" in page and "RuntimeError" in page and "a@b" not in page
    assert client.post(here(given_up), {"act": "retry"})["Location"] == f"{here(given_up)}?saved=retried"
    assert client.post(here(given_up), {"act": "retry"}).status_code == 409
    assert needs() == []
    drain(Clock(timezone.now()))
    assert Run.objects.get(pk=given_up.pk).state == "complete" and steps.done == ["first", "second", "second"]


def test_one_that_nobody_does_is_resumed(browse, steps):
    run, client = start("test.other", now=timezone.now() - AGO), browse()
    assert len(needs()) == 1 and 'value="resume"' in client.get(here(run)).content.decode()
    assert client.post(here(run), {"act": "resume"}).status_code == 302
    assert needs() == [] and Step.objects.get(run=run, name="first").fence == 1


def test_a_cancel_has_to_be_confirmed_and_ends_it_once(browse, given_up):
    client = browse()
    unsure = client.post(here(given_up), {"act": "cancel"})
    assert unsure.status_code == 409 and "Tick the box" in unsure.content.decode() and len(needs()) == 1
    assert client.post(here(given_up), {"act": "cancel", "confirmed": "1"}).status_code == 302
    assert client.post(here(given_up), {"act": "cancel", "confirmed": "1"}).status_code == 409
    assert needs() == [] and PlatformEvent.objects.filter(kind="workflows.run_cancelled").count() == 1


def test_the_work_of_a_new_school_leads_to_that_schools_page(browse, greenfield):
    month, client = Month(greenfield), browse()
    for run, path in ((month.onboarding.pk, ""), (month.welcome.run_id, "#after-go")):
        answer = client.get(f"/operator/runs/{run}")
        assert answer["Location"] == f"/operator/onboardings/{month.onboarding.pk}{path}"


@pytest.mark.parametrize("email", ["gauteng@example.com", "finance@example.com", "circle@example.com"])
def test_others_may_not_and_are_not_told(browse, given_up, email):
    client = browse(email)
    assert client.get(here(given_up)).status_code == 403
    assert client.post(here(given_up), {"act": "cancel", "confirmed": "1"}).status_code == 403
    assert needs("regional_admin") == [] and Run.objects.get(pk=given_up.pk).state == "partial_failure"


@pytest.mark.parametrize("act", ["", "delete", "Retry"])
def test_an_unknown_word_or_run_is_not_found(browse, given_up, act):
    client = browse()
    assert client.post(here(given_up), {"act": act}).status_code == 404
    for key in (new_id(), "nonsense"):
        assert client.get(f"/operator/runs/{key}").status_code == 404


def test_many_of_one_kind_are_three_and_a_count(steps):
    for number in range(5):
        start("test.other", key=str(number), now=timezone.now() - AGO)
    assert [need.title for need in needs()][-1] == "Long-running work stands still, more: 2" and len(needs()) == 4


def test_every_kind_of_long_work_has_a_page_that_mends_it():
    """A new workflow is shown with its school, where its source says so, or by its own page: never nowhere."""
    assert set(WITH_THEIR_SCHOOL) <= set(registry._workflows)
    assert {"setup_tasks", "stuck_welcomes", "stuck_runs"} <= {source.__name__ for source in SOURCES}
