"""Signing in, as a person sees it: two languages, a phone and a desk, light and dark."""

import pytest
from playwright.sync_api import expect

from tests.journeys.acts import axe_clean, fits, sign_in, snap

pytestmark = pytest.mark.journey
SIZES = {"phone": (360, 740), "desk": (1280, 800)}


@pytest.mark.parametrize("place", SIZES)
@pytest.mark.parametrize(("language", "theme"), [("en", "light"), ("zu", "dark"), ("af", "contrast")])
def test_somebody_signs_in_and_finds_their_way_about(visit, language, theme, place):
    width, height = SIZES[place]
    page = visit(language=language, theme=theme, width=width, height=height)
    page.goto("/login")
    expect(page.locator("html")).to_have_attribute("lang", language)
    expect(page.locator("html")).to_have_attribute("data-theme", theme)
    axe_clean(page)
    fits(page)
    snap(page, f"sign-in-{language}-{theme}-{place}")

    page.locator("[name=email]").fill("admin@greenfield.example")
    page.locator("[name=password]").fill("not this")
    page.locator("form[action='/login'] [type=submit]").click()
    expect(page.locator("[data-summary]")).to_be_focused()
    axe_clean(page)
    snap(page, f"sign-in-wrong-{language}-{theme}-{place}")

    sign_in(page, "admin@greenfield.example")
    page.goto("/account/language")
    page.locator(f"[name=language][value={language}]").check()
    page.locator("main [type=submit]").click()
    expect(page.locator("html")).to_have_attribute("lang", language)
    expect(page.locator(".toast")).to_be_visible()
    for name in ("profile", "sessions", "appearance", "language", "password"):
        page.goto(f"/account/{name}")
        axe_clean(page)
        fits(page)
        snap(page, f"{name}-{language}-{theme}-{place}")
    page.locator(".person > summary").click()
    snap(page, f"menu-{language}-{theme}-{place}")
    axe_clean(page)
    page.locator("form[action='/sign-out'] button").click()
    page.wait_for_url("**/login")
