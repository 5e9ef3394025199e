"""Pages that no other journey comes by: regions, the people of the platform, long work, too many tries."""

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from shared_apps.identity.services import links
from shared_apps.workflows.models import Run
from tests.identity.people import login_of
from tests.journeys.acts import axe_clean, fits, sign_in, snap

pytestmark = pytest.mark.journey
ROOT, GAUTENG = "root@example.com", "gauteng@example.com"
WAYS = [("en", 1280, "light"), ("zu", 320, "dark"), ("af", 320, "contrast")]


@pytest.mark.parametrize(("language", "width", "theme"), WAYS)
def test_pages_that_are_seldom_seen_are_open_to_everybody(live_site, visit, language, width, theme):
    def look(name):
        axe_clean(page)
        fits(page)
        snap(page, f"seldom-{name}-{language}-{width}-{theme}")

    run = Run.objects.create(workflow="test.work", key="seldom", started_by="x", created_at=timezone.now())
    page = visit(language=language, width=width, theme=theme)
    sign_in(page, ROOT)
    page.goto("/operator/regions")
    expect(page.locator("h1")).to_be_visible()
    look("regions")
    page.locator("main form [type=submit]").click()
    expect(page.locator("[data-summary]")).to_be_visible()
    look("regions-empty")
    page.goto(f"/operator/runs/{run.id}")
    expect(page.locator("main")).to_contain_text("test.work")
    look("run")
    page.goto("/operator/people")
    look("people")
    page.locator(f"a[href*='{login_of(GAUTENG).id}/take-away']").click()
    look("take-away")
    page.locator("main form [type=submit]").click()
    expect(page.locator("[data-summary]")).to_be_visible()
    look("take-away-empty")
    page.locator("[name=reason]").select_option("mistake")
    page.locator("main form [type=submit]").click()
    expect(page.locator(f"a[href*='{login_of(GAUTENG).id}/take-away']")).to_have_count(0)
    look("taken")


@pytest.mark.parametrize(("language", "width", "theme"), WAYS)
def test_who_asked_too_often_is_told_so_on_a_page(live_site, visit, language, width, theme):
    for _ in range(5):
        links.forgot(email="often@example.com", network="192.0.2.1", language=language, now=timezone.now())
    page = visit(language=language, width=width, theme=theme)
    page.goto("/forgot-password")
    page.locator("[name=email]").fill("often@example.com")
    with page.expect_response(lambda answer: answer.url.endswith("/forgot-password") and answer.status == 429):
        page.locator("main form [type=submit]").click()
    expect(page.locator("[data-summary]")).to_be_visible()
    axe_clean(page)
    fits(page)
    snap(page, f"seldom-too-often-{language}-{width}-{theme}")
