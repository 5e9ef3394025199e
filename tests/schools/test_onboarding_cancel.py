"""Cancelling an onboarding: what was said to stay is what stays, whoever is at work at that moment."""

import threading
from datetime import timedelta

import psycopg
import pytest
from django.db import connections
from django.utils import timezone

from shared_apps.audit.models import PlatformEvent
from shared_apps.identity.models import Login, Membership
from shared_apps.schools.models import Draft, Onboarding, Welcome
from shared_apps.schools.services import onboarding_drafts, onboarding_steps
from shared_apps.workflows.models import Run, Step
from shared_apps.workflows.services.advance import advance
from shared_apps.workflows.services.registry import Lane
from tenants import provisioning
from tenants.ids import new_id
from tenants.models import School
from tests.database import ADMIN
from tests.schools.acts import Clock, post, work
from tests.schools.test_onboarding_pages import create, text

LATER = timedelta(days=1)
rolled_back = pytest.mark.usefixtures("world_db")
commits = pytest.mark.usefixtures("real_commits")


def one(lane):
    assert advance(lane, clock=Clock())


def run():
    return Run.objects.get(workflow="schools.onboarding")


def cancel_by_api(client, key, leaves="nothing", **more):
    body = {"leaves": leaves, **more}
    return client.post(f"/api/operator/onboardings/{key}/cancel", body, content_type="application/json")


def beside(work):
    """Do `work` in another thread, on connections of its own, and wait for it."""
    answers = []

    def whole():
        try:
            answers.append(work())
        finally:
            connections.close_all()

    thread = threading.Thread(target=whole)
    thread.start()
    thread.join(30)
    return answers[0]


# -- works -------------------------------------------------------------------------------------------------------------


@rolled_back
def test_before_the_school_is_there_nothing_stays_and_the_answers_can_be_used_again(browse):
    client = browse()
    here = create(client)
    assert f'href="{here}/cancel"' in text(client.get(here))
    asked = text(client.get(f"{here}/cancel"))
    assert "nothing is left behind: no school and no account" in asked and 'name="leaves" value="nothing"' in asked
    assert client.send(f"{here}/cancel", leaves="nothing")["Location"] == f"{here}?saved=cancelled"
    page = text(client.get(f"{here}?saved=cancelled"))
    assert "Cancelled. Nothing more is done here." in page and "Nothing was created" in page
    assert f'href="{here}/cancel"' not in page
    assert run().state == "cancelled" and work(Clock(at=timezone.now() + LATER)) == []
    assert not School.objects.filter(slug="hoerskool-karoorand").exists()
    told = PlatformEvent.objects.get(kind="schools.onboarding_cancelled")
    assert '"leaves":"nothing"' in told.body and told.school == Onboarding.objects.get().school
    again = client.send(f"{here}/again")["Location"]
    assert 'value="Marelize Steyn"' in text(client.get(again))
    onboarding_drafts.tidy(now=timezone.now() + 2 * LATER)
    assert not Draft.objects.exists()


@commits
def test_after_the_school_is_there_it_stays_and_can_be_taken_up_again(browse):
    client = browse()
    here = create(client)
    one(Lane.PROVISIONER)
    assert "its accounts have not" in text(client.get(f"{here}/cancel"))
    assert client.send(f"{here}/cancel", leaves="school").status_code == 302
    assert work(Clock(at=timezone.now() + timedelta(hours=1))) == []
    school = School.objects.get(slug="hoerskool-karoorand")
    page = text(client.get(here))
    assert school.state == "pending" and not Membership.objects.filter(school=school).exists()
    assert "The school and this record stay." in page and "Take up again" in page and "Start again" not in page
    assert client.send(f"{here}/again")["Location"] == "/operator/schools/new"  # no second school of the same answers
    assert client.send(f"{here}/take-up")["Location"] == f"{here}?saved=resumed"
    work(Clock(at=timezone.now() + timedelta(hours=1)))
    school.refresh_from_db()
    assert school.state == "active" and run().state == "complete" and not Draft.objects.exists()
    assert client.send(f"{here}/take-up").status_code == 409


@commits
def test_what_was_deleted_meanwhile_cannot_be_taken_up_and_what_needs_nothing_more_can(browse):
    client = browse()
    here = create(client)
    one(Lane.PROVISIONER)
    client.send(f"{here}/cancel", leaves="school")
    onboarding_drafts.tidy(now=timezone.now() + 2 * LATER)
    page = text(client.get(here))
    assert "not there any more, so it cannot go on" in page and "Take up again" not in page
    assert client.send(f"{here}/take-up").status_code == 409
    Run.objects.filter(pk=run().pk).update(state="running")  # as if the accounts had been made before
    Step.objects.filter(name="create_admin").update(state="done")
    Step.objects.filter(name="provisioned").update(state="waiting")
    assert "The school and its first accounts have been created already." in text(client.get(f"{here}/cancel"))
    client.send(f"{here}/cancel", leaves="school_and_accounts")
    assert "Take up again" in text(client.get(here)) and client.send(f"{here}/take-up").status_code == 302


@commits
def test_the_api_does_the_same(signed_in):
    client = signed_in("operator@example.com")
    first, second = (post(client, **{"Idempotency-Key": key}).json()["id"] for key in ("one", "two"))
    answer = cancel_by_api(client, first)
    assert answer.status_code == 200 and answer.json()["state"] == "failed" and answer.json()["school"] is None
    assert [step["state"] for step in answer.json()["steps"]] == ["cancelled"] * 3
    one(Lane.PROVISIONER)
    answer = cancel_by_api(client, second, "school")
    assert answer.status_code == 200 and answer.json()["state"] == "partial_failure"
    assert answer.json()["school"]["state"] == "pending"


# -- races -------------------------------------------------------------------------------------------------------------


@commits
def test_a_cancel_while_the_school_is_being_made_is_refused_and_then_says_what_would_stay_now(browse, monkeypatch):
    client, answers = browse(), []
    here = create(client)
    grants = provisioning.grants

    def in_the_middle(*args):
        """The provisioner has built everything and has not committed."""
        answers.append(beside(lambda: client.send(f"{here}/cancel", leaves="nothing")))
        return grants(*args)

    monkeypatch.setattr(provisioning, "grants", in_the_middle)
    one(Lane.PROVISIONER)
    assert [answer.status_code for answer in answers] == [409] and "at this very moment" in text(answers[0])
    assert run().state == "running" and School.objects.filter(slug="hoerskool-karoorand").exists()
    late = client.send(f"{here}/cancel", leaves="nothing")  # what that page had said is not so any more
    assert late.status_code == 409 and "something else would stay now" in text(late)
    assert 'name="leaves" value="school"' in text(late) and run().state == "running"
    assert client.send(f"{here}/cancel", leaves="school").status_code == 302 and run().state == "cancelled"


@commits
def test_a_cancel_before_the_provisioner_writes_leaves_no_school_and_no_schema(browse, monkeypatch, real_commits):
    client, answers = browse(), []
    here = create(client)
    golden = provisioning.golden_text
    before = Login.objects.count(), School.objects.count()

    def in_the_middle():
        """The provisioner has claimed the step and prepares."""
        answers.append(beside(lambda: client.send(f"{here}/cancel", leaves="nothing")))
        return golden()

    monkeypatch.setattr(onboarding_steps.provisioning, "golden_text", in_the_middle)
    one(Lane.PROVISIONER)
    assert [answer.status_code for answer in answers] == [302] and run().state == "cancelled"
    assert (Login.objects.count(), School.objects.count()) == before
    with psycopg.connect(ADMIN, dbname=real_commits) as admin:
        (schemas,) = admin.execute("SELECT count(*) FROM pg_namespace WHERE nspname ~ '^t_'").fetchone()
    assert schemas == before[1] and Step.objects.get(name="create_school").state == "cancelled"


@commits
def test_a_cancel_while_the_accounts_are_made_leaves_all_of_them_or_none(browse, monkeypatch):
    client, answers = browse(), []
    here = create(client)
    one(Lane.PROVISIONER)
    give_role = onboarding_steps.give_role

    def in_the_middle(**told):
        answers.append(beside(lambda: client.send(f"{here}/cancel", leaves="school")).status_code)
        return give_role(**told)

    monkeypatch.setattr(onboarding_steps, "give_role", in_the_middle)
    one(Lane.WORKER)
    assert answers == [409] and run().state == "running" and not Draft.objects.exists()
    assert client.send(f"{here}/cancel", leaves="school_and_accounts").status_code == 302
    assert Membership.objects.filter(school=Onboarding.objects.get().school).count() == 1


# -- wrong role, out of reach, bad input, twice ------------------------------------------------------------------------


@rolled_back
@pytest.mark.parametrize("email", ["gauteng@example.com", "finance@example.com", "admin@greenfield.example"])
def test_others_may_not(browse, signed_in, email):
    here, other = create(browse()), browse(email)
    for act in ("cancel", "take-up", "welcome/cancel", "welcome/take-up", "welcome/retry", "welcome/resume"):
        assert (
            other.get(f"{here}/{act}").status_code == other.send(f"{here}/{act}", leaves="nothing").status_code == 403
        )
    assert cancel_by_api(signed_in(email), here.rpartition("/")[2]).status_code == 403
    assert run().state == "running"


@rolled_back
def test_what_is_not_there_is_not_found(browse, signed_in):
    client = browse()
    for key in (new_id(), "nonsense"):
        for act in ("cancel", "take-up", "welcome/cancel", "welcome/retry"):
            assert client.send(f"/operator/onboardings/{key}/{act}", leaves="nothing").status_code == 404
        assert cancel_by_api(signed_in("operator@example.com"), key).status_code == 404
    here = create(client)
    for act in ("cancel", "retry", "resume", "take-up"):
        assert client.send(f"{here}/welcome/{act}").status_code == 404  # its first thirty days have not begun
    assert client.get(f"{here}/take-up")["Location"] == here and run().state == "running"


@rolled_back
def test_what_stays_must_be_said_in_a_word_that_is_known(browse, signed_in):
    here = create(browse())
    key, client = here.rpartition("/")[2], signed_in("operator@example.com")
    assert cancel_by_api(client, key, "everything").status_code == 422
    assert cancel_by_api(client, key, "nothing", force=True).status_code == 422
    assert cancel_by_api(client, key, "school").json()["code"] == "moved_on"
    assert browse().send(f"{here}/cancel").status_code == 409 and run().state == "running"


@rolled_back
def test_twice_is_once(browse, signed_in):
    client = browse()
    here = create(client)
    assert client.send(f"{here}/cancel", leaves="nothing").status_code == 302
    assert client.send(f"{here}/cancel", leaves="nothing").status_code == 409
    assert client.get(f"{here}/cancel")["Location"] == here
    answer = cancel_by_api(signed_in("operator@example.com"), here.rpartition("/")[2])
    assert (answer.status_code, answer.json()["code"]) == (409, "over")
    assert PlatformEvent.objects.filter(kind="schools.onboarding_cancelled").count() == 1


@commits
def test_a_finished_onboarding_cannot_be_cancelled(browse):
    client = browse()
    here = create(client)
    work()
    assert f'href="{here}/cancel"' not in text(client.get(here))
    assert client.send(f"{here}/cancel", leaves="school_and_accounts").status_code == 409
    assert run().state == "complete" and Welcome.objects.get().run.state == "running"
