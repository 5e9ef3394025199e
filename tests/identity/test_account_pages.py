"""The pages about oneself, and the rules every page keeps."""

import json
from datetime import timedelta

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from shared_apps.audit.models import PlatformEvent
from shared_apps.identity.models import Login, Session
from shared_apps.identity.services.sign_in import email_hash
from shared_apps.schools.models import UsedSlug
from tenant_apps.people.models import SchoolProfile
from tenants import token
from tenants.scope import school_scope
from tests.world import PASSWORD

PAGES = ("profile", "password", "sessions", "appearance", "language")


@pytest.fixture
def admin(greenfield):
    client = Client()
    assert client.post("/login", {"email": greenfield.email("admin"), "password": PASSWORD}).status_code == 302
    return client


def login_of(greenfield):
    return Login.objects.get(email_hash=email_hash(greenfield.email("admin")))


@pytest.mark.parametrize("name", PAGES)
def test_a_stranger_is_sent_to_sign_in(world_db, name):
    assert Client().get(f"/account/{name}")["Location"].startswith("/login?next=")


@pytest.mark.parametrize("name", PAGES)
def test_every_page_opens_and_is_never_kept(admin, name):
    page = admin.get(f"/account/{name}")
    assert page.status_code == 200 and page["Cache-Control"] == "no-store"
    assert "Environment: Local. This is not production." in page.content.decode()


@pytest.mark.parametrize("name", PAGES)
def test_a_form_of_another_site_changes_nothing(greenfield, admin, name):
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = admin.cookies
    if name != "profile":
        assert strict.post(f"/account/{name}", {}).status_code == 403


def test_the_profile_shows_who_one_is(admin, greenfield):
    page = admin.get("/account/profile").content.decode()
    assert greenfield.canary in page and "School admin" in page and "Africa/Johannesburg" in page


# -- another school, addresses that do not exist ----------------------------------------------------------------------


def test_another_schools_page_is_refused_with_a_number_and_recorded(admin, riverside):
    page = admin.get("/s/riverside/learners")
    text = page.content.decode()
    assert page.status_code == 403 and "This page belongs to another school." in text
    assert page["X-Request-Id"] in text and 'href="/"' in text and riverside.canary not in text
    assert PlatformEvent.objects.filter(kind="wall.other_school_refused").count() == 1


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("riverside", "riverside"),
        ("river-side", "river-side"),
        ("thandiwe-dlamini-9-march", "unknown"),
        ("%00", "unknown"),
    ],
)
def test_of_what_is_typed_only_a_schools_address_is_kept(admin, riverside, typed, kept):
    UsedSlug.objects.create(slug="river-side", school_id=riverside.ref.id)  # had it once
    assert admin.get(f"/s/{typed}/learners").status_code == 403
    body = json.loads(PlatformEvent.objects.get(kind="wall.other_school_refused").body)
    assert body["facts"] == {"path_school": kept}


def test_an_unknown_address_is_a_page_with_a_number_and_a_way_out(admin, world_db):
    for client in (admin, Client()):
        page = client.get("/nowhere")
        assert page.status_code == 404 and page["X-Request-Id"] in page.content.decode()
        assert "This page does not exist" in page.content.decode()


def test_an_unknown_api_address_stays_json(admin):
    answer = admin.get("/api/nowhere")
    assert answer.status_code == 404 and answer["Content-Type"].startswith("application/problem+json")


def test_a_failure_nobody_foresaw_is_a_page_with_a_number(admin, monkeypatch):
    def broken(**_: object) -> None:
        raise RuntimeError("unforeseen")

    monkeypatch.setattr("shared_apps.identity.services.sign_in.open_sessions", broken)
    admin.raise_request_exception = False
    page = admin.get("/account/sessions")
    assert page.status_code == 500 and page["X-Request-Id"] in page.content.decode()
    assert "unforeseen" not in page.content.decode()


# -- signing out, sessions --------------------------------------------------------------------------------------------


def test_signing_out_ends_the_session_and_takes_the_cookie(admin, greenfield):
    kept = admin.cookies[settings.SESSION_COOKIE].value
    answer = admin.post("/sign-out")
    assert answer["Location"] == "/login" and answer.cookies[settings.SESSION_COOKIE]["max-age"] == 0
    other = Client()
    other.cookies[settings.SESSION_COOKIE] = kept
    assert other.get("/account/profile").status_code == 302
    assert not Session.objects.filter(revoked_at=None).exists()


def test_a_link_to_sign_out_signs_nobody_out(admin):
    assert admin.get("/sign-out")["Location"] == "/"
    assert admin.get("/account/profile").status_code == 200


def test_sessions_shows_ones_devices_and_ends_one(admin, greenfield):
    other = Client(headers={"user-agent": "Mozilla/5.0 (Linux; Android 14) Chrome/120.0 Mobile Safari/537.36"})
    other.post("/login", {"email": greenfield.email("admin"), "password": PASSWORD})
    page = admin.get("/account/sessions").content.decode()
    assert "Chrome · Android" in page and "This device" in page
    wanted = Session.objects.latest("created_at")
    assert admin.post("/account/sessions", {"session": str(wanted.id)}).status_code == 302
    assert other.get("/account/profile").status_code == 302
    assert admin.post("/account/sessions", {"session": str(wanted.id)}).status_code == 404


@pytest.mark.parametrize("wanted", ["", "no-uuid", "0190b7c8-0000-7000-8000-000000000000"])
def test_ending_what_is_no_session_of_mine_is_not_found(admin, wanted):
    assert admin.post("/account/sessions", {"session": wanted}).status_code == 404


def test_nobody_ends_somebody_elses_session(admin, riverside):
    other = Client()
    other.post("/login", {"email": riverside.email("admin"), "password": PASSWORD})
    theirs = Session.objects.latest("created_at")
    assert admin.post("/account/sessions", {"session": str(theirs.id)}).status_code == 404
    assert other.get("/account/profile").status_code == 200


def test_signing_out_everywhere_else_keeps_this_device(admin, greenfield):
    other = Client()
    other.post("/login", {"email": greenfield.email("admin"), "password": PASSWORD})
    admin.post("/account/sessions", {"session": "others"})
    assert other.get("/account/profile").status_code == 302
    assert admin.get("/account/profile").status_code == 200


def aged(client: Client, greenfield, hours: float) -> str:
    """The client's token as if it had been signed `hours` ago."""
    claims = token.verify(client.cookies[settings.SESSION_COOKIE].value, typ=token.BROWSER)
    old = token.sign(claims, typ=token.BROWSER, now=timezone.now() - timedelta(hours=hours))
    client.cookies[settings.SESSION_COOKIE] = old
    return old


def test_use_renews_an_older_cookie_and_a_young_one_is_left_alone(admin, greenfield):
    assert settings.SESSION_COOKIE not in admin.get("/account/profile").cookies
    aged(admin, greenfield, 2)
    fresh = admin.get("/account/profile").cookies[settings.SESSION_COOKIE]
    assert fresh["httponly"] and timezone.now() - token.issued_at(fresh.value) < timedelta(minutes=1)


def test_a_page_that_polls_by_itself_does_not_count_as_use(admin, greenfield):
    aged(admin, greenfield, 2)
    assert settings.SESSION_COOKIE not in admin.get("/account/profile", headers={"x-live": "1"}).cookies


def test_signing_out_wins_over_renewing(admin, greenfield):
    aged(admin, greenfield, 2)
    assert admin.post("/sign-out").cookies[settings.SESSION_COOKIE]["max-age"] == 0


def test_after_twelve_hours_without_use_one_signs_in_again(admin, greenfield):
    aged(admin, greenfield, 13)
    assert admin.get("/account/profile").status_code == 302


# -- password ---------------------------------------------------------------------------------------------------------


def change(client, current=PASSWORD, new="correct horse battery"):
    return client.post("/account/password", {"current": current, "new": new})


def test_a_new_password_works_and_ends_other_sessions(admin, greenfield):
    other = Client()
    other.post("/login", {"email": greenfield.email("admin"), "password": PASSWORD})
    assert change(admin)["Location"] == "/account/profile?saved=password"
    assert "Password changed." in admin.get("/account/profile?saved=password").content.decode()
    assert other.get("/account/profile").status_code == 302
    again = Client().post("/login", {"email": greenfield.email("admin"), "password": "correct horse battery"})
    assert again.status_code == 302


@pytest.mark.parametrize(
    ("current", "new", "says"),
    [
        ("wrong", "correct horse battery", "The current password is wrong."),
        (PASSWORD, "short", "Use at least 10 characters."),
        (PASSWORD, "aaaaaaaaaaaa", "Use more different characters."),
        ("", "correct horse battery", "This field is required."),
    ],
)
def test_a_wrong_or_weak_password_is_named_and_changes_nothing(admin, greenfield, current, new, says):
    before = login_of(greenfield).password_hash
    page = change(admin, current, new)
    assert page.status_code == 422 and says in page.content.decode()
    assert login_of(greenfield).password_hash == before


def test_guessing_the_current_password_is_slowed_down(admin):
    for _ in range(10):
        assert change(admin, "wrong").status_code == 422
    assert change(admin).status_code == 429


def test_a_temporary_password_must_be_changed_before_anything_else(greenfield):
    Login.objects.filter(pk=login_of(greenfield).pk).update(must_change_password=True)
    client = Client()
    answer = client.post(
        "/login", {"email": greenfield.email("admin"), "password": PASSWORD, "next": "/account/profile"}
    )
    assert answer["Location"] == "/account/password"
    assert client.get("/account/profile")["Location"] == "/account/password"
    assert "Your password is temporary." in client.get("/account/password").content.decode()
    assert change(client)["Location"] == "/"
    assert client.get("/account/profile").status_code == 200


def test_with_a_temporary_password_one_may_still_leave(greenfield):
    Login.objects.filter(pk=login_of(greenfield).pk).update(must_change_password=True)
    client = Client()
    client.post("/login", {"email": greenfield.email("admin"), "password": PASSWORD})
    assert client.post("/sign-out")["Location"] == "/login"


# -- appearance and language ------------------------------------------------------------------------------------------


def test_a_theme_is_kept_for_the_device_and_the_person(admin, greenfield):
    admin.post("/account/appearance", {"theme": "contrast", "text": "large", "keys": "off"})
    page = admin.get("/account/appearance").content.decode()
    assert '<html lang="en" data-theme="contrast"' in page and 'data-text="large"' in page and 'data-keys="off"' in page
    assert login_of(greenfield).appearance == "contrast"
    admin.post("/account/appearance", {"theme": "", "text": "", "keys": ""})
    assert "data-theme=" not in admin.get("/account/appearance").content.decode()


def test_a_theme_nobody_offers_is_refused(admin, greenfield):
    assert admin.post("/account/appearance", {"theme": "neon"}).status_code == 422
    assert login_of(greenfield).appearance == ""
    admin.cookies["theme"] = '"><script>'
    assert "data-theme=" not in admin.get("/account/appearance").content.decode()


def test_ones_own_language_wins_over_the_schools(admin, greenfield):
    with school_scope(greenfield.ref):
        SchoolProfile.objects.update(default_language="zu")
    assert '<html lang="zu"' in admin.get("/account/profile").content.decode()
    admin.post("/account/language", {"language": "af"})
    page = admin.get("/account/profile")
    assert '<html lang="af"' in page.content.decode() and page["Content-Language"] == "af"
    admin.post("/account/language", {"language": ""})
    assert '<html lang="zu"' in admin.get("/account/profile").content.decode()


def test_a_language_nobody_offers_is_refused(admin):
    page = admin.post("/account/language", {"language": "xx"})
    assert page.status_code == 422 and "Select a valid choice" in page.content.decode()


def test_a_stranger_chooses_a_language_and_is_sent_back_only_here(world_db):
    client = Client()
    assert client.post("/language", {"language": "zu", "next": "/login"})["Location"] == "/login"
    assert "Ngena ngemvume" in client.get("/login").content.decode()
    assert client.post("/language", {"language": "en", "next": "//evil.example"})["Location"] == "/"
    client.post("/language", {"language": "xx"})
    assert '<html lang="en"' in client.get("/login").content.decode()


@pytest.mark.parametrize(("asked", "spoken"), [("zu", "zu"), ("af-ZA,en;q=0.5", "af"), ("fr", "en")])
def test_a_strangers_browser_says_what_it_reads(world_db, asked, spoken):
    assert f'<html lang="{spoken}"' in Client(headers={"accept-language": asked}).get("/login").content.decode()


def test_times_are_the_schools_own(admin):
    seen = timezone.now().astimezone(timezone.get_fixed_timezone(120))
    assert f"Last used: {seen.day} {seen:%b %Y}, {seen:%H}" in admin.get("/account/sessions").content.decode()
