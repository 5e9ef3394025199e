"""Single-use links: an invitation and a forgotten password. A visit uses nothing up; setting the password does."""

import logging
import re
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from config.logs import JsonLine, Where
from shared_apps.audit.models import PlatformEvent
from shared_apps.identity.models import Link, Login, Membership, Session
from shared_apps.identity.services import links
from shared_apps.post import services as post
from shared_apps.post.models import Letter
from tenants.problems import Refusal
from tests.identity.people import ADMIN, OPERATOR, STRANGER, browser, log_in, login_of, sessions_of

pytestmark = pytest.mark.django_db(databases=["default", "schools"])
NEW = "quiet river walks home"


def invited(email: str = ADMIN, now: datetime | None = None, **more) -> str:
    return links.invite(login_of(email), by="test", now=now or timezone.now(), **more)


def path_of(link: str) -> str:
    return link.removeprefix("http://localhost:8000")


def secret_of(link: str) -> str:
    return re.search(r"/set-password/([^?]+)", link)[1]


def asked(email: str = ADMIN, **more) -> str:
    """The link that a forgotten password brings to this address, "" for none."""
    answer = Client(headers=more).post("/forgot-password", {"email": email})
    assert (answer.status_code, answer["Location"]) == (302, "/forgot-password?sent")
    post.drain(now=timezone.now())
    mails = Client().get("/dev/mailbox.json", {"to": email}).json()["items"]
    return re.search(r"http\S+/set-password/\S+", mails[0]["text"])[0] if mails else ""


def test_a_visit_shows_the_form_and_sending_it_sets_the_password_once():
    path = path_of(invited())
    for _ in range(3):  # a guarded mailbox visits, too
        page = Client().get(path)
        assert page.status_code == 200 and 'autocomplete="new-password"' in page.content.decode()
    answer = Client(enforce_csrf_checks=True).post(path, {"new": NEW}, headers={"Origin": "null"})
    assert (answer.status_code, answer["Location"]) == (302, "/login?saved")
    assert log_in(ADMIN, NEW).status_code == 200 and log_in(ADMIN).status_code == 401
    for answer in (Client().get(path), Client().post(path, {"new": "another one entirely"})):
        assert answer.status_code == 404 and "no longer works" in answer.content.decode()
    assert log_in(ADMIN, NEW).status_code == 200


def test_setting_a_password_ends_every_session_and_every_other_link():
    client, other = browser(ADMIN), path_of(invited())
    assert client.get("/account/profile").status_code == 200
    Client().post(path_of(invited()), {"new": NEW})
    assert client.get("/account/profile").status_code == 302
    assert all(session.revoked_at for session in sessions_of(ADMIN))
    assert Client().get(other).status_code == 404
    kinds = set(PlatformEvent.objects.values_list("kind", flat=True))
    assert {"identity.link_made", "identity.password_set", "identity.session_revoked"} <= kinds


def test_changing_a_password_spends_the_links():
    path, client = path_of(invited()), browser(ADMIN)
    client.post("/account/password", {"current": "password123", "new": NEW})
    assert Client().get(path).status_code == 404


def test_a_temporary_password_gives_way_to_ones_own():
    Login.objects.update(must_change_password=True)
    Client().post(path_of(invited()), {"new": NEW})
    assert not login_of(ADMIN).must_change_password


@pytest.mark.parametrize(("purpose", "hours"), [("invite", 72), ("forgotten", 24)])
def test_a_link_lives_so_long_and_no_longer(purpose, hours):
    made = timezone.now()
    link = links._made(login_of(ADMIN), purpose, by="test", now=made, language="")
    secret = secret_of(link)
    assert links.look(secret, now=made + timedelta(hours=hours, seconds=-1)).purpose == purpose
    with pytest.raises(Refusal, match="link_spent"):
        links.redeem(secret, new=NEW, now=made + timedelta(hours=hours))
    links.tidy(now=made + timedelta(days=40))
    assert not Link.objects.exists()


def test_a_weak_password_is_refused_and_the_link_stays_good():
    path = path_of(invited())
    for weak in ("short", "aaaaaaaaaaaaaa", ""):
        answer = Client().post(path, {"new": weak})
        assert answer.status_code == 422 and answer["Referrer-Policy"] == "no-referrer"
    assert Client().post(path, {"new": NEW}).status_code == 302


def test_only_a_hash_of_the_secret_is_kept():
    secret = secret_of(invited())
    assert len(secret) >= 43
    stored = bytes(Link.objects.get().digest)
    assert secret.encode() not in stored and len(stored) == 32


def test_the_page_of_a_link_is_told_to_nobody_and_kept_nowhere(caplog):
    link = invited()
    with caplog.at_level(logging.INFO):
        for path in (path_of(link), f"/set-password/{'x' * 43}"):
            answer = Client().get(path)
            assert answer["Referrer-Policy"] == "no-referrer" and answer["Cache-Control"] == "no-store"
        Client().post(path_of(link), {"new": "short"})
    lines = []
    for line in caplog.records:
        Where().filter(line)
        lines.append(JsonLine().format(line))
    assert any('"set-password/<str:secret>"' in line for line in lines), "the refusals are in the log, by their route"
    assert not any(secret_of(link) in line for line in lines)


def test_a_deactivated_login_cannot_come_back_by_a_link():
    path = path_of(invited())
    Login.objects.filter(pk=login_of(ADMIN).pk).update(active=False)
    assert Client().get(path).status_code == 404


def test_the_page_opens_in_the_language_of_the_email():
    page = Client().get(path_of(invited(language="zu")))
    assert page["Content-Language"] == "zu" and "Khetha iphasiwedi" in page.content.decode()
    link = path_of(invited(language="zu"))
    assert link.endswith("zu") and Client().get(link.removesuffix("zu") + "xx").status_code == 200


def test_a_forgotten_password_is_set_anew_by_the_email():
    link = asked(ADMIN)
    assert Client().post(path_of(link), {"new": NEW}).status_code == 302
    assert log_in(ADMIN, NEW).status_code == 200


def test_a_forgotten_password_is_answered_in_the_language_of_the_page():
    asked(ADMIN, **{"Accept-Language": "af"})
    (mail,) = Client().get("/dev/mailbox.json", {"to": ADMIN}).json()["items"]
    assert mail["language"] == "af" and mail["subject"] == "Kies ’n nuwe wagwoord" and "?in=af" in mail["text"]


def test_somebody_whose_roles_were_all_taken_away_is_sent_no_link():
    Membership.objects.filter(login=login_of(ADMIN)).update(active=False)
    assert asked(ADMIN) == "" and not Link.objects.exists()
    Membership.objects.filter(login=login_of(ADMIN)).update(active=True)
    assert asked(ADMIN)


def test_an_unknown_address_gets_the_same_answer_the_same_work_and_no_email():
    answers, queries = [], []
    for email in (ADMIN, STRANGER):
        client = Client()
        with CaptureQueriesContext(connection) as caught:
            answer = client.post("/forgot-password", {"email": email})
        queries.append([re.sub(r"\(.*", "", entry["sql"])[:60] for entry in caught.captured_queries])
        answers.append((answer.status_code, answer["Location"], client.get("/forgot-password?sent").content))
    assert answers[0][:2] == answers[1][:2] == (302, "/forgot-password?sent")
    assert queries[0] == queries[1] and len(queries[0]) > 5
    assert len(answers[0][2]) == len(answers[1][2])
    assert Letter.objects.count() == 2
    post.drain(now=timezone.now())
    assert Client().get("/dev/mailbox.json", {"to": STRANGER}).json()["items"] == []
    assert not Letter.objects.exclude(to_sealed=b"").exists(), "what nobody is sent is forgotten all the same"
    assert Link.objects.count() == 1


def test_the_sixth_question_in_an_hour_is_refused_for_unknown_addresses_too():
    for email in (ADMIN, STRANGER):
        answers = [Client().post("/forgot-password", {"email": email}) for _ in range(6)]
        assert [answer.status_code for answer in answers] == [302] * 5 + [429]
        assert answers[5]["Retry-After"].isdigit()
    assert Client().post("/forgot-password", {"email": OPERATOR}).status_code == 302, "others are not held up"


def test_a_network_that_asks_for_everybody_is_slowed():
    now = timezone.now()
    for number in range(60):
        links.forgot(email=f"n{number}@example.com", network="10.0.0.1", language="en", now=now)
    with pytest.raises(Refusal, match="too_many_requests"):
        links.forgot(email=ADMIN, network="10.0.0.1", language="en", now=now)
    links.forgot(email=ADMIN, network="10.0.0.2", language="en", now=now)
    links.forgot(email=ADMIN, network="10.0.0.1", language="en", now=now + timedelta(hours=1))


@pytest.mark.parametrize("email", ["", "no address", "a@b\0c.example", "a@b.example\nBcc: c@d.example"])
def test_what_is_no_address_is_said(email):
    answer = Client().post("/forgot-password", {"email": email})
    assert answer.status_code == 422 and not Letter.objects.exists()


def test_signing_in_is_not_what_a_link_does():
    client = Client()
    client.post(path_of(invited()), {"new": NEW})
    assert not Session.objects.exists() and client.get("/api/me").status_code == 401
    assert "Your password is saved" in client.get("/login?saved").content.decode()
