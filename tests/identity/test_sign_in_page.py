"""/login and the cookie it gives."""

import pytest
from django.conf import settings
from django.test import Client

from shared_apps.identity.models import Session
from tests import world
from tests.identity.people import ADMIN, OPERATOR, bearer, browser, login_of, problem, suspend

pytestmark = pytest.mark.django_db(databases=["default", "schools"])


def sign_in(client: Client, email: str = ADMIN, password: str = world.PASSWORD, **more: str):
    return client.post("/login", {"email": email, "password": password, **more})


def test_the_cookie_is_for_the_server_alone():
    client = Client()
    answer = sign_in(client)
    assert answer.status_code == 302
    cookie = answer.cookies[settings.SESSION_COOKIE]
    assert cookie["httponly"] and cookie["samesite"] == "Lax" and cookie["path"] == "/" and not cookie["domain"]
    assert client.get("/api/me").json()["roles"] == ["school_admin"]
    problem(bearer(cookie.value).get("/api/me"), 401, "token_invalid")


def test_a_wrong_password_gives_no_cookie_and_the_same_page_for_an_unknown_address():
    pages = []
    for email in (ADMIN, "nobody@nowhere.example"):
        answer = sign_in(Client(), email, "wrong")
        assert answer.status_code == 401 and settings.SESSION_COOKIE not in answer.cookies
        pages.append(answer.content.decode().replace(email, ""))
    assert len(pages[0]) == len(pages[1])
    assert not Session.objects.exists()


def test_signing_in_needs_the_csrf_token():
    assert sign_in(Client(enforce_csrf_checks=True)).status_code == 403
    assert not Session.objects.exists()


@pytest.mark.parametrize(
    "wanted", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "\t//evil.example"]
)
def test_nobody_is_sent_elsewhere_after_signing_in(wanted):
    for answer in (sign_in(Client(), next=wanted), browser(ADMIN).get("/login", {"next": wanted})):
        assert answer.status_code == 302 and "evil" not in answer["Location"]
        assert answer["Location"].startswith("/") and not answer["Location"].startswith("//")


def test_a_choice_of_school_does_not_ask_for_the_password_again():
    client = Client()
    answer = sign_in(client, "both@example.com")
    ticket = answer.context["ticket"]
    assert settings.SESSION_COOKIE not in answer.cookies
    assert client.post("/login", {"ticket": ticket, "school": "riverside"}).status_code == 302
    assert client.get("/api/me").json()["school"]["slug"] == "riverside"


def test_a_ticket_is_good_for_its_own_person_and_password_alone():
    ticket = sign_in(Client(), "both@example.com").context["ticket"]
    for wrong in ({"ticket": ticket[:-2] + "xx", "school": "riverside"}, {"ticket": ticket, "school": "baobab"}):
        assert Client().post("/login", wrong).status_code == 401
    login = login_of("both@example.com")
    login.password_hash = "changed"
    login.save()
    assert Client().post("/login", {"ticket": ticket, "school": "riverside"}).status_code == 401
    assert not Session.objects.exists()


def test_a_suspended_schools_page_says_so_after_the_right_password_alone():
    suspend("greenfield")
    assert sign_in(Client()).status_code == 423
    assert sign_in(Client(), password="wrong").status_code == 401


def test_the_eleventh_try_is_refused_on_the_page_too():
    for _ in range(10):
        sign_in(Client(), password="wrong")
    answer = sign_in(Client())
    assert answer.status_code == 429 and answer["Retry-After"].isdigit()


def test_signing_in_anew_ends_the_session_before():
    client = Client()
    sign_in(client)
    sign_in(client, OPERATOR)
    assert [session.revoked_at is None for session in Session.objects.order_by("created_at")] == [False, True]
    assert client.get("/api/me").json()["roles"] == ["operator"]


def test_signing_out_forgets_the_cookie_and_a_link_does_not():
    client = browser(ADMIN)
    client.get("/sign-out")
    assert client.get("/api/me").status_code == 200
    answer = client.post("/sign-out")
    assert answer.status_code == 302 and answer.cookies[settings.SESSION_COOKIE].value == ""
    assert Session.objects.get().revoked_at
