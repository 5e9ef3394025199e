"""The call that says why a school's number is what it is: works, wrong role, nobody, bad input."""

from datetime import timedelta

import pytest
from django.utils import timezone

from shared_apps.billing.rules import MonthTold, before, month_of
from shared_apps.billing.services import closing, counting
from tests.billing.conftest import tell


@pytest.fixture
def month(long_here, greenfield, riverside):
    at = month_of(timezone.localdate())
    told = MonthTold(at, timezone.now(), 20, 5, 2, 1, 3, 4, {"email": 6})
    counting.publish([told], school=greenfield.ref.id)
    return at


def asked(finance, school, query=""):
    answer = finance.get(f"/api/operator/billing/{school}/why{query}")
    assert answer.status_code == 200, answer.content
    return answer.json()


def test_the_parts_make_up_the_number(finance, month, greenfield):
    told = asked(finance, greenfield.ref.id)
    assert told.pop("as_of")
    assert told == {
        "month": f"{month:%Y-%m}", "school": {"id": str(greenfield.ref.id), "name": "Greenfield Primary"},
        "billable": 11, "adjustment": 0, "counted": 11, "school_days": 20, "throughout": 5, "joined": 2,
        "departed": 1, "visited": 3, "outside": 4,
        "channels": {"push": 0, "email": 6, "whatsapp": 0, "sms": 0},
    }  # fmt: skip


def test_a_school_that_has_not_counted_is_unknown(finance, month, riverside):
    told = asked(finance, riverside.ref.id, f"?month={month:%Y-%m}")
    assert told["billable"] is None and told["counted"] is None and told["as_of"] is None
    assert set(told["channels"].values()) == {None}


def test_a_closed_month_keeps_its_number_beside_what_was_told_since(finance, month, greenfield):
    last, now = before(month), timezone.now()
    tell(greenfield, last, 5, at=now)
    closing.close(last, now=now)
    tell(greenfield, last, 3, at=now + timedelta(minutes=1))
    told = asked(finance, greenfield.ref.id, f"?month={last:%Y-%m}")
    assert (told["billable"], told["counted"], told["adjustment"]) == (5, 3, -2)


@pytest.mark.parametrize("key", ["junk", "0199c0de-0000-7000-8000-000000000000", "close"])
def test_why_of_nobody_is_nowhere(finance, month, key):
    assert finance.get(f"/api/operator/billing/{key}/why").status_code == 404


@pytest.mark.parametrize("query", ["month=2026-13", "month=x", "wrong=1"])
def test_junk_is_refused(finance, month, greenfield, query):
    assert finance.get(f"/api/operator/billing/{greenfield.ref.id}/why?{query}").status_code == 422


@pytest.mark.parametrize("email", ["gauteng@example.com", "circle@example.com"])
def test_who_has_no_say_in_billing_learns_nothing(signed_in, month, greenfield, email):
    assert signed_in(email).get(f"/api/operator/billing/{greenfield.ref.id}/why").status_code == 403
