"""An onboarding that made nothing calls somebody until it is begun again or dismissed: works / others / bad / twice."""

import json
from datetime import timedelta

import pytest
from django.utils import timezone

from shared_apps.audit.models import PlatformEvent
from shared_apps.identity.models import Login
from shared_apps.identity.services.sign_in import email_hash
from shared_apps.schools.models import Draft, Onboarding
from shared_apps.schools.services import onboarding_help, onboarding_steps
from shared_apps.workflows.models import Run
from tenants.actor import Actor
from tenants.ids import new_id
from tests.schools.acts import OPERATOR, Clock, post, work
from tests.schools.test_onboarding_pages import FIELDS, create, fill, review_of, text

pytestmark = pytest.mark.usefixtures("world_db")
LIST = "/operator/onboardings"
NEED = f"School setup needs help: {FIELDS['name']}"
WHO = Actor(kind="person", scope="platform", roles=frozenset({"operator"}))


@pytest.fixture
def failed(browse, monkeypatch):
    """Somebody's page, and the path of an onboarding whose first step was given up."""
    client = browse()
    here = create(client)
    give_up(monkeypatch)
    return client, here


def give_up(monkeypatch):
    def no(*args, **kwargs):
        raise RuntimeError

    with monkeypatch.context() as away:
        away.setattr(onboarding_steps.provisioning, "golden_text", no)
        work(Clock(at=timezone.now() + timedelta(hours=1), step=timedelta(hours=1)))
    run = Run.objects.order_by("-created_at").first()
    assert run.state == "failed" and run.steps.get(position=0).attempts == 5
    Run.objects.filter(pk=run.pk).update(ended_at=timezone.now())


def tasks():
    return onboarding_help.open_setup_tasks(WHO, now=timezone.now())


def act(client, key, what="dismiss"):
    return client.post(f"/api/operator/onboardings/{key}/{what}", content_type="application/json")


def test_five_failures_at_a_schools_creation_call_somebody(failed):
    client, here = failed
    (task,) = tasks()
    assert task.failed and not task.stalled and task.step == "create_school" and task.attempts == 5
    console = text(client.get("/operator"))
    assert NEED in console and "Nothing was created" in console and f'href="{here}"' in console
    listed = text(client.get(LIST))
    assert f"Dismiss: {FIELDS['name']}" in listed and "Retry step:" not in listed and "Acknowledge:" not in listed
    assert "Start again" in text(client.get(here))


def test_one_that_is_dismissed_calls_nobody_and_who_did_it_is_recorded(failed):
    client, here = failed
    answer = client.send(f"{here}/dismiss")
    assert answer["Location"] == f"{here}?saved=dismissed"
    assert tasks() == [] and NEED not in text(client.get("/operator"))
    page = text(client.get(here))
    assert "Dismissed, or started again:" in page and f'action="{here}/dismiss"' not in page and "Start again" in page
    kept = Onboarding.objects.get()
    me = str(Login.objects.get(email_hash=email_hash(OPERATOR)).id)
    (told,) = PlatformEvent.objects.filter(kind="schools.failure_dismissed")
    assert kept.dismissed_by == told.actor == me and kept.dismissed_at == told.at and told.school == kept.school
    assert json.loads(told.body)["facts"] == {"run": str(kept.pk)}
    assert client.send(f"{here}/dismiss").status_code == 409
    assert PlatformEvent.objects.filter(kind="schools.failure_dismissed").count() == 1
    assert client.get(f"{here}/dismiss").status_code == 302


def test_one_that_is_begun_again_calls_nobody_even_under_another_name(failed):
    client, here = failed
    again = client.send(f"{here}/again")["Location"]
    assert len(tasks()) == 1  # a form that was opened is no beginning
    at = fill(client, at=again, name="Hoërskool Anders")
    assert Draft.objects.get(pk=at.rpartition("/")[2]).again_of == Onboarding.objects.get().pk
    client.send(at, review=review_of(client, at))
    assert tasks() == [] and Onboarding.objects.count() == 2


def test_another_beginning_under_the_same_name_will_do_and_may_fail_anew(failed, monkeypatch):
    client, here = failed
    create(client, name=FIELDS["name"].upper())
    assert tasks() == []
    give_up(monkeypatch)
    assert [task.name for task in tasks()] == [FIELDS["name"].upper()]


def test_one_that_is_tried_again_and_fails_again_calls_anew(failed, monkeypatch):
    client, here = failed
    client.send(f"{here}/dismiss")
    assert client.send(f"{here}/retry").status_code == 302 and Onboarding.objects.get().dismissed_at is None
    give_up_again(monkeypatch)
    assert [task.failed for task in tasks()] == [True]


def give_up_again(monkeypatch):
    Run.objects.update(state="failed", ended_at=timezone.now())
    Run.objects.get().steps.filter(position=0).update(state="failed", ended_at=timezone.now())


def test_one_of_long_ago_calls_nobody(failed):
    Run.objects.update(ended_at=timezone.now() - onboarding_help.RECENT - timedelta(minutes=1))
    assert tasks() == []


def test_the_api_dismisses_it_once(signed_in, monkeypatch):
    operator = signed_in(OPERATOR)
    key = post(operator).json()["id"]
    assert act(operator, key).status_code == 409  # it goes on
    give_up(monkeypatch)
    answer = act(operator, key)
    assert answer.status_code == 200 and answer.json()["state"] == "failed" and tasks() == []
    assert act(operator, key).status_code == 409
    for nobody in (new_id(), "nonsense"):
        assert act(operator, nobody).status_code == 404


@pytest.mark.parametrize("email", ["gauteng@example.com", "finance@example.com", "admin@greenfield.example"])
def test_others_may_not_dismiss_it(failed, signed_in, browse, email):
    key = failed[1].rpartition("/")[2]
    assert act(signed_in(email), key).status_code == 403
    assert browse(email).send(f"{failed[1]}/dismiss").status_code == 403
    assert len(tasks()) == 1
