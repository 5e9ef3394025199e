"""The month as a file: adjustments and the month's state are in it, as they are in the call."""

import csv
import io
import json
from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from shared_apps.audit.models import PlatformEvent
from shared_apps.billing.models import ClosedCount
from shared_apps.billing.rules import before, month_of
from shared_apps.billing.services import closing
from tenants.models import School
from tests.billing.conftest import tell


@pytest.fixture
def closed(long_here, greenfield, riverside):
    at, now = before(month_of(timezone.localdate())), timezone.now()
    tell(greenfield, at, 5, at=now, email=3)
    closing.close(at, now=now)
    tell(greenfield, at, 3, at=now + timedelta(minutes=1), email=9)
    return at


def file(client, at, path="/api/operator/billing.csv"):
    answer = client.get(f"{path}?month={at:%Y-%m}")
    assert answer.status_code == 200
    text = answer.content.decode("utf-8-sig")
    return answer["Content-Disposition"], list(csv.DictReader(io.StringIO(text)))


def test_adjustments_and_the_state_stand_in_every_row(finance, closed):
    name, rows = file(finance, closed)
    assert [(row["school"], row["billable"], row["adjustment"], row["state"]) for row in rows] == [
        ("Greenfield Primary", "5", "-2", "closed"), ("Riverside High", "", "0", "closed"),
    ]  # fmt: skip
    assert rows[0]["email"] == "3" and rows[1]["email"] == "" and "do-not-invoice" not in name
    items = finance.get(f"/api/operator/billing?month={closed:%Y-%m}").json()["items"]
    assert [(one["billable"], one["adjustment"]) for one in items] == [(5, -2), (None, 0)]


def test_a_month_nobody_may_invoice_from_says_so_in_its_file_and_its_name(finance, browser, closed, greenfield):
    ClosedCount.objects.create(month_id=closed, school=uuid4(), name="Smuggled", billable=50)
    for client, path in ((finance, "/api/operator/billing.csv"), (browser, "/operator/billing/download")):
        name, rows = file(client, closed, path)
        assert {row["state"] for row in rows} == {"changed_after_closing"} and "do-not-invoice" in name
    assert finance.get(f"/api/operator/billing?month={closed:%Y-%m}").json()["state"] == "changed_after_closing"


def test_an_open_month_says_so(finance, closed):
    _, rows = file(finance, month_of(timezone.localdate()))
    assert {row["state"] for row in rows} == {"open"} and {row["closed"] for row in rows} == {"no"}


def test_the_history_keeps_which_month_was_taken_away(finance, browser, closed):
    for client, path in ((finance, "/api/operator/billing.csv"), (browser, "/operator/billing/download")):
        file(client, closed, path)
    kept = [json.loads(event.body)["facts"] for event in PlatformEvent.objects.filter(kind="billing.exported")]
    assert kept == [{"month": f"{closed:%Y-%m}"}] * 2


def test_a_name_that_is_a_formula_for_a_spreadsheet_with_semicolons_is_none(finance, closed):
    School.objects.filter(slug="greenfield").update(name='Foo;=HYPERLINK("http://x";"y")')
    answer = finance.get("/api/operator/billing.csv").content.decode("utf-8-sig")
    assert "Foo;'=HYPERLINK" in answer and answer.startswith('"month",')
