"""What stands above the rows is true: unknown is no zero, an old count is in the total, who is missing is counted."""

from datetime import timedelta

import pytest
from django.utils import timezone

from shared_apps.billing.models import Adjustment, LearnerCount
from shared_apps.billing.rules import before, month_of
from shared_apps.billing.services import closing
from tenants.models import School
from tests.billing.conftest import tell


@pytest.fixture
def month(long_here, greenfield, riverside):
    return month_of(timezone.localdate())


def read(finance, month):
    return finance.get(f"/api/operator/billing?month={month:%Y-%m}").json()


def shown(browser, month):
    return " ".join(browser.get(f"/operator/billing?month={month:%Y-%m}").content.decode().split())


def test_a_total_nobody_told_is_not_known(finance, browser, month):
    told = read(finance, month)
    assert told["total"] is None and told["silent"] == 2 and told["stale"] == 0
    assert "data-total>Not known yet<" in shown(browser, month)


def test_a_total_of_none_is_a_number(finance, browser, month, greenfield):
    tell(greenfield, month, 0, at=timezone.now())
    assert read(finance, month)["total"] == 0 and "data-total>0<" in shown(browser, month)


def test_an_old_count_is_in_the_total_and_said_to_be_old(finance, browser, month, greenfield, riverside):
    tell(greenfield, month, 7, at=timezone.now() - timedelta(hours=25))
    tell(riverside, month, 4, at=timezone.now() - timedelta(hours=23))
    told = read(finance, month)
    assert (told["total"], told["silent"], told["stale"]) == (11, 0, 1)
    page = shown(browser, month)
    assert "the total holds what they last told: 1" in page and "missing from the total" not in page


def test_a_suspended_school_without_a_count_is_missing_and_said(finance, browser, month, greenfield):
    tell(greenfield, month, 7, at=timezone.now())
    School.objects.filter(slug="riverside").update(state="disabled")
    assert read(finance, month)["silent"] == 1
    assert "missing from the total: 1" in shown(browser, month)


def test_a_school_that_is_not_live_yet_is_neither_shown_nor_missing(finance, month, greenfield):
    tell(greenfield, month, 7, at=timezone.now())
    School.objects.filter(slug="riverside").update(state="pending")
    told = read(finance, month)
    assert [one["school"]["name"] for one in told["items"]] == ["Greenfield Primary"] and told["silent"] == 0
    last = before(month)
    tell(greenfield, last, 7, at=timezone.now())
    closed = closing.close(last, now=timezone.now())
    told = read(finance, last)
    assert [one["school"]["name"] for one in told["items"]] == ["Greenfield Primary"]
    assert told["silent"] == closed.left_out == 0


def test_a_school_that_comes_to_life_after_closing_stands_with_its_adjustment(finance, month, greenfield, riverside):
    School.objects.filter(slug="riverside").update(state="pending")
    last = before(month)
    tell(greenfield, last, 7, at=timezone.now())
    closing.close(last, now=timezone.now())
    School.objects.filter(slug="riverside").update(state="active")
    tell(riverside, last, 3, at=timezone.now() + timedelta(minutes=1))
    told = read(finance, last)
    assert [(one["billable"], one["adjustment"]) for one in told["items"]] == [(7, 0), (None, 3)]
    assert (told["total"], told["adjustment"], told["state"]) == (7, 3, "closed")


def test_more_adjustments_than_are_named_are_said_to_be_more(browser, month, greenfield, riverside, monkeypatch):
    monkeypatch.setattr("shared_apps.billing.services.reading.LATEST", 2)
    last, now = before(month), timezone.now()
    for cast in (greenfield, riverside):
        tell(cast, last, 7, at=now)
    closing.close(last, now=now)
    for number in range(3):
        tell(greenfield, last, 8 + number, at=now + timedelta(minutes=1 + number))
    assert Adjustment.objects.count() == 3
    page = shown(browser, last)
    assert "The newest are shown: 2 of 3." in page and "Changes after closing, together: +3" in page
    assert 'data-label="Changes after closing">+3</td>' in page


@pytest.mark.parametrize("wrong", ["2026-13", "junk", "1999-01", "2026-1"])
def test_a_month_that_is_none_is_said_on_the_page_and_makes_no_file(browser, month, greenfield, wrong):
    tell(greenfield, month, 7, at=timezone.now())
    page = browser.get(f"/operator/billing?month={wrong}").content.decode()
    assert f"There is no such month here: {wrong}. The current month is shown." in page
    assert "no such month" in browser.get(f"/operator/billing/{greenfield.ref.id}?month={wrong}").content.decode()
    file = browser.get(f"/operator/billing/download?month={wrong}")
    assert file.status_code == 422 and "csv" not in file["Content-Type"]
    assert "no such month" not in browser.get("/operator/billing").content.decode()


def test_the_definition_stands_on_the_page_and_where_a_number_is_explained(browser, month, greenfield):
    tell(greenfield, month, 7, at=timezone.now())
    said = "A billable learner is enrolled and active on at least one school day of the month."
    assert said in shown(browser, month)
    assert said in browser.get(f"/operator/billing/{greenfield.ref.id}").content.decode()
    LearnerCount.objects.all().delete()
    assert said in shown(browser, month)
