"""Onboarding as an operator sees it: from the form to the slip, on a desk and a phone, and with the server killed."""

import signal

import pytest
from playwright.sync_api import expect

from tests.journeys.acts import axe_clean, fits, sign_in, snap
from tests.processes import provisioner, worker

pytestmark = pytest.mark.journey


def fill(page, name, *, officer=False):
    page.goto("/operator/onboardings")
    page.locator("a[href='/operator/schools/new']").first.click()
    page.locator("[name=name]").fill(name)
    page.locator("[name=region]").select_option("ZA-NC")
    page.locator("[name=admin_name]").fill("Marelize Steyn")
    page.locator("[name=admin_email]").fill("marelize@karoorand.example")
    if officer:
        page.locator("[name=officer_name]").fill("Sipho Dlamini")
        page.locator("[name=officer_email]").fill("sipho@karoorand.example")
        page.locator("[name=officer_password]").fill("vink-op-die-draad")


def looks_right(page, name):
    axe_clean(page)
    fits(page)
    snap(page, name)


@pytest.mark.parametrize(
    ("language", "theme", "width"), [("en", "light", 1280), ("zu", "dark", 360), ("af", "contrast", 320)]
)
def test_a_school_comes_in_and_its_admin_signs_in(visit, live_site, tmp_path, language, theme, width):
    page = visit(language=language, theme=theme, width=width)
    look = f"{language}-{theme}-{width}"
    sign_in(page, "operator@example.com")
    page.goto("/operator/onboardings")
    looks_right(page, f"onboardings-{look}")
    page.goto("/operator/schools/new")
    page.locator("main form [type=submit]").click()
    expect(page.locator("[data-summary]")).to_be_focused()
    looks_right(page, f"onboard-wrong-{look}")
    fill(page, "Hoërskool Karoorand", officer=True)
    looks_right(page, f"onboard-form-{look}")
    page.keyboard.press("Enter")
    page.wait_for_selector("dl.review")
    looks_right(page, f"onboard-review-{look}")
    page.locator("main form [type=submit]").click()
    steps = page.locator("ol.steps > .steps__one")
    expect(steps).to_have_count(3)
    expect(page.locator("ol.steps > .steps__one--done")).to_have_count(0)
    looks_right(page, f"onboard-live-{look}")
    with provisioner(live_site.database, tmp_path / "p.log"), worker(live_site.database, tmp_path / "w.log"):
        expect(page.locator("ol.steps > .steps__one--done")).to_have_count(3, timeout=60_000)
        expect(page.locator("[data-slips]")).to_be_visible()
    looks_right(page, f"onboard-result-{look}")
    expect(page.locator("[data-link]")).to_have_count(1)  # the officer's password was supplied
    link = page.locator("[data-link]").inner_text()

    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.locator("[data-copy]").click()
    expect(page.locator("[data-copy]")).to_have_attribute("data-copied", "")
    assert page.evaluate("navigator.clipboard.readText()") == link
    page.emulate_media(media="print")
    expect(page.locator(".slip")).to_be_visible()
    expect(page.locator("ol.steps")).to_be_hidden()
    expect(page.locator("[data-print]")).to_be_hidden()
    page.emulate_media(media="screen")

    page.reload()
    expect(page.locator("ol.steps > .steps__one--done")).to_have_count(3)
    expect(page.locator("[data-slips]")).to_have_count(0)
    assert link not in page.content()
    looks_right(page, f"onboard-again-{look}")

    admin = visit()
    admin.goto(link)
    admin.locator("[name=new]").fill("quiet river walks home")
    admin.locator("main form [type=submit]").click()
    admin.wait_for_url("**/login?saved")
    sign_in(admin, "marelize@karoorand.example", "quiet river walks home")
    assert "/s/hoerskool-karoorand" in admin.url


def test_links_that_were_not_copied_are_not_left_by_accident(visit, live_site, tmp_path):
    page = visit()
    sign_in(page, "operator@example.com")
    fill(page, "Karoorand")
    page.keyboard.press("Enter")
    page.locator("main form [type=submit]").click()
    with provisioner(live_site.database, tmp_path / "p.log"), worker(live_site.database, tmp_path / "w.log"):
        expect(page.locator("[data-slips]")).to_be_visible(timeout=60_000)
    asked = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
    page.locator("[data-link]").click()  # a browser asks only those who have touched the page
    page.locator(".crumbs a").click()
    expect(page.locator("[data-slips]")).to_be_visible()
    assert asked == ["beforeunload"]


def test_the_server_is_killed_in_the_middle_and_the_page_goes_on(visit, live_site, tmp_path):
    page = visit()
    sign_in(page, "operator@example.com")
    fill(page, "Karoorand")
    page.keyboard.press("Enter")
    page.locator("main form [type=submit]").click()
    expect(page.locator("ol.steps > .steps__one")).to_have_count(3)
    with provisioner(live_site.database, tmp_path / "p1.log", WORKFLOW_LEASE_SECONDS="2") as first:
        expect(page.locator("ol.steps > .steps__one--done")).to_have_count(1, timeout=60_000)
        first.kill()
        live_site.end(signal.SIGKILL)
    page.wait_for_timeout(2500)  # it asks in vain meanwhile
    expect(page.locator("ol.steps > .steps__one--done")).to_have_count(1)
    with worker(live_site.database, tmp_path / "w.log"):
        live_site.start()
        expect(page.locator("ol.steps > .steps__one--done")).to_have_count(3, timeout=60_000)
        expect(page.locator("[data-slips]")).to_be_visible()
    page.goto("/operator/onboardings")
    expect(page.locator("tbody tr")).to_have_count(1)


def test_it_can_be_done_without_script_by_keyboard_and_links_alone(visit, live_site, tmp_path):
    page = visit(script=False)
    sign_in(page, "operator@example.com")
    fill(page, "Karoorand")
    page.locator("[name=admin_email]").press("Enter")
    page.locator("main form [type=submit]").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector(".steps")
    with provisioner(live_site.database, tmp_path / "p.log"), worker(live_site.database, tmp_path / "w.log"):
        for _ in range(60):
            if page.locator("ol.steps > .steps__one--done").count() == 3:
                break
            page.wait_for_timeout(500)
            page.reload()
    page.locator("form[data-handover] button:not([name])").click()
    expect(page.locator("[data-link]")).to_have_count(1)
