"""What somebody tries who wants in, wants to know who is in, or wants to be let in by themselves."""

import threading
from datetime import timedelta

import pytest
from django.db import connection, connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from shared_apps.access.models import AccessRequest
from shared_apps.access.services import decisions, requests
from shared_apps.access.services.grants import Grant
from shared_apps.access.services.requests import Particulars
from shared_apps.identity.models import Login, Membership
from shared_apps.post.models import Letter
from tenants.problems import Refusal
from tests.access.people import (
    GAUTENG,
    ROOT,
    SAID,
    admin_of,
    approve,
    ask,
    link_in,
    mails,
    reject,
    super_admin,
    waiting,
)  # fmt: skip
from tests.groups.test_reach import actor
from tests.identity.people import browser, log_in, login_of, post, problem

on_database = pytest.mark.django_db(databases=["default", "schools"])
TO = SAID["work_email"]
NEW = "quiet river walks home"


# -- who is here? ------------------------------------------------------------------------------------------------------


def asked_of_the_database(path, body):
    """The statements of a call, without their values: equal work cannot be told apart by a watch."""
    with CaptureQueriesContext(connection) as seen:
        answer = Client().post(path, body)
    statements = [one["sql"].split(" WHERE ")[0].split(" VALUES ")[0][:90] for one in seen]
    return answer.status_code, ["lock" if "advisory" in one else one for one in statements]


@on_database
@pytest.mark.parametrize(
    ("path", "body", "field"), [("/request-access", SAID, "work_email"), ("/forgot-password", {}, "email")]
)
def test_the_work_for_a_known_address_is_the_work_for_an_unknown_one(path, body, field):
    known = asked_of_the_database(path, {**body, field: "admin@greenfield.example"})
    unknown = asked_of_the_database(path, {**body, field: "nobody@elsewhere.example"})
    assert known == unknown and known[0] == 302
    assert not [one for one in known[1] if "identity_login" in one], "nobody is looked up while a stranger waits"


@on_database
def test_the_links_of_a_known_and_an_unknown_address_look_the_same():
    pages = []
    for email in (ROOT, TO):
        asked = ask(work_email=email)
        link = link_in(mails(email)[0])
        confirming = Client().get(link).content.decode().replace(asked.reference, "R")
        status = Client().post(link)["Location"]
        page = Client().get(status).content.decode().replace(asked.reference, "R")
        pages.append((confirming.replace(link, "L"), page.replace(status.partition("?")[0], "S")))
    first, second = ([len(text) for text in both] for both in pages)
    assert first == second


@on_database
@pytest.mark.parametrize(
    "rest", ["", "x", "x" * 43, "x" * 5000, "..%2f..%2flogin", "%00", "%F0%9F%98%80", "é" * 20, "a/b"]
)
@pytest.mark.parametrize("before", ["/request-access/status/", "/request-access/confirm/", "/set-password/"])
def test_what_is_no_secret_opens_nothing(before, rest):
    for method in ("get", "post"):
        assert getattr(Client(), method)(before + rest).status_code == 404


@on_database
@pytest.mark.parametrize("rest", ["..", "%2e%2e/requests", "%00", "x" * 3000, "0", "' OR 1=1", "waiting/approve/x"])
def test_no_path_leads_past_ones_region(rest):
    client = browser(GAUTENG)
    waiting(region="US-TX", organization="Brazos")
    for act in ("", "/approve", "/reject", "/reopen"):
        answer = client.post(f"/operator/requests/{rest}{act}", {"role": "operator", "reason": "x"})
        assert answer.status_code in (301, 404, 405) and b"Brazos" not in answer.content
    assert AccessRequest.objects.get().state == "waiting"


# -- what is typed -----------------------------------------------------------------------------------------------------


@on_database
@pytest.mark.parametrize("field", ["full_name", "organization"])
@pytest.mark.parametrize(
    "text", ["Ann\r\nBcc: all@x.example", "Ann\nB", "A\tB", "Ann\u202etxt.exe", "A\u2028B", "A\x1b[2J"]
)
def test_a_name_breaks_no_line_and_turns_no_writing_round(field, text):
    body = problem(post("/api/auth/request-access", {**SAID, field: text}), 422, "invalid")
    assert [(one["field"], one["code"]) for one in body["errors"]] == [(field, "characters")]
    page = Client().post("/request-access", {**SAID, field: text})
    assert page.status_code == 422 and "Leave out line breaks and invisible characters." in page.content.decode()
    assert not AccessRequest.objects.exists() and not Letter.objects.exists()


@on_database
def test_a_reason_may_have_lines_and_a_name_may_be_anybodys():
    for name in ("Zoë van ’t Hoff", "Nkosazana Dlamini-Zuma", "नलेदी", "李小龍", "Müller (Jr.)"):
        assert (
            post("/api/auth/request-access", {**SAID, "full_name": name, "reason": "One.\r\n\tTwo."}).status_code == 202
        )
    body = problem(post("/api/auth/request-access", {**SAID, "reason": "One\u202e"}), 422, "invalid")
    assert body["errors"][0]["field"] == "reason"


@on_database
@pytest.mark.parametrize(
    "address",
    [
        "a@x.example\r\nBcc: b@x.example",
        "a@x.example,b@x.example",
        "A <a@x.example>",
        "a@x.example\0",
        "a" * 250 + "@x.example",
    ],
)
def test_an_address_is_one_address(address):
    problem(post("/api/auth/request-access", {**SAID, "work_email": address}), 422, "invalid")
    assert Client().post("/request-access", {**SAID, "work_email": address}).status_code == 422
    assert not Letter.objects.exists()


@on_database
def test_what_is_too_large_is_refused_unread():
    large = "x" * (2 * 1024 * 1024 + 1)
    problem(post("/api/auth/request-access", {**SAID, "reason": large}), 413, "too_large")
    assert Client().post("/request-access", {**SAID, "reason": large}).status_code == 413
    for field, longest in (("full_name", 120), ("organization", 160), ("reason", 1000)):
        assert Client().post("/request-access", {**SAID, field: "x" * (longest + 1)}).status_code == 422
    assert not AccessRequest.objects.exists()


# -- twice -------------------------------------------------------------------------------------------------------------


@on_database
def test_a_second_click_is_the_same_request_and_no_second_mail():
    first, second = ask(), ask()
    assert first.pk == second.pk and len(mails(TO)) == 1
    page = Client()
    assert page.post("/request-access", SAID)["Location"].endswith(first.reference)
    assert ask(reason="Something else.").pk != first.pk
    assert ask(region="ZA-WC").pk != first.pk


@on_database
def test_what_is_confirmed_old_or_somebody_elses_is_not_the_same():
    first = ask()
    AccessRequest.objects.update(created_at=timezone.now() - timedelta(minutes=11))
    second = ask()
    assert second.pk != first.pk
    Client().post(link_in(mails(TO)[0]))
    assert ask().pk not in (first.pk, second.pk)
    browser(GAUTENG).post("/request-access", SAID)
    assert AccessRequest.objects.filter(sponsor=login_of(GAUTENG).id).count() == 1, "the sponsor of it is not lost"


def all_at_once(works):
    start, came = threading.Barrier(len(works)), []

    def run(work):
        try:
            start.wait(10)
            came.append(work())
        except Refusal as refusal:
            came.append(refusal.code)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return came


def test_two_clicks_at_once_are_one_request(real_commits):
    said = Particulars(SAID["full_name"], TO, SAID["organization"], SAID["reason"])

    def click():
        return requests.ask(
            said=said, region="ZA-GP", language="en", network="n", sponsor=None, now=timezone.now()
        ).reference

    assert len(set(all_at_once([click] * 4))) == 1
    assert AccessRequest.objects.count() == Letter.objects.count() == 1


def test_two_requests_of_one_mailbox_approved_at_once_are_one_account(real_commits):
    super_admin("second@example.com")
    one, two = waiting(), waiting(reason="Again.")

    def let(asked, who, role):
        return lambda: decisions.approve(
            request=asked.id, grant=Grant(role), by=actor(who), now=timezone.now()
        ).account  # fmt: skip

    came = all_at_once([let(one, ROOT, "operator"), let(two, "second@example.com", "finance")])
    assert len(came) == 2 and len(set(came)) == 1
    assert sorted(Membership.objects.filter(login=came[0]).values_list("role", flat=True)) == ["finance", "operator"]


# -- by oneself --------------------------------------------------------------------------------------------------------


@on_database
@pytest.mark.parametrize("address", ["gauteng+me@example.com", "GAUTENG+2@Example.com", " gauteng@example.com"])
def test_nobody_lets_in_their_own_mailbox_under_another_spelling(signed_in, address):
    asked = waiting(work_email=address.strip())
    client = signed_in(GAUTENG)
    problem(approve(client, asked, role="regional_admin", regions=["ZA-GP"]), 403, "own_request")
    problem(reject(client, asked), 403, "own_request")
    assert approve(signed_in(ROOT), asked, role="regional_admin", regions=["ZA-GP"]).status_code == 200


@on_database
def test_who_asked_for_another_is_told_by_their_account_whatever_door_they_came_through(signed_in):
    """By a bearer token as well as by a browser's session, and whatever the body says of a sponsor."""
    answer = post("/api/auth/request-access", {**SAID, "work_email": "friend@asks.example"}, client=signed_in(GAUTENG))
    assert answer.status_code == 202
    asked = AccessRequest.objects.get()
    assert asked.sponsor == login_of(GAUTENG).id
    Client().post(link_in(mails("friend@asks.example")[0]))
    for attempt in ({"role": "regional_admin", "regions": ["ZA-GP"]}, {"role": "local_operator"}):
        problem(approve(signed_in(GAUTENG), asked, **attempt), 403, "own_request")
    page = browser(GAUTENG)
    assert (
        page.post(f"/operator/requests/{asked.id}/approve", {"role": "regional_admin", "regions": "ZA-GP"}).status_code
        == 403
    )
    problem(post("/api/auth/request-access", {**SAID, "sponsor": str(login_of(ROOT).id)}), 422, "invalid")


@on_database
def test_an_account_that_one_sponsored_is_no_second_person_for_oneself(signed_in):
    """The first of two who agree is not the second one, however often and in whatever session they say so."""
    super_admin("second@example.com")
    asked = waiting()
    for _ in range(2):
        client = signed_in(ROOT)
        last = approve(client, asked, role="super_admin")
    problem(last, 409, "second_person")
    assert not Login.objects.filter(memberships__role="super_admin", pk=asked.account).exists()
    browser("second@example.com").post("/request-access", {**SAID, "work_email": "two@asks.example"})
    theirs = AccessRequest.objects.get(sponsor=login_of("second@example.com").id)
    Client().post(link_in(mails("two@asks.example")[0]))
    assert approve(signed_in(ROOT), theirs, role="super_admin").status_code == 202
    problem(approve(signed_in("second@example.com"), theirs, role="super_admin"), 403, "own_request")


@on_database
def test_a_reopened_request_needs_its_two_people_afresh(signed_in):
    second = super_admin("second@example.com")
    asked, root = waiting(), signed_in(ROOT)
    approve(root, asked, role="super_admin")
    reject(signed_in(second), asked)
    assert post(f"/api/admin/reopen/{asked.id}", client=root).json()["state"] == "waiting"
    assert approve(signed_in(second), asked, role="super_admin").status_code == 202, "the old agreement is gone"
    assert approve(root, asked, role="super_admin").status_code == 200


# -- old links ---------------------------------------------------------------------------------------------------------


@on_database
def test_a_status_link_ends_with_what_it_shows(signed_in):
    asked = waiting()
    status = link_in(mails(TO)[0])
    reject(signed_in(ROOT), asked)
    assert Client().get(status).status_code == 200
    AccessRequest.objects.update(forget_at=timezone.now())
    answer = Client().get(status)
    assert answer.status_code == 404 and "has been deleted since" in answer.content.decode()
    problem(post(f"/api/admin/reopen/{asked.id}", client=signed_in(GAUTENG)), 404, "not_found")


@on_database
def test_a_newcomer_whose_link_ran_out_gets_in_by_the_forgotten_password(signed_in):
    approve(signed_in(ROOT), waiting(), role="operator")
    link = link_in(mails(TO)[0])
    login_of(TO).links.update(expires_at=timezone.now() - timedelta(seconds=1))
    for answer in (Client().get(link), Client().post(link, {"new": NEW})):
        assert answer.status_code == 404
    assert log_in(TO, NEW).status_code == 401
    Client().post("/forgot-password", {"email": TO})
    assert Client().post(link_in(mails(TO)[0]), {"new": NEW}).status_code == 302
    assert log_in(TO, NEW).json()["roles"] == ["operator"]


@on_database
def test_an_admin_elsewhere_learns_nothing_from_trying(signed_in):
    """Not whether there is a request, how it stands, nor whose it is: one answer for what is not theirs."""
    asked = waiting(region="US-TX")
    client = signed_in(admin_of("US-CA", "ca@example.com"))
    answers = []
    for key in (asked.id, "00000000-0000-7000-8000-000000000000", "no-uuid"):
        body = problem(post(f"/api/admin/approve/{key}", {"role": "operator"}, client=client), 404, "not_found")
        body.pop("request_id", None)
        answers.append({**body, "instance": None})
    assert answers[0] == answers[1] == answers[2]
