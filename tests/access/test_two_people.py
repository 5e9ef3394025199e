"""The right to everything takes two people, and neither of them gets into the account that holds it."""

import pytest
from django.test import Client
from django.utils import timezone

from shared_apps.access.models import AccessRequest
from shared_apps.identity.models import Link, Membership
from shared_apps.identity.services.accounts import account_of, untouched
from tests.access.people import ROOT, SAID, approve, link_in, mails, super_admin, waiting
from tests.identity.people import browser, log_in, login_of, problem

pytestmark = pytest.mark.django_db(databases=["default", "schools"])
TO = SAID["work_email"]
NEW, EARLIER = "quiet river walks home", "an early bird sings twice"


def agreed(client: Client, asked: AccessRequest) -> str:
    """A second super admin, once the first agreed."""
    assert approve(client, asked, role="super_admin").status_code == 202
    return super_admin("second@example.com")


def test_whoever_agrees_second_gets_no_link_and_the_mailbox_does(signed_in):
    asked = waiting()
    second = agreed(signed_in(ROOT), asked)
    answer = approve(signed_in(second), asked, role="super_admin")
    assert answer.json() == {"account_id": str(login_of(TO).id), "set_password_link": None}
    page = browser(second).get(f"/operator/requests/{asked.id}").content.decode()
    assert "Approved" in page and "/set-password/" not in page
    assert Client().post(link_in(mails(TO)[0]), {"new": NEW}).status_code == 302
    assert log_in(TO, NEW).json()["roles"] == ["super_admin"]


def test_who_was_given_a_link_or_a_password_before_does_not_keep_it(signed_in):
    client = signed_in(ROOT)
    known = approve(client, waiting(), role="operator").json()["set_password_link"]
    assert Client().post(known, {"new": EARLIER}).status_code == 302
    session = log_in(TO, EARLIER).json()["access_token"]
    asked = waiting()
    second = agreed(client, asked)
    assert approve(signed_in(second), asked, role="super_admin").json()["set_password_link"] is None
    assert Client().get("/api/me", headers={"Authorization": f"Bearer {session}"}).status_code == 401
    problem(log_in(TO, EARLIER), 401, "sign_in_failed")
    assert Client().post(link_in(mails(TO)[0]), {"new": NEW}).status_code == 302
    assert set(log_in(TO, NEW).json()["roles"]) == {"operator", "super_admin"}


def test_a_link_that_is_still_open_when_the_role_comes_is_spent(signed_in):
    client = signed_in(ROOT)
    open_link = approve(client, waiting(), role="operator").json()["set_password_link"]
    asked = waiting()
    approve(signed_in(agreed(client, asked)), asked, role="super_admin")
    assert Client().post(open_link, {"new": EARLIER}).status_code == 404
    assert Link.objects.filter(login=login_of(TO), used_at=None).count() == 1


def test_an_account_that_waits_for_its_school_gets_no_slip_once_it_is_of_the_platform():
    made = account_of(email=TO, password_hash="")[0]
    assert untouched({"school_admin": made.id}) == {"school_admin": made.id}
    super_admin(TO)
    assert untouched({"school_admin": made.id}) == {}
    Membership.objects.filter(login=made).update(active=False)
    assert untouched({"school_admin": made.id}) == {"school_admin": made.id}
    assert not made.sessions.filter(expires_at__gt=timezone.now()).exists()
