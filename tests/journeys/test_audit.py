"""The audit view in a browser: narrowed by keyboard, opened to before and after, taken away as the same file."""

import csv
import io
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from shared_apps.audit.models import ChainCheck, PlatformEvent
from shared_apps.audit.services import chain, record, sealing
from tenants.models import School
from tests import world
from tests.journeys.acts import axe_clean, fits, sign_in, snap

pytestmark = pytest.mark.journey
OPERATOR = "operator@example.com"
LONG = "Hoërskool Karoorand-Noord en Omstreke Privaat Kollege"


@pytest.fixture
def history(live_site):
    """Sixty things that happened, the last of them with a before and an after; all but two sealed and checked."""
    cast, now = world.read("greenfield"), timezone.now()
    School.objects.filter(slug="riverside").update(name=LONG)
    riverside = School.objects.get(slug="riverside").id
    for number in range(60):
        record("workflows.step_failed", by="system:workflows", now=now, school=riverside, facts={"attempt": number})
    record(
        "schools.settings_changed", by="system:test", now=timezone.now(), school=cast.ref.id,
        facts={"changes": {"name": {"before": "Old name", "after": "Greenfield Primary"},
                           "timezone": {"before": "", "after": "America/Argentina/Buenos_Aires"}}},
    )  # fmt: skip
    sealing.seal(now=timezone.now() + timedelta(minutes=5), all_of_it=True)
    assert chain.check_chain(now=timezone.now()).good
    record("billing.exported", by="=1+1", now=timezone.now(), facts={"month": "2026-10"})
    return cast


def taken_away(page):
    with page.expect_download() as waiting:
        page.locator(".page-head__actions a[href*=download]").press("Enter")
    data = Path(waiting.value.path()).read_bytes()
    return waiting.value.suggested_filename, data, list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"))))


def test_a_change_is_found_by_keyboard_opened_and_taken_away(visit, history):
    page = visit()
    sign_in(page, OPERATOR)
    page.goto("/operator")
    page.get_by_role("link", name="Audit").first.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/operator/audit")
    expect(page.locator(".notice")).to_contain_text("Append-only, enforced by the database. Chain verified")
    expect(page.get_by_role("main")).to_contain_text("Waits for its seal")
    page.locator("#kind").focus()
    page.keyboard.type("Sch")
    page.locator("#school").fill("greenfield")
    page.keyboard.press("Enter")
    page.wait_for_url("**school=greenfield**")
    expect(page.locator("tbody > tr[data-key]")).to_have_count(1)
    page.locator("tr[data-key] summary").focus()
    page.keyboard.press("Enter")
    change = page.locator("tr[data-key] details table tbody tr").first
    assert [cell.strip() for cell in change.locator("th, td").all_inner_texts()] == [
        "name", "Old name", "Greenfield Primary",
    ]  # fmt: skip
    axe_clean(page)
    name, data, rows = taken_away(page)
    assert name.startswith("audit") and name.endswith(".csv") and data.startswith(b"\xef\xbb\xbf")
    assert len(rows) == 1 and rows[0]["kind"] == "schools.settings_changed"
    assert "Buenos_Aires" in rows[0]["facts"] and rows[0]["school_name"] == "Greenfield Primary"
    assert PlatformEvent.objects.filter(kind="audit.exported").count() == 1
    page.get_by_role("link", name="Clear filters").click()
    page.get_by_role("link", name="Next").click()
    page.wait_for_url("**cursor=**")
    page.get_by_role("link", name="First page").click()
    page.locator("#until").fill("2020-01-01")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_role("main")).to_contain_text("Nothing in the history fits these filters")


def test_the_file_of_everything_holds_every_row_once_and_no_formulas(visit, history):
    page = visit()
    sign_in(page, OPERATOR)
    page.goto("/operator/audit")
    count = PlatformEvent.objects.count()
    _, _, rows = taken_away(page)
    assert len(rows) == count == len({(row["at"], row["number"], row["kind"], row["facts"]) for row in rows})
    assert "'=1+1" in {row["actor"] for row in rows}


def test_a_signal_leads_to_the_history_that_proves_it(visit, history):
    page = visit()
    sign_in(page, OPERATOR)
    page.goto("/operator/health")
    links = page.locator("main a[href^='/operator/audit']")
    assert links.count() >= 1
    for address in sorted({link.get_attribute("href") for link in links.all()}):
        assert page.goto(address).status == 200
        expect(page.locator("h1")).to_have_text("Audit trail")


@pytest.mark.parametrize(
    ("language", "width", "theme"),
    [
        ("en", 1280, "light"),
        ("af", 320, "light"),
        ("zu", 320, "dark"),
        ("zu", 1280, "contrast"),
        ("en", 320, "contrast"),
    ],
)
def test_the_audit_view_fits_and_is_accessible(visit, history, language, width, theme):
    page = visit(language=language, width=width, theme=theme)
    sign_in(page, OPERATOR)
    for name, path in (("all", ""), ("schools", "?kind=schools"), ("none", "?until=2020-01-01"), ("torn", "")):
        if name == "torn":
            ChainCheck.objects.update(bad=7, why="its event is gone")
        page.goto(f"/operator/audit{path}")
        assert page.locator("html").get_attribute("lang") == language
        for place in range(min(3, page.locator("tr[data-key] summary").count())):
            page.locator("tr[data-key] summary").nth(place).click()
        fits(page)
        axe_clean(page)
        snap(page, f"operator-audit-{name}-{width}-{language}-{theme}")


@pytest.mark.parametrize("email", ["finance@example.com", "gauteng@example.com", "circle@example.com"])
def test_others_find_no_way_to_the_history(visit, history, email):
    page = visit()
    sign_in(page, email)
    assert page.locator("a[href^='/operator/audit']").count() == 0
    for path in ("", "/download"):
        assert page.goto(f"/operator/audit{path}").status == 403
