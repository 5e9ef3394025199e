"""The billing call, its file and its pages: works, bad input, twice, unknown."""

import csv
import io
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from shared_apps.audit.models import PlatformEvent
from shared_apps.billing.models import ClosedCount, LearnerCount
from shared_apps.billing.rules import before, month_of
from shared_apps.billing.services import closing
from shared_apps.billing.services.reading import every_row
from tenants.actor import system
from tenants.models import School


@pytest.fixture
def month(greenfield, riverside):
    """The current month, counted by Greenfield alone."""
    at = month_of(timezone.localdate())
    School.objects.update(created_at=datetime(2024, 1, 1, tzinfo=UTC))
    put(greenfield, at, 7)
    return at


def put(cast, at, billable, **channels):
    return LearnerCount.objects.create(
        school_id=cast.ref.id, month=at, as_of=timezone.now(), school_days=10, throughout=billable, joined=0,
        departed=0, visited=0, outside=1, billable=billable, email=12, **channels,
    )  # fmt: skip


def test_finance_reads_the_month(finance, month, greenfield, riverside):
    body = finance.get("/api/operator/billing").json()
    assert body == {
        "month": f"{month:%Y-%m}", "closed": False, "state": "open", "total": 7, "silent": 1, "stale": 0,
        "adjustment": 0, "next": None,
        "items": [
            {
                "school": {"id": str(greenfield.ref.id), "name": "Greenfield Primary"}, "billable": 7,
                "channels": {"push": 0, "email": 12, "whatsapp": 0, "sms": 0}, "adjustment": 0,
            },
            {
                "school": {"id": str(riverside.ref.id), "name": "Riverside High"}, "billable": None,
                "channels": {"push": None, "email": None, "whatsapp": None, "sms": None}, "adjustment": 0,
            },
        ],
    }  # fmt: skip


def test_the_list_goes_on_where_a_page_ends(finance, month, greenfield, riverside):
    first = finance.get("/api/operator/billing?limit=1").json()
    second = finance.get(f"/api/operator/billing?limit=1&cursor={first['next']}").json()
    assert [one["school"]["name"] for one in first["items"] + second["items"]] == [
        "Greenfield Primary",
        "Riverside High",
    ]
    assert second["next"] is None and first["total"] == second["total"] == 7


@pytest.mark.parametrize(
    "query", ["month=2026-13", "month=1999-01", "month=x", "limit=0", "limit=101", "cursor=junk", "wrong=1",
              "cursor=0199c0de-0000-7000-8000-000000000000"],
)  # fmt: skip
def test_junk_is_refused(finance, month, query):
    assert finance.get(f"/api/operator/billing?{query}").status_code == 422


def test_a_closed_month_answers_with_what_it_was_closed_with(finance, month, greenfield, riverside):
    at = before(month)
    put(greenfield, at, 5), put(riverside, at, 3)
    closing.close(at, now=timezone.now())
    School.objects.filter(slug="greenfield").update(name="Renamed")
    body = finance.get(f"/api/operator/billing?month={at:%Y-%m}").json()
    assert body["closed"] is True and body["total"] == 8
    assert [one["school"]["name"] for one in body["items"]] == ["Greenfield Primary", "Riverside High"]


def test_the_file_has_the_same_figures_and_no_formulas(finance, month, greenfield):
    School.objects.filter(slug="greenfield").update(name='=HYPERLINK("http://x";"y")')
    answer = finance.get("/api/operator/billing.csv")
    assert answer["Content-Type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert rows[0]["school"] == '\'=HYPERLINK("http://x";"y")'
    assert [(row["billable"], row["email"]) for row in rows] == [("7", "12"), ("", "")]
    items = finance.get("/api/operator/billing").json()["items"]
    assert [row["school_id"] for row in rows] == [one["school"]["id"] for one in items]
    assert PlatformEvent.objects.filter(kind="billing.exported").count() == 1


def test_a_file_longer_than_a_page_holds_every_row_once(greenfield, riverside, month, monkeypatch):
    monkeypatch.setattr("shared_apps.billing.services.reading.PART", 1)
    assert [row.name for row in every_row(system_actor(), month)] == ["Greenfield Primary", "Riverside High"]


def system_actor():
    return system("test")


def test_the_page_says_the_total_first_and_what_is_missing(browser, month):
    page = browser.get("/operator/billing").content.decode()
    assert page.index("data-total>7<") < page.index("Greenfield Primary")
    assert "Not counted yet" in page and "missing from the total: 1" in page
    assert "Informational count for a manual invoice. No amounts here." in page


def test_an_empty_month_says_so(browser, world_db):
    School.objects.update(created_at=timezone.now() + timedelta(days=400))
    assert "No billable learners in" in browser.get("/operator/billing").content.decode()


def test_a_search_finds_by_name_and_says_when_it_finds_nothing(browser, month):
    assert "Riverside" not in browser.get("/operator/billing?search=green").content.decode()
    assert "No school matches this search: zzz" in browser.get("/operator/billing?search=zzz").content.decode()


def test_rows_changed_behind_a_closed_month_are_not_for_invoicing(browser, month, greenfield):
    at = before(month)
    put(greenfield, at, 5)
    closing.close(at, now=timezone.now())
    assert "Fingerprint of these rows" in browser.get(f"/operator/billing?month={at:%Y-%m}").content.decode()
    ClosedCount.objects.create(month_id=at, school=uuid4(), name="Smuggled", billable=50)
    assert "Do not invoice from them" in browser.get(f"/operator/billing?month={at:%Y-%m}").content.decode()


def test_why_shows_how_the_number_came_about(browser, month, greenfield, riverside):
    page = browser.get(f"/operator/billing/{greenfield.ref.id}?month={month:%Y-%m}").content.decode()
    assert "Enrolled on every one of them" in page and "<dd>7</dd>" in page
    assert "has not counted" in browser.get(f"/operator/billing/{riverside.ref.id}").content.decode()


@pytest.mark.parametrize("key", ["junk", "0199c0de-0000-7000-8000-000000000000"])
def test_why_of_nobody_is_nowhere(browser, month, key):
    assert browser.get(f"/operator/billing/{key}").status_code == 404
