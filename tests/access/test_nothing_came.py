"""An approval for a new school of which nothing came: said where one looks, told once by mail, decided anew."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from shared_apps.access import rules
from shared_apps.access.models import AccessRequest
from shared_apps.access.services import new_schools, requests
from shared_apps.audit.models import PlatformEvent
from shared_apps.identity.models import Login, Membership
from shared_apps.identity.services.accounts import is_known
from shared_apps.schools.models import Draft, Onboarding
from shared_apps.schools.services import onboarding_steps
from shared_apps.workflows.models import Run, RunState
from shared_apps.workflows.services.advance import advance
from shared_apps.workflows.services.registry import Lane
from tenants import provisioning
from tenants.models import School
from tests.access.people import GAUTENG, OPERATOR, ROOT, SAID, approve, link_in, mails, reject, waiting
from tests.identity.people import browser, login_of, post, problem
from tests.schools.acts import Clock, work
from tests.schools.test_onboarding_help import days, make_admin

rolled_back = pytest.mark.django_db(databases=["default", "schools"])
builds = pytest.mark.usefixtures("real_commits")
TO, NEW = SAID["work_email"], "quiet river walks home"
SUBJECT = {
    "en": "The onboarding of your new school was cancelled", "af": "Die aanboording van jou nuwe skool is gekanselleer",
    "zu": "Ukungeniswa kwesikole sakho esisha kukhanseliwe",
}  # fmt: skip


@pytest.fixture
def root(signed_in):
    return signed_in(ROOT)


def approved(root, **more):
    """A request that was approved for a new school, and the path of its onboarding."""
    asked = waiting(**more)
    assert approve(root, asked, role="school_admin", onboard=True).status_code == 200
    asked.refresh_from_db()
    return asked, f"/operator/onboardings/{asked.outcome['onboarding']}"


def cancel(client, here, leaves="nothing"):
    return client.post(f"/api{here}/cancel", {"leaves": leaves}, content_type="application/json")


def tell(at=None):
    return new_schools.tell(now=at or timezone.now())


def told(to=TO, subjects=None):
    return [mail for mail in mails(to) if mail["subject"] in (subjects or SUBJECT.values())]


def status_page(asked, to=TO):
    """What whoever asked sees behind the secret link."""
    (mail,) = [one for one in mails(to) if "/request-access/status/" in one["text"] and asked.reference in one["text"]]
    answer = Client().get(link_in(mail))
    assert answer.status_code == 200
    return answer.content.decode()


def panel(asked, who=ROOT):
    return browser(who).get(f"/operator/requests/{asked.id}?state=approved").content.decode()


def listed(client):
    return {one["id"]: one for one in client.get("/api/admin/requests").json()["items"]}


# -- cancelled ---------------------------------------------------------------------------------------------------------


@rolled_back
def test_while_a_school_is_on_its_way_nothing_is_said(root):
    asked, _here = approved(root)
    assert tell() == 0 and told() == []
    assert "You have been let in." in status_page(asked) and "Onboarding cancelled" not in panel(asked)
    assert "new_school" not in listed(root)[str(asked.id)]


@rolled_back
def test_a_cancelled_one_is_said_on_status_page_panel_list_and_console_and_stays_a_decision(root):
    asked, here = approved(root)
    assert cancel(root, here).status_code == 200
    asked.refresh_from_db()
    assert asked.state == "approved"
    page = status_page(asked)
    assert "its onboarding was cancelled" in page and "You have been let in." not in page
    seen = panel(asked)
    assert 'data-became="cancelled"' in seen and "Reopen request" in seen and "The account stays." not in seen
    assert seen.count("Onboarding cancelled") == 2  # the row and the panel
    item = listed(root)[str(asked.id)]
    assert (item["state"], item["new_school"]) == ("approved", "cancelled")
    assert set(root.get("/api/admin/requests").json()) == {"items", "next", "unsearched"}
    assert "Approvals that came to nothing: 1" in browser(ROOT).get("/operator").content.decode()
    assert "Approvals that came to nothing" not in browser(OPERATOR).get("/operator").content.decode()


@rolled_back
@pytest.mark.parametrize("language", ["en", "af", "zu"])
def test_the_person_is_told_once_in_their_language_however_often_it_is_cancelled_or_looked_for(root, language):
    asked, here = approved(root)
    AccessRequest.objects.update(language=language)
    assert cancel(root, here).status_code == 200 and cancel(root, here).status_code == 409
    assert (tell(), tell()) == (1, 0)
    (mail,) = told()
    assert (mail["subject"], mail["language"]) == (SUBJECT[language], language) and asked.reference in mail["text"]
    event = PlatformEvent.objects.get(kind="access.school_came_to_nothing")
    assert TO not in event.body and SAID["full_name"] not in event.body


@builds
def test_taken_up_and_cancelled_again_is_still_one_mail(root):
    asked, here = approved(root)
    assert advance(Lane.PROVISIONER, clock=Clock())
    assert cancel(root, here, "school").status_code == 200 and tell() == 1
    assert root.post(f"/api{here}/take-up", content_type="application/json").status_code == 200
    assert "You have been let in." in status_page(asked) and 'data-became="' not in panel(asked)
    assert cancel(root, here, "school").status_code == 200 and tell() == 0 and len(told()) == 1
    assert "its onboarding was cancelled" in status_page(asked)


@rolled_back
def test_it_is_kept_as_long_as_a_refused_one_from_then_on(root):
    asked, here = approved(root)
    now = timezone.now() + timedelta(days=5)
    cancel(root, here)
    tell(at=now)
    asked.refresh_from_db()
    assert asked.forget_at == now + rules.KEPT_REFUSED
    assert requests.tidy(now=now + rules.KEPT_APPROVED) == 0 and requests.tidy(now=now + rules.KEPT_REFUSED) == 1


@rolled_back
def test_one_whose_mail_is_not_told_leaves_the_others_told(root):
    _first, here = approved(root, organization="First")
    other, there = approved(root, organization="Second", work_email="other@example.com")
    cancel(root, here)
    cancel(root, there)
    new_schools.tell_one(AccessRequest.objects.get(pk=other.pk), now=timezone.now())
    assert tell() == 1 and len(told()) == len(told("other@example.com")) == 1


# -- decided anew ------------------------------------------------------------------------------------------------------


@builds
def test_it_is_reopened_and_approved_anew_for_a_school_of_its_own(root):
    asked, here = approved(root, organization="Laerskool Hoogland")
    first = link_in(mails(TO)[0])
    cancel(root, here)
    assert not is_known(TO)
    reopened = post(f"/api/admin/reopen/{asked.id}", {}, client=root)
    assert reopened.json() == {"id": str(asked.id), "state": "waiting"} and len(told()) == 1  # told on the way
    assert "waits for a decision" in status_page(asked)
    asked.refresh_from_db()
    assert asked.outcome == {} and asked.account is None
    problem(post(f"/api/admin/reopen/{asked.id}", {}, client=root), 409, "not_rejected")
    assert approve(root, asked, role="school_admin", onboard=True).status_code == 200
    problem(approve(root, asked, role="school_admin", onboard=True), 409, "already_decided")
    assert Run.objects.filter(workflow="schools.onboarding").count() == 2
    second = link_in(mails(TO)[0])
    assert second != first and Client().post(second, {"new": NEW}).status_code == 302
    work()
    assert School.objects.get(slug="laerskool-hoogland").state == "active"
    assert Membership.objects.get(login=login_of(TO)).role == "school_admin"
    assert tell() == 0 and len(told()) == 1 and 'data-became="' not in panel(asked)


@rolled_back
def test_the_second_one_cancelled_is_told_too(root):
    asked, here = approved(root)
    cancel(root, here)
    tell()
    post(f"/api/admin/reopen/{asked.id}", {}, client=root)
    assert approve(root, asked, role="school_admin", onboard=True).status_code == 200
    asked.refresh_from_db()
    assert cancel(root, f"/operator/onboardings/{asked.outcome['onboarding']}").status_code == 200
    assert (tell(), tell()) == (1, 0) and len(told()) == 2
    events = PlatformEvent.objects.filter(kind="access.school_came_to_nothing")
    assert events.count() == 2  # reopening said nothing anew of what was told


@rolled_back
def test_it_can_be_rejected_after_all_or_given_another_role_from_the_page(root, greenfield):
    asked, here = approved(root)
    cancel(root, here)
    answer = browser(GAUTENG).post(f"/operator/requests/{asked.id}/reopen")
    assert answer.status_code == 302 and "saved=request_reopened" in answer["Location"]
    told_link = approve(root, asked, role="local_operator", schools=[str(greenfield.ref.id)])
    assert told_link.status_code == 200 and "/set-password/" in told_link.json()["set_password_link"]
    assert [mail["subject"] for mail in mails(TO)].count("Your request for access was approved") == 2
    other, there = approved(root, work_email="other@example.com", organization="Other")
    cancel(root, there)
    post(f"/api/admin/reopen/{other.id}", {}, client=root)
    assert reject(root, other).json()["state"] == "rejected"


@rolled_back
def test_only_who_decides_within_reach_and_who_did_not_ask_may_reopen_it(root, signed_in):
    asked, here = approved(root)
    problem(post(f"/api/admin/reopen/{asked.id}", {}, client=root), 409, "not_rejected")  # it is on its way
    cancel(root, here)
    problem(post(f"/api/admin/reopen/{asked.id}", {}, client=signed_in(OPERATOR)), 403, "forbidden")
    AccessRequest.objects.update(region="US-TX")
    problem(post(f"/api/admin/reopen/{asked.id}", {}, client=signed_in(GAUTENG)), 404, "not_found")
    assert "new_school" not in str(listed(signed_in(GAUTENG)))
    AccessRequest.objects.update(region="ZA-GP", sponsor=login_of(GAUTENG).id)
    problem(post(f"/api/admin/reopen/{asked.id}", {}, client=signed_in(GAUTENG)), 403, "own_request")
    asked.refresh_from_db()
    assert asked.state == "approved" and told() == []


# -- it failed, or a person confirmed another admin --------------------------------------------------------------------


@builds
def test_one_that_failed_is_said_and_not_mailed_as_it_can_be_tried_again(root, monkeypatch):
    asked, _here = approved(root)

    def broken(*_args):
        raise RuntimeError("no")

    with monkeypatch.context() as away:
        away.setattr(provisioning, "grants", broken)
        work(days(1))
    assert Run.objects.get().state == "failed" and tell() == 0
    assert "could not be created yet" in status_page(asked) and 'data-became="failed"' in panel(asked)
    assert post(f"/api/admin/reopen/{asked.id}", {}, client=root).status_code == 200
    assert approve(root, asked, role="school_admin", onboard=True).status_code == 200
    assert Onboarding.objects.count() == 2


def half_made(root, monkeypatch):
    """Approved for a new school which is there, and whose accounts could not be made."""
    asked, here = approved(root)

    def fail(*_args, **_kwargs):
        raise RuntimeError("no")

    with monkeypatch.context() as away:
        away.setattr(onboarding_steps, "ask", fail)
        work(days(1))
    assert Run.objects.get().state == "partial_failure" and is_known(TO)
    return asked, here


def acknowledge(client, here):
    return client.post(f"/api{here}/acknowledge", {"confirmed": True}, content_type="application/json")


@builds
def test_an_account_made_ahead_goes_when_another_admin_is_confirmed_by_hand(root, monkeypatch):
    before = Login.objects.count()
    asked, here = half_made(root, monkeypatch)
    first = link_in(mails(TO)[0])
    make_admin()  # somebody else
    assert acknowledge(root, here).status_code == 200
    assert not is_known(TO) and Login.objects.count() == before + 1
    assert Client().post(first, {"new": NEW}).status_code == 404
    assert '"login"' in PlatformEvent.objects.get(kind="identity.account_removed").body
    assert "set up with another admin" in status_page(asked) and 'data-became="left_out"' in panel(asked)
    assert (tell(), tell()) == (1, 0) and len(told(subjects=["Your new school has another admin"])) == 1
    assert post(f"/api/admin/reopen/{asked.id}", {}, client=root).status_code == 200
    school = Onboarding.objects.get().school
    assert approve(root, asked, role="school_admin", schools=[str(school)]).status_code == 200
    assert Membership.objects.get(login=login_of(TO)).school_id == school


@builds
def test_taken_back_and_retried_the_account_is_made_again(root, monkeypatch):
    _asked, here = half_made(root, monkeypatch)
    make_admin()
    acknowledge(root, here)
    assert not is_known(TO)
    for what in ("undo", "retry"):
        assert root.post(f"/api{here}/{what}", content_type="application/json").status_code == 200
    work(days(2))
    assert Membership.objects.filter(login=login_of(TO), role="school_admin").count() == 1


@builds
def test_an_account_with_a_role_stays_when_its_school_is_acknowledged(root, monkeypatch):
    asked, here = half_made(root, monkeypatch)
    school = Onboarding.objects.get()
    people = [{"id": school.admin, "given_name": "N", "family_name": "K", "email": TO}]
    now = timezone.now()
    onboarding_steps.ask(School.objects.get(pk=school.school).ref(), "people.take_on", people=people, now=now)
    onboarding_steps.give_role(
        email=TO, role="school_admin", by="test", now=now, school=school.school, person=school.admin
    )  # fmt: skip
    assert acknowledge(root, here).status_code == 200
    assert is_known(TO) and tell() == 0 and 'data-became="' not in panel(asked)


@builds
def test_one_that_another_onboarding_is_going_to_use_stays_until_that_is_over(root, monkeypatch):
    _asked, here = half_made(root, monkeypatch)
    second = approve(root, waiting(organization="Second"), role="school_admin", onboard=True)
    assert second.status_code == 200
    there = f"/operator/onboardings/{Onboarding.objects.latest('pk').pk}"
    admin_of_first(here)
    assert acknowledge(root, here).status_code == 200
    assert is_known(TO)  # the second one is going to give it a role
    assert Draft.objects.count() == 2 and Run.objects.get(pk=here.rpartition("/")[2]).state == RunState.PARTIAL
    assert cancel(root, there).status_code == 200
    assert not is_known(TO)  # the acknowledged one gives it none, though its answers are still there


def admin_of_first(here):
    """As `make_admin`, for one of several."""
    first = Onboarding.objects.get(pk=here.rpartition("/")[2])
    people = [{"id": first.admin, "given_name": "By", "family_name": "Hand", "email": "by@hand.example"}]
    now = timezone.now()
    onboarding_steps.ask(School.objects.get(pk=first.school).ref(), "people.take_on", people=people, now=now)
    onboarding_steps.give_role(
        email="by@hand.example", role="school_admin", by="test", now=now, school=first.school, person=first.admin,
        password="some-password",
    )  # fmt: skip
