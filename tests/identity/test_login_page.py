"""What a person meets on the sign-in page: several schools, suspended, where it leads, its cookie, its language."""

from html.parser import HTMLParser

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from shared_apps.audit.models import PlatformEvent
from shared_apps.identity.models import Login, Session
from shared_apps.identity.services.sign_in import email_hash
from tenants import token
from tenants.models import School, SchoolState
from tests.world import PASSWORD


class Hidden(HTMLParser):
    """The hidden fields a browser would send back; the page's own form comes first."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.fields: dict[str, str] = {}
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        held = dict(attrs)
        if tag == "input" and held.get("type") == "hidden" and held.get("name"):
            self.fields.setdefault(held["name"], held.get("value") or "")


def post(client: Client, email: str, password: str = PASSWORD, **more: str):
    return client.post("/login", {"email": email, "password": password, **more})


def test_an_admin_signs_in_and_lands_on_today(greenfield):
    client = Client()
    answer = post(client, greenfield.email("admin"))
    assert answer.status_code == 302 and answer["Location"] == "/"
    assert client.get("/")["Location"] == "/s/greenfield/"


@pytest.mark.parametrize(("who", "lands"), [("teacher", "/s/greenfield/register"), ("officer", "/s/greenfield/gate")])
def test_everybody_lands_on_the_first_page_they_may_open(greenfield, who, lands):
    client = Client()
    post(client, greenfield.email(who))
    assert client.get("/")["Location"] == lands


def test_platform_people_land_on_the_console(world_db):
    client = Client()
    post(client, "operator@example.com")
    assert client.get("/")["Location"] == "/operator"
    assert "Operator" in client.get("/account/profile").content.decode()


def test_the_cookie_is_closed_to_scripts_and_to_other_sites(greenfield):
    cookie = post(Client(), greenfield.email("admin")).cookies[settings.SESSION_COOKIE]
    assert (
        cookie["httponly"] and cookie["samesite"] == "Lax" and cookie["max-age"] == 12 * 3600 and cookie["path"] == "/"
    )
    assert token.verify(cookie.value, typ=token.BROWSER).school == greenfield.ref.id
    with pytest.raises(token.BadToken):
        token.verify(cookie.value, typ=token.ACCESS)


def test_over_https_the_cookie_is_bound_to_this_host(greenfield, settings):
    settings.HTTPS, settings.SESSION_COOKIE = True, "__Host-session"
    cookie = post(Client(), greenfield.email("admin")).cookies["__Host-session"]
    assert cookie["secure"] and cookie["path"] == "/" and not cookie["domain"]


def test_a_wrong_password_and_an_unknown_address_look_the_same(greenfield):
    pages = [post(Client(), email, "wrong") for email in (greenfield.email("admin"), "nobody@nowhere.example")]
    for page in pages:
        assert page.status_code == 401 and settings.SESSION_COOKIE not in page.cookies
        assert "The email address or the password is wrong" in page.content.decode()
        assert "<title>Error: Sign in" in page.content.decode()


def test_what_was_typed_is_kept_but_never_the_password(greenfield):
    page = post(Client(), greenfield.email("admin"), "my-wrong-guess").content.decode()
    assert greenfield.email("admin") in page and "my-wrong-guess" not in page


@pytest.mark.parametrize("missing", ["email", "password"])
def test_an_empty_field_is_named(greenfield, missing):
    fields = {"email": greenfield.email("admin"), "password": PASSWORD, missing: ""}
    page = Client().post("/login", fields)
    assert page.status_code == 422 and "This field is required." in page.content.decode()


@pytest.mark.parametrize("odd", ["a\0b", "\ud800", "x" * 300])
def test_what_cannot_be_an_address_is_a_wrong_field_and_no_failure(greenfield, odd):
    page = Client().post("/login", {"email": odd.encode("utf-8", "surrogatepass"), "password": PASSWORD})
    assert page.status_code in (401, 422)


def test_the_eleventh_try_is_refused_even_with_the_right_password(greenfield):
    for _ in range(10):
        assert post(Client(), greenfield.email("admin"), "wrong").status_code == 401
    page = post(Client(), greenfield.email("admin"))
    assert page.status_code == 429 and int(page["Retry-After"]) > 0
    assert "Wait 15 minutes" in page.content.decode()
    assert post(Client(), greenfield.email("teacher")).status_code == 302


def test_somebody_at_two_schools_chooses_one_without_the_password_again(greenfield, riverside):
    client = Client()
    page = post(client, "both@example.com", next="/account/sessions")
    text = page.content.decode()
    assert page.status_code == 200 and "Greenfield Primary" in text and "Riverside High" in text
    assert PASSWORD not in text and settings.SESSION_COOKIE not in page.cookies
    answer = client.post("/login", {**Hidden(text).fields, "school": "riverside"})
    assert answer.status_code == 302 and answer["Location"] == "/account/sessions"
    assert "Riverside High" in client.get("/account/profile").content.decode()


def test_somebody_at_two_schools_may_name_one_at_once(greenfield):
    client = Client()
    assert post(client, "both@example.com", school="greenfield").status_code == 302
    assert "Greenfield Primary" in client.get("/account/profile").content.decode()


def test_a_school_one_does_not_work_at_cannot_be_chosen(greenfield, riverside):
    assert post(Client(), greenfield.email("admin"), school="riverside").status_code == 401
    client = Client()
    fields = Hidden(post(client, "both@example.com").content.decode()).fields
    assert client.post("/login", {**fields, "school": "nowhere"}).status_code == 401


def test_a_ticket_is_worth_nothing_forged_or_after_a_new_password(greenfield):
    client = Client()
    fields = Hidden(post(client, "both@example.com").content.decode()).fields
    forged = client.post("/login", {**fields, "ticket": fields["ticket"][:-2] + "xx", "school": "greenfield"})
    assert forged.status_code == 401 and settings.SESSION_COOKIE not in forged.cookies
    Login.objects.filter(email_hash=email_hash("both@example.com")).update(password_hash="changed")
    assert client.post("/login", {**fields, "school": "greenfield"}).status_code == 401


def test_a_suspended_school_says_so_only_after_a_right_password(greenfield):
    School.objects.filter(pk=greenfield.ref.id).update(state=SchoolState.DISABLED)
    right = post(Client(), greenfield.email("admin"))
    assert right.status_code == 423 and "This school is suspended" in right.content.decode()
    assert post(Client(), greenfield.email("admin"), "wrong").status_code == 401


def test_a_school_suspended_meanwhile_answers_every_page_with_423_and_a_way_out(greenfield):
    client = Client()
    post(client, greenfield.email("admin"))
    School.objects.filter(pk=greenfield.ref.id).update(state=SchoolState.DISABLED)
    page = client.get("/account/profile")
    assert page.status_code == 423 and "/login" in page.content.decode()


@pytest.mark.parametrize(
    ("wanted", "lands"),
    [
        ("/account/sessions?a=b", "/account/sessions?a=b"),
        ("//evil.example/", "/"),
        ("https://evil.example/", "/"),
        ("/\\evil.example", "/"),
        ("/\t/evil.example", "/"),
        ("\\\\evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("account", "/"),
        ("http:/evil", "/"),
        ("http://[broken", "/"),
    ],
)
def test_signing_in_leads_nowhere_but_here(greenfield, wanted, lands):
    assert post(Client(), greenfield.email("admin"), next=wanted)["Location"] == lands


def test_a_stranger_is_sent_to_sign_in_and_back(world_db):
    answer = Client().get("/account/sessions?x=1")
    assert answer.status_code == 302 and answer["Location"] == "/login?next=%2Faccount%2Fsessions%3Fx%3D1"
    page = Client().get(answer["Location"]).content.decode()
    assert Hidden(page).fields["next"] == "/account/sessions?x=1"


def test_somebody_signed_in_need_not_do_it_again(greenfield):
    client = Client()
    post(client, greenfield.email("admin"))
    assert client.get("/login?next=/account/language")["Location"] == "/account/language"


def test_signing_in_as_somebody_else_ends_the_session_before(greenfield):
    client = Client()
    post(client, greenfield.email("admin"))
    post(client, greenfield.email("teacher"))
    assert Session.objects.filter(revoked_at=None).count() == 1


def test_a_form_of_another_site_is_refused(greenfield):
    client = Client(enforce_csrf_checks=True)
    page = post(client, greenfield.email("admin"))
    assert page.status_code == 403 and settings.SESSION_COOKIE not in page.cookies
    client.get("/login")
    answer = post(client, greenfield.email("admin"), csrfmiddlewaretoken=client.cookies["csrftoken"].value)
    assert answer.status_code == 302


def test_the_theme_follows_the_person_to_a_new_device(greenfield):
    Login.objects.filter(email_hash=email_hash(greenfield.email("admin"))).update(appearance="dark")
    client = Client()
    post(client, greenfield.email("admin"))
    assert 'data-theme="dark"' in client.get("/account/profile").content.decode()


def test_signing_in_is_recorded(greenfield):
    before = timezone.now()
    post(Client(), greenfield.email("admin"))
    assert (
        PlatformEvent.objects.filter(kind="identity.signed_in", at__gte=before, school=greenfield.ref.id).count() == 1
    )
