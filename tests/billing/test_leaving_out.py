"""A month that cannot close: who keeps it, and closing it without them. Works, wrong role, bad input, twice."""

from datetime import timedelta

import pytest

from shared_apps.audit.models import PlatformEvent
from shared_apps.billing.models import Adjustment, ClosedCount, ClosedMonth
from shared_apps.billing.services import closing, explaining, proving, reading
from shared_apps.operator.services.needs import open_months
from shared_apps.operator.services.picture import picture
from tenants.actor import Actor, system
from tenants.models import School, SchoolPlacement
from tenants.problems import Refusal
from tests.billing.conftest import CLOSING, DECEMBER, NOVEMBER, tell

EVERYTHING = system("test")
FINANCE = Actor(kind="person", scope="platform", roles=frozenset({"finance"}))
OPERATOR = Actor(kind="person", scope="platform", roles=frozenset({"operator"}))
LOCAL = Actor(kind="person", scope="platform", roles=frozenset({"local_operator"}))


@pytest.fixture
def waiting(long_here, greenfield, riverside, in_december):
    """Greenfield has told November, Riverside never; the clock of the doors stands at CLOSING."""
    tell(greenfield, NOVEMBER, 7, at=CLOSING - timedelta(hours=1))


def close(by=FINANCE, schools=1, month=NOVEMBER, reason="Told by telephone"):
    return closing.close_without(by=by, month=month, schools=schools, reason=reason, now=CLOSING)


def test_a_school_whose_tables_stand_still_keeps_no_month_open(waiting, riverside):
    assert closing.close_months(now=CLOSING) == []
    SchoolPlacement.objects.filter(school=riverside.ref.id).update(quarantined=True)
    assert closing.close_months(now=CLOSING) == [NOVEMBER]
    closed = ClosedMonth.objects.get()
    assert (closed.schools, closed.left_out, closed.total, closed.reason) == (1, 1, 7, "")
    assert ClosedCount.objects.get(school=riverside.ref.id).billable is None


@pytest.mark.parametrize("standing", ["disabled", "quarantined"])
def test_who_cannot_count_any_more_is_closed_with_what_it_counted_last(waiting, riverside, standing):
    tell(riverside, NOVEMBER, 4, at=CLOSING - timedelta(days=10))
    if standing == "disabled":
        School.objects.filter(slug="riverside").update(state="disabled")
    else:
        SchoolPlacement.objects.filter(school=riverside.ref.id).update(quarantined=True)
    assert closing.close_months(now=CLOSING) == [NOVEMBER]
    assert ClosedMonth.objects.get().total == 11


def test_the_console_names_the_month_and_leads_to_the_schools(waiting, riverside):
    (need,) = open_months(picture(OPERATOR, now=CLOSING))
    assert need.title == "The month cannot close. Schools it waits for: 1" and need.detail == "November 2026"
    assert need.path == "/operator/billing/close"
    assert open_months(picture(LOCAL, now=CLOSING)) == []
    assert open_months(picture(OPERATOR, now=CLOSING - timedelta(days=3))) == []  # not over for long enough
    close()
    assert open_months(picture(OPERATOR, now=CLOSING)) == []


def test_the_page_names_them_and_closes_without_them(waiting, browser, riverside):
    page = browser.get("/operator/billing/close").content.decode()
    assert "Riverside High" in page and "Greenfield Primary" not in page
    assert "/operator/billing/close" in browser.get("/operator/billing?month=2026-11").content.decode()
    sent = {"month": "2026-11", "schools": "1", "reason": "Told by telephone"}
    answer = browser.post("/operator/billing/close", sent)
    assert answer.status_code == 302 and "month=2026-11" in answer["Location"]
    page = browser.get("/operator/billing?month=2026-11").content.decode()
    assert "Left out" in page and "were left out: 1" in page and "Reason: Told by telephone" in page
    again = browser.post("/operator/billing/close", sent).content.decode()
    assert "No school keeps a month from closing now." in again and ClosedMonth.objects.count() == 1


@pytest.mark.parametrize(
    "changed", [{"schools": "2"}, {"schools": "x"}, {"schools": ""}, {"reason": " "}, {"month": "2026-10"},
                {"month": "junk"}, {"month": ""}],
)  # fmt: skip
def test_the_page_refuses_what_does_not_fit(waiting, browser, changed):
    sent = {"month": "2026-11", "schools": "1", "reason": "x", **changed}
    answer = browser.post("/operator/billing/close", sent)
    assert answer.status_code == 422 and "There is a problem" in answer.content.decode()
    assert not ClosedMonth.objects.exists()


def test_the_call_closes_once(waiting, finance):
    body = {"month": "2026-11", "schools": 1, "reason": "Told by telephone"}
    answer = finance.post("/api/operator/billing/close", body, content_type="application/json")
    assert answer.status_code == 200, answer.content
    told = answer.json()
    assert (told["schools"], told["left_out"], told["total"]) == (1, 1, 7)
    again = finance.post("/api/operator/billing/close", body, content_type="application/json")
    assert again.status_code == 409 and again.json()["why"] == "closed"
    event = PlatformEvent.objects.get(kind="billing.month_closed")
    assert "telephone" not in event.body and '"reason_sha256"' in event.body and '"left_out":1' in event.body
    closed = ClosedMonth.objects.get()
    assert event.actor == closed.closed_by != "system:billing" and closed.reason == "Told by telephone"
    assert proving.is_whole(closed)


@pytest.mark.parametrize(
    ("changed", "status"),
    [({"schools": 0}, 422), ({"reason": "  "}, 422), ({"month": "2026-13"}, 422), ({"more": 1}, 422),
     ({"schools": 2}, 409), ({"month": "2026-10"}, 409), ({"month": "2026-12"}, 409)],
)  # fmt: skip
def test_the_call_refuses_what_does_not_fit(waiting, finance, changed, status):
    body = {"month": "2026-11", "schools": 1, "reason": "x", **changed}
    assert finance.post("/api/operator/billing/close", body, content_type="application/json").status_code == status
    assert not ClosedMonth.objects.exists()


def test_who_does_not_see_every_school_closes_nothing(waiting, signed_in):
    with pytest.raises(Refusal) as refused:
        close(by=LOCAL)
    assert refused.value.status == 403
    body = {"month": "2026-11", "schools": 1, "reason": "x"}
    for who in ("gauteng@example.com", "circle@example.com"):
        answer = signed_in(who).post("/api/operator/billing/close", body, content_type="application/json")
        assert answer.status_code == 403


def test_a_month_nobody_waits_for_is_left_to_the_clock(waiting, riverside):
    tell(riverside, NOVEMBER, 4, at=CLOSING - timedelta(minutes=1))
    with pytest.raises(Refusal) as refused:
        close()
    assert refused.value.extra["why"] == "not_blocked"


def test_an_earlier_month_comes_first(waiting, greenfield):
    later = CLOSING + timedelta(days=40)
    tell(greenfield, DECEMBER, 7, at=later)
    with pytest.raises(Refusal) as refused:
        closing.close_without(by=FINANCE, month=DECEMBER, schools=1, reason="x", now=later)
    assert refused.value.extra["why"] == "not_blocked"


def test_what_a_school_that_was_left_out_counts_later_is_an_adjustment(waiting, riverside):
    tell(riverside, NOVEMBER, 2, at=CLOSING - timedelta(days=20))  # in the middle of the month, then silence
    close()
    row = next(row for row in reading.every_row(EVERYTHING, NOVEMBER) if row.name == "Riverside High")
    assert (row.billable, row.adjustment) == (None, 0)
    tell(riverside, NOVEMBER, 9, at=CLOSING + timedelta(hours=1))
    tell(riverside, NOVEMBER, 9, at=CLOSING + timedelta(hours=13))
    assert [one.difference for one in Adjustment.objects.all()] == [9]
    row = next(row for row in reading.every_row(EVERYTHING, NOVEMBER) if row.name == "Riverside High")
    assert (row.billable, row.adjustment) == (None, 9) and set(row.channels.values()) == {None}
    seen = explaining.why(EVERYTHING, NOVEMBER, riverside.ref.id)
    assert seen.left_out and seen.adjustment == 9 and seen.sent is None
    assert proving.is_whole(ClosedMonth.objects.get())
