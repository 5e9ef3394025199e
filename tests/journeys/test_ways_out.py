"""Doors that stay shut say so kindly; sign-in needs no script; the API's page keeps the strict policy."""

import pytest
from playwright.sync_api import expect

from shared_apps.identity.models import Login
from shared_apps.identity.services.sign_in import email_hash
from tests.journeys.acts import axe_clean, fits, sign_in, snap

pytestmark = pytest.mark.journey
REFUSED = {"en": "You may not open this page", "af": "Jy mag nie", "zu": "Awuvunyelwe ukuvula leli khasi"}
MISSING = {"en": "This page does not exist", "af": "Hierdie bladsy bestaan nie", "zu": "Leli khasi alikho"}


@pytest.mark.parametrize(("language", "width"), [("en", 360), ("zu", 360), ("af", 800)])
def test_a_wrong_schools_page_is_refused_in_ones_own_language(visit, language, width):
    page = visit(width=width, height=740)
    sign_in(page, "admin@greenfield.example")
    page.goto("/account/language")
    page.locator(f"[name=language][value={language}]").check()
    page.locator("main [type=submit]").click()
    for path, words in (("/s/riverside/", REFUSED), ("/s/greenfield/nowhere", MISSING)):
        page.goto(path)
        expect(page.locator("h1")).to_contain_text(words[language])
        axe_clean(page)
        fits(page)
        snap(page, f"refused{path.replace('/', '-').rstrip('-')}-{language}-{width}")
    page.locator("main .button--primary").click()
    page.wait_for_url("**/s/greenfield/")


def test_signing_in_at_one_of_two_schools_works_without_script(visit):
    page = visit(width=360, height=740, script=False)
    page.goto("/login?next=/account/profile")
    page.locator("[name=email]").fill("both@example.com")
    page.locator("[name=password]").fill("password123")
    page.locator("form[action='/login'] [type=submit]").click()
    expect(page.locator("h1")).to_have_text("Choose a school")
    snap(page, "choose-school-en-phone")
    page.get_by_role("button", name="Riverside High").click()
    page.wait_for_url("**/account/profile")
    expect(page.get_by_role("main")).to_contain_text("Riverside High")
    page.locator(".person > summary").click()
    page.locator("form[action='/sign-out'] button").click()
    page.wait_for_url("**/login")


def test_a_temporary_password_is_changed_first(visit, live_site):
    Login.objects.filter(email_hash=email_hash("teacher@riverside.example")).update(must_change_password=True)
    page = visit(width=360, height=740)
    sign_in(page, "teacher@riverside.example")
    expect(page).to_have_url(f"{live_site.url}/account/password")
    axe_clean(page)
    fits(page)
    snap(page, "temporary-password-en-phone")
    page.locator("[name=current]").fill("password123")
    page.locator("[name=new]").fill("short")
    page.get_by_role("button", name="Save password").click()
    expect(page.locator("[name=new]")).to_have_attribute("aria-invalid", "true")
    axe_clean(page)
    snap(page, "temporary-password-wrong-en-phone")
    page.locator("[name=current]").fill("password123")
    page.locator("[name=new]").fill("maroela tree shade")
    page.get_by_role("button", name="Save password").click()
    page.wait_for_url("**/s/riverside/**")


def test_nothing_gets_lost_at_320_pixels_and_four_hundred_per_cent(visit):
    page = visit(width=320, height=256)
    page.goto("/login")
    fits(page)
    sign_in(page, "admin@greenfield.example")
    for name in ("profile", "sessions", "appearance", "language", "password"):
        page.goto(f"/account/{name}")
        fits(page)


def test_the_apis_own_page_opens_under_the_strict_policy(visit):
    page = visit()
    page.goto("/api/docs")
    expect(page.get_by_text("/api/auth/login")).to_be_visible()
