"""Asking for access: the same answer for everybody, seen by nobody before the mailbox's owner says so."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from shared_apps.access.models import AccessRequest
from shared_apps.access.services import requests
from shared_apps.audit.models import PlatformEvent
from shared_apps.identity.models import Login
from shared_apps.post.models import Letter
from tests.access.people import ROOT, SAID, admin_of, ask, link_in, mails, waiting
from tests.identity.people import browser, login_of, post, problem

pytestmark = pytest.mark.django_db(databases=["default", "schools"])
TO = SAID["work_email"]


def seen(signed_in, email=ROOT, **query):
    return signed_in(email).get("/api/admin/requests", query).json()["items"]


def test_a_request_is_seen_once_its_sender_has_confirmed_it(signed_in):
    asked = ask()
    (mail,) = mails(TO)
    assert mail["language"] == "en" and asked.reference in mail["text"]
    assert seen(signed_in) == []
    for _ in range(2):  # a program that guards the mailbox looks, too
        page = Client().get(link_in(mail))
        assert page.status_code == 200 and page["Referrer-Policy"] == "no-referrer"
        assert page["Cache-Control"] == "no-store"
    assert seen(signed_in) == []
    answer = Client(enforce_csrf_checks=True).post(link_in(mail), headers={"Origin": "null"})
    assert answer.status_code == 302 and answer["Location"].startswith("/request-access/status/")
    (item,) = seen(signed_in)
    told = {name: item.pop(name) for name in ("id", "created_at")}
    assert item == {**SAID, "state": "waiting"} and told["id"] == str(asked.id)


def test_a_link_confirms_once_and_the_status_page_follows(signed_in):
    ask()
    link = link_in(mails(TO)[0])
    status = Client().post(link)["Location"]
    for answer in (Client().get(link), Client().post(link)):
        assert answer.status_code == 404 and "no longer works" in answer.content.decode()
    page = Client().get(status)
    assert page.status_code == 200 and "waits for a decision" in page.content.decode()
    assert page["Referrer-Policy"] == "no-referrer"
    received = mails(TO)[0]
    assert received["subject"] == "Your request for access is confirmed"
    assert link_in(received).partition("?")[0] == status.partition("?")[0]
    assert Client().get("/request-access/status/" + "x" * 43).status_code == 404


def test_the_secrets_of_the_two_links_are_not_each_others():
    ask()
    link = link_in(mails(TO)[0])
    secret = link.split("/")[-1].partition("?")[0]
    assert Client().get(f"/request-access/status/{secret}").status_code == 404
    assert Client().get(f"/set-password/{secret}").status_code == 404


def test_a_known_address_gets_the_same_answer_as_an_unknown_one(signed_in):
    answers = [post("/api/auth/request-access", {**SAID, "work_email": email}) for email in (ROOT, TO)]
    assert {(answer.status_code, *answer.json()) for answer in answers} == {(202, "reference")}
    texts = []
    for email in (ROOT, TO):
        (mail,) = mails(email)
        texts.append((mail["subject"], len(mail["text"])))
    assert texts[0] == texts[1]


def test_nothing_that_was_typed_is_mailed_to_a_stranger():
    spam = "Win a prize at https://spam.example"
    ask(full_name=spam, organization=spam, reason=spam)
    (mail,) = mails(TO)
    assert "spam.example" not in mail["text"] + mail["subject"]


def test_who_asks_lies_sealed_and_never_among_those_who_sign_in():
    before = Login.objects.count()
    asked = waiting()
    row = AccessRequest.objects.filter(pk=asked.pk).values().get()
    kept = repr({name: bytes(value) if isinstance(value, memoryview) else value for name, value in row.items()})
    assert not any(word in kept for word in ("Naledi", "naledi", "Tshwane", "north"))
    assert AccessRequest._meta.db_table == "operator_requests"
    assert Login.objects.count() == before
    assert not any("aledi" in body for body in PlatformEvent.objects.values_list("body", flat=True))


@pytest.mark.parametrize(
    ("field", "value"),
    [("work_email", "no address"), ("region", "ZZ-9"), ("region", ""), ("full_name", " "), ("reason", ""),
     ("organization", "\0"), ("reason", "x" * 1001)],
)  # fmt: skip
def test_what_is_not_right_is_said_and_nothing_is_written(field, value):
    body = problem(post("/api/auth/request-access", {**SAID, field: value}), 422, "invalid")
    assert field in body["errors"][0]["field"]
    assert not AccessRequest.objects.exists() and not Letter.objects.exists()


def test_an_unknown_key_is_refused_and_an_empty_body_too():
    problem(post("/api/auth/request-access", {**SAID, "role": "super_admin"}), 422, "invalid")
    problem(Client().post("/api/auth/request-access", "", content_type="application/json"), 400, "malformed")


def test_the_sixth_request_of_an_address_in_a_day_is_refused_for_known_addresses_too():
    for email in (ROOT, TO):
        codes = [post("/api/auth/request-access", {**SAID, "work_email": email}).status_code for _ in range(6)]
        assert codes == [202] * 5 + [429]


def test_a_network_that_asks_and_asks_is_slowed():
    for number in range(60):
        ask(work_email=f"n{number}@x.example")
    answer = post("/api/auth/request-access", {**SAID, "work_email": "one.more@x.example"})
    problem(answer, 429, "too_many_requests")
    assert answer["Retry-After"].isdigit()


def test_an_unconfirmed_request_is_forgotten_after_a_week(signed_in):
    asked = ask()
    link = link_in(mails(TO)[0])
    AccessRequest.objects.update(forget_at=timezone.now() - timedelta(seconds=1))
    assert Client().post(link).status_code == 404
    assert asked.forget_at - asked.created_at == timedelta(days=7)
    assert requests.tidy(now=timezone.now()) == 1 and not AccessRequest.objects.exists()


def test_somebody_signed_in_who_asks_for_another_is_its_sponsor():
    asking = browser(ROOT)
    assert asking.post("/request-access", SAID).status_code == 302
    assert AccessRequest.objects.get().sponsor == login_of(ROOT).id


# -- the page ---------------------------------------------------------------------------------------------------------


def test_the_page_works_without_javascript_and_says_the_reference(signed_in):
    client = Client()
    page = client.get("/request-access")
    assert page.status_code == 200 and '<option value="ZA-GP">Gauteng</option>' in page.content.decode()
    answer = client.post("/request-access", SAID)
    assert answer.status_code == 302
    reference = AccessRequest.objects.get().reference
    assert f"Your reference: {reference}" in client.get(answer["Location"]).content.decode()


def test_the_page_keeps_what_was_typed_and_names_each_problem():
    answer = Client().post("/request-access", {**SAID, "work_email": "nope", "region": "XX"})
    text = answer.content.decode()
    assert answer.status_code == 422 and "There is a problem" in text and "Naledi Khumalo" in text
    assert 'href="#id_work_email"' in text and 'href="#id_region"' in text


def test_the_page_needs_the_csrf_token():
    assert Client(enforce_csrf_checks=True).post("/request-access", SAID).status_code == 403
    assert not AccessRequest.objects.exists()


@pytest.mark.parametrize(("language", "words"), [("af", "Versoek toegang"), ("zu", "Cela ukungena")])
def test_the_page_and_its_email_speak_the_readers_language(language, words):
    client = Client(headers={"Accept-Language": language})
    assert words in client.get("/request-access").content.decode()
    client.post("/request-access", SAID)
    (mail,) = mails(TO)
    assert mail["language"] == language
    confirming = Client().get(link_in(mail))
    assert confirming["Content-Language"] == language


def test_the_sign_in_page_leads_to_it():
    assert 'href="/request-access"' in Client().get("/login").content.decode()


def test_an_admin_sees_a_new_request_of_their_region_alone(signed_in):
    waiting()
    assert len(seen(signed_in, "gauteng@example.com")) == 1
    assert seen(signed_in, admin_of("US-TX", "texas@example.com")) == []
