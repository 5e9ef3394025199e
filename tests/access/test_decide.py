"""Deciding: exactly once, never one's own, bound to something, and two for the right to everything."""

import threading
from datetime import timedelta

import pytest
from django.db import connections
from django.test import Client
from django.utils import timezone

from shared_apps.access.models import AccessRequest
from shared_apps.access.rules import circle_name
from shared_apps.access.services import decisions, requests
from shared_apps.access.services.grants import Grant
from shared_apps.access.services.letting_in import mark
from shared_apps.audit.models import PlatformEvent
from shared_apps.groups.models import Circle
from shared_apps.groups.services import within_reach
from shared_apps.identity.models import Login, Membership
from shared_apps.identity.services.accounts import is_known
from tenants.problems import Refusal
from tests.access.people import (
    GAUTENG,
    OPERATOR,
    ROOT,
    SAID,
    approve,
    link_in,
    mails,
    reject,
    super_admin,
    waiting,
)
from tests.architecture.routes import every_route
from tests.groups.test_reach import actor
from tests.identity.people import browser, log_in, login_of, post, problem

on_database = pytest.mark.django_db(databases=["default", "schools"])
TO = SAID["work_email"]
NEW = "quiet river walks home"


@on_database
def test_a_local_operator_gets_a_circle_and_signs_in_to_it(signed_in, greenfield):
    asked = waiting()
    answer = approve(signed_in(GAUTENG), asked, role="local_operator", schools=[str(greenfield.ref.id)])
    assert answer.status_code == 200 and set(answer.json()) == {"account_id", "set_password_link"}
    mail = mails(TO)[0]
    assert mail["subject"] == "Your request for access was approved"
    assert link_in(mail) in answer.json()["set_password_link"]
    assert Client().post(link_in(mail), {"new": NEW}).status_code == 302
    told = log_in(TO, NEW).json()
    assert (told["scope"], told["roles"]) == ("platform", ["local_operator"])
    assert answer.json()["account_id"] == str(login_of(TO).id)
    assert set(within_reach(actor(TO)).values_list("slug", flat=True)) == {"greenfield"}
    assert Circle.objects.get(keepers=login_of(TO)).name == "Greenfield Primary", "what they said is sealed and goes"
    assert Membership.objects.get(login=login_of(TO)).name == SAID["full_name"]


@on_database
@pytest.mark.parametrize(
    ("role", "more", "region"),
    [("operator", {}, ""), ("finance", {}, ""), ("regional_admin", {"regions": ["ZA-GP", "US-TX"]}, "ZA-GP")],
)
def test_a_super_admin_gives_every_single_role(signed_in, role, more, region):
    answer = approve(signed_in(ROOT), waiting(), role=role, **more)
    assert answer.status_code == 200, answer.content
    held = Membership.objects.filter(login=login_of(TO)).order_by("-region")
    assert {membership.role for membership in held} == {role} and held[0].region == region
    assert len(held) == len(more.get("regions", [""]))


@on_database
def test_the_second_click_creates_nothing_and_shows_no_link(signed_in):
    asked, client = waiting(), signed_in(ROOT)
    first = approve(client, asked, role="operator")
    problem(approve(client, asked, role="operator"), 409, "already_decided")
    problem(approve(client, asked, role="finance"), 409, "already_decided")
    problem(reject(client, asked), 409, "already_decided")
    assert Membership.objects.filter(login=first.json()["account_id"]).count() == 1
    assert len([mail for mail in mails(TO) if "approved" in mail["subject"]]) == 1
    assert PlatformEvent.objects.filter(kind="access.approved").count() == 1


@on_database
def test_no_account_without_a_scope(signed_in, greenfield):
    asked, client = waiting(), signed_in(ROOT)
    for body in (
        {"role": "local_operator"}, {"role": "local_operator", "schools": []}, {"role": "regional_admin"},
        {"role": "local_operator", "schools": ["00000000-0000-7000-8000-000000000000"]},
        {"role": "regional_admin", "regions": ["XX"]},
        {"role": "regional_admin", "regions": ["ZA"], "schools": [str(greenfield.ref.id)]},
        {"role": "operator", "regions": ["ZA"]}, {"role": "group_owner"}, {"role": ""}, {},
        {"role": "school_admin"}, {"role": "school_admin", "onboard": {"school": {"name": "New"}}},
        {"role": "operator", "name": "x"},
    ):  # fmt: skip
        problem(approve(client, asked, **body), 422, "invalid")
    assert not is_known(TO) and AccessRequest.objects.get().state == "waiting"


@on_database
def test_an_address_that_signs_in_already_gets_the_role_and_keeps_its_password(signed_in):
    asked = waiting(work_email=OPERATOR)
    assert (
        "Somebody signs in with this address already"
        in browser(ROOT).get(f"/operator/requests/{asked.id}").content.decode()
    )
    answer = approve(signed_in(ROOT), asked, role="finance")
    assert answer.json() == {"account_id": str(login_of(OPERATOR).id), "set_password_link": None}
    assert set(log_in(OPERATOR).json()["roles"]) == {"operator", "finance"}
    assert "the password you have already" in mails(OPERATOR)[0]["text"]


@on_database
def test_a_role_that_was_taken_away_comes_back_and_a_closed_account_does_not(signed_in):
    Membership.objects.filter(login=login_of(OPERATOR)).update(active=False)
    asked = waiting(work_email=OPERATOR)
    Login.objects.filter(pk=login_of(OPERATOR).pk).update(active=False)
    problem(approve(signed_in(ROOT), asked, role="operator"), 409, "account_closed")
    Login.objects.filter(pk=login_of(OPERATOR).pk).update(active=True)
    assert approve(signed_in(ROOT), asked, role="operator").status_code == 200
    assert log_in(OPERATOR).json()["roles"] == ["operator"]


def sponsored_by(email):
    """A request that somebody signed in wrote for a friend, confirmed by the friend."""
    browser(email).post("/request-access", {**SAID, "work_email": "friend@example.com"})
    Client().post(link_in(mails("friend@example.com")[0]))
    return AccessRequest.objects.get()


@on_database
def test_nobody_decides_what_they_asked_for_or_asked_for_another(signed_in):
    asked = sponsored_by(GAUTENG)
    own = waiting(work_email=GAUTENG)
    client = signed_in(GAUTENG)
    for one in (asked, own):
        problem(approve(client, one, role="regional_admin", regions=["ZA-GP"]), 403, "own_request")
        problem(reject(client, one), 403, "own_request")
    assert approve(signed_in(ROOT), asked, role="operator").status_code == 200


@on_database
def test_nobody_reopens_what_they_asked_for_another(signed_in):
    asked = sponsored_by(GAUTENG)
    assert reject(signed_in(ROOT), asked).status_code == 200
    problem(post(f"/api/admin/reopen/{asked.id}", client=signed_in(GAUTENG)), 403, "own_request")
    asked.refresh_from_db()
    assert asked.state == "rejected"
    assert post(f"/api/admin/reopen/{asked.id}", client=signed_in(ROOT)).status_code == 200


@on_database
def test_nobody_finishes_what_they_asked_for_another(signed_in, greenfield):
    asked, grant = sponsored_by(GAUTENG), Grant("school_admin", schools=(greenfield.ref.id,))
    mark(asked, grant, actor(ROOT), timezone.now())  # decided, and left half way
    body = {"role": "school_admin", "schools": [str(greenfield.ref.id)]}
    problem(approve(signed_in(GAUTENG), asked, **body), 403, "own_request")
    assert not is_known("friend@example.com")
    assert approve(signed_in(ROOT), asked, **body).status_code == 200


@on_database
def test_a_super_admin_needs_two_people(signed_in):
    second = super_admin("second@example.com")
    asked, client = waiting(), signed_in(ROOT)
    answer = approve(client, asked, role="super_admin")
    assert (answer.status_code, answer.json()) == (202, {"state": "second"})
    assert not is_known(TO)
    problem(approve(client, asked, role="super_admin"), 409, "second_person")
    assert "Waits for a second person" in browser(second).get("/operator/requests").content.decode()
    assert approve(signed_in(second), asked, role="super_admin").status_code == 200
    assert Membership.objects.get(login=login_of(TO)).role == "super_admin"
    kinds = list(PlatformEvent.objects.filter(kind__startswith="access.").values_list("kind", flat=True))
    assert {"access.first_agreed", "access.approved"} <= set(kinds)


@on_database
def test_the_word_of_somebody_who_is_no_super_admin_any_more_does_not_count(signed_in):
    second = super_admin("second@example.com")
    asked = waiting()
    approve(signed_in(second), asked, role="super_admin")
    Membership.objects.filter(login=login_of(second)).update(active=False)
    assert approve(signed_in(ROOT), asked, role="super_admin").status_code == 202
    assert not is_known(TO)


@on_database
def test_a_rejected_request_is_told_why_and_can_be_reopened(signed_in):
    asked, client = waiting(), signed_in(GAUTENG)
    answer = reject(client, asked, "The district has an operator already.")
    assert answer.json() == {"id": str(asked.id), "state": "rejected"}
    status = link_in(mails(TO)[1])
    assert "The district has an operator already." in mails(TO)[0]["text"]
    assert "The district has an operator already." in Client().get(status).content.decode()
    problem(approve(client, asked, role="regional_admin", regions=["ZA-GP"]), 409, "already_decided")
    reopened = post(f"/api/admin/reopen/{asked.id}", client=client)
    assert reopened.json() == {"id": str(asked.id), "state": "waiting"}
    problem(post(f"/api/admin/reopen/{asked.id}", client=client), 409, "not_rejected")
    assert approve(client, asked, role="regional_admin", regions=["ZA-GP"]).status_code == 200


@on_database
def test_nobody_is_told_where_that_was_not_wanted(signed_in):
    asked = waiting()
    assert reject(signed_in(ROOT), asked, "They are not who they say.", notify=False).status_code == 200
    assert len(mails(TO)) == 2 and "not who they say" not in repr(mails(TO))
    status = link_in(mails(TO)[0])
    page = Client().get(status).content.decode()
    assert "Your request was rejected." in page and "not who they say" not in page


def test_a_circle_is_called_after_its_schools():
    assert circle_name(["Riverside High", "Greenfield Primary"]) == "Greenfield Primary, Riverside High"
    many = circle_name([f"School number {number:03}" for number in range(500)])
    assert len(many) == 120 and many.endswith("…") and many.startswith("School number 000, ")


@on_database
def test_a_rejection_needs_a_reason(signed_in):
    asked, client = waiting(), signed_in(ROOT)
    for body in (
        {"reason": " ", "notify": True},
        {"notify": True},
        {"reason": "x"},
        {"reason": "x" * 1001, "notify": True},
    ):
        problem(post(f"/api/admin/reject/{asked.id}", body, client=client), 422, "invalid")
    assert AccessRequest.objects.get().state == "waiting"


@on_database
def test_a_decided_request_is_forgotten_in_time(signed_in):
    for number, (decide, kept) in enumerate(((reject, 30), (lambda *both: approve(*both, role="operator"), 7))):
        asked = waiting(work_email=f"n{number}@x.example")
        decide(signed_in(ROOT), asked)
        asked.refresh_from_db()
        assert asked.forget_at - asked.decided_at == timedelta(days=kept)
        assert requests.tidy(now=asked.forget_at - timedelta(seconds=1)) == 0
        assert requests.tidy(now=asked.forget_at) == 1
    assert not AccessRequest.objects.exists()
    assert PlatformEvent.objects.filter(kind="access.forgotten").count() == 2


@on_database
def test_an_unconfirmed_request_cannot_be_decided(signed_in):
    asked = waiting()
    AccessRequest.objects.update(state="unconfirmed")
    problem(approve(signed_in(ROOT), asked, role="operator"), 404, "not_found")
    problem(post("/api/admin/approve/no-uuid", {"role": "operator"}, client=signed_in(ROOT)), 404, "not_found")


@on_database
def test_everything_under_admin_asks_for_the_right_to_decide(signed_in, greenfield):
    """Over the resolver, so that what is added later is asked, too."""
    routes = [route for route in every_route() if route.path.startswith("/api/admin/")]
    assert len(routes) >= 4
    people = (OPERATOR, "finance@example.com", "circle@example.com", "admin@greenfield.example")
    for route in routes:
        path = route.path.replace("{request_id}", "00000000-0000-7000-8000-000000000000")
        assert Client().generic(route.method, path, "{}").status_code == 401
        for email in people:
            problem(signed_in(email).generic(route.method, path, "{}"), 403, "forbidden")
        assert str(route.policy.permission) == "requests.decide"


@on_database
@pytest.mark.parametrize("email", [OPERATOR, "finance@example.com", "circle@example.com"])
def test_the_tab_exists_for_those_who_decide_alone(email):
    assert 'href="/operator/requests"' not in browser(email).get("/account/profile").content.decode()
    assert browser(email).get("/operator/requests").status_code == 403
    assert 'href="/operator/requests"' in browser(GAUTENG).get("/account/profile").content.decode()


def test_two_admins_at_once_create_one_account(real_commits):
    second = super_admin("second@example.com")
    asked = waiting()
    start, came = threading.Barrier(2), []

    def decide(who):
        try:
            start.wait(10)
            done = decisions.approve(request=asked.id, grant=Grant("operator"), by=who, now=timezone.now())
            came.append(done.link or "no link")
        except Refusal as refusal:
            came.append(refusal.code)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=decide, args=(actor(email),)) for email in (ROOT, second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(came)[0] == "already_decided" and "/set-password/" in sorted(came)[1]
    assert Membership.objects.filter(login=login_of(TO)).count() == 1
