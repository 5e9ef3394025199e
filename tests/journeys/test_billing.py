"""Finance in a browser: a month, a search, why a number is what it is, and the file that says the same as the page."""

import csv
import io
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from shared_apps.audit.models import PlatformEvent
from shared_apps.billing.models import ClosedCount, ClosedMonth, LearnerCount
from shared_apps.billing.rules import MonthTold, before, month_of
from shared_apps.billing.services import closing
from shared_apps.billing.services.counting import publish
from tenants.models import School
from tests.journeys.acts import axe_clean, fits, sign_in, snap

pytestmark = pytest.mark.journey
FINANCE = "finance@example.com"
NAMES = ['=HYPERLINK("http://x.example";"Pay here")', "+27 Primary", "-1+1 Skool", "@SUM(A1:A9)", "\tTab High",
         "Hoërskool Karoorand-Noord en Omstreke Privaat Kollege", "’n Skool; \"met\" aanhaling, en komma"]  # fmt: skip


def told(month, throughout, *, joined=0, sent=0, as_of=None):
    channels = {"push": sent, "email": 3 * sent, "whatsapp": sent // 2, "sms": 0}
    return MonthTold(month, as_of or timezone.now(), 20, throughout, joined, 1, 0, 4, channels)


@pytest.fixture
def ledger(live_site):
    """Nine schools: two real ones and seven with awkward names; the month before is closed, and one count came late."""
    now, since = timezone.now(), datetime(2024, 1, 1, tzinfo=UTC)
    School.objects.bulk_create(
        School(name=name, slug=f"awkward-{place}", schema_name=f"t_awkward{place}", state="active")
        for place, name in enumerate(NAMES)
    )
    School.objects.update(created_at=since)
    current = month_of(timezone.localdate())
    schools = list(School.objects.order_by("pk"))
    for place, school in enumerate(schools):
        publish([told(before(current), 200 + place, joined=place, sent=40 * place)], school=school.pk)
        if school.slug != "riverside":
            publish([told(current, 300 + place, sent=7 * place)], school=school.pk)
    closing.close(before(current), now=now)
    publish([told(before(current), 250, as_of=timezone.now())], school=schools[0].pk)
    return current


def total(counts):
    return sum(counts.values_list("billable", flat=True))


def number(place):
    """A figure as a person reads it: its thousands stand apart."""
    return int("".join(place.inner_text().split()))


def rows_of(page):
    """What the table shows: name -> the figures, as they stand there."""
    found = {}
    for row in page.locator("tbody tr").all():
        cells = ["".join(cell.inner_text().split()) for cell in row.locator("td").all()]
        found[row.locator("th").inner_text().strip()] = cells
    return found


def downloaded(page):
    """The file behind the button: its name, its bytes and its rows."""
    with page.expect_download() as waiting:
        page.locator(".page-head__actions a[href*=download]").press("Enter")
    file = waiting.value
    data = Path(file.path()).read_bytes()
    return file.suggested_filename, data, list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))


def test_finance_takes_a_month_away_by_keyboard(visit, ledger):
    page, last = visit(), before(ledger)
    sign_in(page, FINANCE)
    page.wait_for_url("**/operator/billing")  # the one page that finance has
    assert number(page.locator("[data-total]")) == total(LearnerCount.objects.filter(month=ledger)) > 1_000
    expect(page.locator("tbody tr", has_text="Riverside High")).to_contain_text("Not counted yet")
    assert page.locator("#month option").count() == 24
    page.locator("#month").focus()
    page.keyboard.press("ArrowDown")
    page.get_by_role("button", name="Show").focus()
    page.keyboard.press("Enter")
    page.wait_for_url(f"**month={last:%Y-%m}**")
    expect(page.locator("main")).to_contain_text("Fingerprint of these rows")
    expect(page.locator("main")).to_contain_text("Changes after closing")
    assert number(page.locator("[data-total]")) == total(ClosedCount.objects.filter(month=last))

    shown = rows_of(page)
    name, data, (header, *rows) = downloaded(page)
    assert name == f"billable-learners-{last:%Y-%m}.csv" and data.startswith(b"\xef\xbb\xbf")
    assert header == [
        "month", "closed", "school_id", "school", "billable", "push", "email", "whatsapp", "sms", "adjustment", "state",
    ]  # fmt: skip
    assert {row[0] for row in rows} == {f"{last:%Y-%m}"} and {row[1] for row in rows} == {"yes"}
    assert {row[10] for row in rows} == {"closed"} and sum(row[9] != "0" for row in rows) == 1
    text = {plain(row[3]): [row[4], adjusted(row[9]), *row[5:9]] for row in rows}
    assert text == shown and len(rows) == 9
    assert sum(int(row[4]) for row in rows) == number(page.locator("[data-total]"))
    for row in rows:
        assert not row[3].startswith(("=", "+", "-", "@", "\t", "\r")), row[3]
    assert "Hoërskool Karoorand-Noord" in data.decode("utf-8") and "’n Skool" in data.decode("utf-8")
    assert PlatformEvent.objects.filter(kind="billing.exported").count() == 1


def adjusted(cell):
    """A difference as the page shows it."""
    return f"{int(cell):+d}" if cell != "0" else "–"


def plain(cell):
    """A name as the page shows it: without the apostrophe that makes it text, and without white space around it."""
    return " ".join(cell.removeprefix("'").split())


def test_a_search_narrows_the_page_and_the_file_alike_and_the_why_page_adds_up(visit, ledger):
    page = visit()
    sign_in(page, FINANCE)
    page.keyboard.press("/")
    page.keyboard.type("skool")
    page.keyboard.press("Enter")
    page.wait_for_url("**search=skool**")
    shown = rows_of(page)
    assert sorted(shown) == sorted(plain(name) for name in NAMES if "skool" in name.lower())
    _, _, (_, *rows) = downloaded(page)
    assert {plain(row[3]): row[4:9] for row in rows} == shown
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url("**/operator/billing/*")
    axe_clean(page)
    parts = [int(text) for text in page.locator("dl").first.locator("dd").all_inner_texts()]
    days, throughout, joined, departed, visited, outside = parts
    assert throughout + joined + departed + visited == int(page.locator(".figure").inner_text())
    assert (days, outside) == (20, 4)
    sent = [int(text) for text in page.locator("[data-sent] dd").all_inner_texts()]
    assert [str(one) for one in sent] == next(iter(shown.values()))[1:]
    page.locator(".crumbs a").click()
    page.wait_for_url("**search=skool**")  # back to where one was
    page.locator("#search").fill("nowhere")
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_contain_text("No school matches this search: nowhere")
    axe_clean(page)
    page.get_by_role("main").get_by_role("link", name="Clear filters").last.click()
    expect(page.locator("tbody tr")).to_have_count(9)


@pytest.mark.parametrize(
    ("language", "width", "theme"),
    [("en", 320, "light"), ("af", 320, "dark"), ("zu", 320, "light"), ("zu", 1280, "dark"), ("en", 1280, "contrast")],
)
def test_the_pages_of_billing_fit_and_are_accessible(visit, ledger, language, width, theme):
    page, last = visit(language=language, width=width, theme=theme), before(ledger)
    sign_in(page, FINANCE)
    first = LearnerCount.objects.filter(month=last).order_by("school").first().school_id
    silent = School.objects.get(slug="riverside").pk
    for name, path in (
        ("now", ""), ("closed", f"?month={last:%Y-%m}"), ("empty", f"?month={before(ledger, 20):%Y-%m}&search=zz"),
        ("why", f"/{first}?month={last:%Y-%m}"), ("why-not", f"/{silent}?month={ledger:%Y-%m}"),
    ):  # fmt: skip
        page.goto(f"/operator/billing{path}")
        assert page.locator("html").get_attribute("lang") == language
        fits(page)
        axe_clean(page)
        snap(page, f"operator-billing-{name}-{width}-{language}-{theme}")


@pytest.mark.parametrize("email", ["gauteng@example.com", "circle@example.com", "admin@greenfield.example"])
def test_who_has_no_say_in_billing_finds_no_way_there(visit, ledger, email):
    page = visit()
    sign_in(page, email)
    assert page.locator("a[href^='/operator/billing']").count() == 0
    for path in ("", "/download", f"/{School.objects.first().pk}"):
        answer = page.goto(f"/operator/billing{path}")
        assert answer.status == 403
    expect(page.locator("h1")).to_have_text("You may not open this page")
    axe_clean(page)
    assert not PlatformEvent.objects.filter(kind="billing.exported").exists()


@pytest.mark.parametrize(("language", "width", "theme"), [("en", 1280, "light"), ("zu", 320, "dark")])
def test_finance_closes_a_month_without_those_who_never_told(visit, ledger, language, width, theme):
    """A month before the closed one, counted by one school alone."""
    page, month = visit(language=language, width=width, theme=theme), before(ledger, 2)
    publish([told(month, 90)], school=School.objects.get(slug="greenfield").pk)
    sign_in(page, FINANCE)
    page.goto(f"/operator/billing?month={month:%Y-%m}")
    fits(page)
    axe_clean(page)
    page.locator("main a[href='/operator/billing/close']").press("Enter")
    page.wait_for_url("**/operator/billing/close")
    expect(page.locator("[data-waits] li")).to_have_text(["Riverside High"])  # the others lie nowhere and cannot tell
    fits(page)
    axe_clean(page)
    page.locator("#id_schools").fill("2")
    page.locator("#id_reason").fill("Told by telephone")
    page.locator("main form button[type=submit]").press("Enter")
    expect(page.locator("[data-summary]")).to_be_visible()
    axe_clean(page)
    assert not ClosedMonth.objects.filter(pk=month).exists()
    page.locator("#id_schools").fill("1")
    page.locator("main form button[type=submit]").press("Enter")
    page.wait_for_url("**saved=month_closed**")
    fits(page)
    axe_clean(page)
    snap(page, f"operator-billing-left-out-{width}-{language}-{theme}")
    closed = ClosedMonth.objects.get(pk=month)
    assert (closed.schools, closed.left_out, closed.reason) == (1, 8, "Told by telephone")
