"""What a school counts of a month, told to the platform and closed there."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction

from shared_apps.audit.models import PlatformEvent
from shared_apps.billing.models import Adjustment, ClosedCount, ClosedMonth, LearnerCount
from shared_apps.billing.services import closing, counting, presence, proving
from tenant_apps.messaging.models import Delivery, Message
from tenant_apps.messaging.services import usage
from tenant_apps.people.models import CalendarDay, Learner
from tenants.models import School
from tenants.scope import school_scope

NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)
NOVEMBER, OCTOBER = date(2026, 11, 1), date(2026, 10, 1)
CLOSING = datetime(2026, 12, 5, tzinfo=UTC)


@pytest.fixture(autouse=True)
def long_here(world_db):
    School.objects.update(created_at=datetime(2026, 1, 1, tzinfo=UTC))


def count(cast, month=NOVEMBER, now=NOW):
    with school_scope(cast.ref):
        return usage.count(month, now=now)


def tell(cast, now=NOW, **changed):
    counting.publish([replace(count(cast, now=now), **changed)], school=cast.ref.id)


def change(cast, number, **fields):
    with school_scope(cast.ref):
        Learner.objects.filter(pk=cast.learners[number].pk).update(**fields)


def test_everybody_enrolled_and_active_on_a_school_day_is_counted(greenfield):
    told = count(greenfield)
    # Eight learners, one of them inactive without a day of leaving.
    assert (told.throughout, told.outside, told.billable) == (7, 1, 7)
    assert told.school_days == 15  # 2 to 20 November 2026, Mondays to Fridays


@pytest.mark.parametrize(
    ("fields", "part"),
    [
        ({"enrolled_on": date(2026, 11, 2)}, "throughout"),  # the first school day
        ({"enrolled_on": date(2026, 11, 20)}, "joined"),  # today
        ({"enrolled_on": date(2026, 11, 21)}, "outside"),  # not yet
        ({"state": "inactive", "left_on": date(2026, 11, 3)}, "departed"),  # was there on the 2nd
        ({"state": "inactive", "left_on": date(2026, 11, 2)}, "outside"),  # its last day was in October
        ({"state": "inactive", "enrolled_on": date(2026, 11, 10), "left_on": date(2026, 11, 11)}, "visited"),
        ({"state": "inactive", "enrolled_on": date(2026, 11, 14), "left_on": date(2026, 11, 16)}, "outside"),  # weekend
        ({"state": "inactive", "left_on": None}, "outside"),
    ],
)
def test_coming_and_going_within_the_month(greenfield, fields, part):
    before = count(greenfield)
    change(greenfield, 0, **fields)
    after = count(greenfield)
    moved = {
        name: getattr(after, name) - getattr(before, name)
        for name in ("throughout", "joined", "departed", "visited", "outside")
    }
    expected = dict.fromkeys(moved, 0) | {"throughout": -1}
    expected[part] += 1
    assert moved == expected


def test_the_calendar_decides_what_a_school_day_is(greenfield):
    change(greenfield, 0, enrolled_on=date(2026, 11, 14), state="inactive", left_on=date(2026, 11, 15))
    assert count(greenfield).visited == 0
    with school_scope(greenfield.ref):
        CalendarDay.objects.create(date=date(2026, 11, 14), school_day=True, name="Sports day")
    assert count(greenfield).visited == 1


def test_a_month_of_holidays_bills_nobody(greenfield):
    told = count(greenfield, date(2026, 12, 1), datetime(2027, 1, 5, tzinfo=UTC))
    assert told.school_days == 7  # the term ends on 9 December
    with school_scope(greenfield.ref):
        CalendarDay.objects.bulk_create(
            CalendarDay(date=date(2026, 12, day), school_day=False, name="Closed") for day in range(1, 10)
        )
    assert count(greenfield, date(2026, 12, 1), datetime(2027, 1, 5, tzinfo=UTC)).billable == 0


def test_messages_are_counted_in_the_schools_own_month(greenfield):
    with school_scope(greenfield.ref):
        guardian = greenfield.learners[0].guardianships.first().guardian
        for number, (at, state) in enumerate(
            [
                (datetime(2026, 10, 31, 21, 59, tzinfo=UTC), "sent"),  # 23:59 in October at school
                (datetime(2026, 10, 31, 22, 0, tzinfo=UTC), "sent"),  # midnight
                (datetime(2026, 11, 10, tzinfo=UTC), "sent"),
                (datetime(2026, 11, 10, tzinfo=UTC), "failed"),
            ]
        ):
            message = Message.objects.create(
                kind=f"k{number}", event=greenfield.ref.id, learner=greenfield.learners[0], guardian=guardian,
                language="en", subject="s", text="t", created_at=at,
            )  # fmt: skip
            Delivery.objects.create(message=message, channel="email", state=state, reference=f"r{number}", sent_at=at)
    assert count(greenfield).channels == {"email": 2}


def test_an_older_count_gives_way_to_a_newer_one(greenfield):
    tell(greenfield, throughout=5)
    tell(greenfield, now=NOW - timedelta(hours=1), throughout=6)
    assert LearnerCount.objects.get().billable == 5
    tell(greenfield, now=NOW + timedelta(hours=1), throughout=6)
    assert LearnerCount.objects.get().billable == 6


def test_nobody_is_billed_for_a_month_before_the_school_was_here(greenfield):
    School.objects.update(created_at=NOW)
    counting.publish([count(greenfield), count(greenfield, OCTOBER)], school=greenfield.ref.id)
    assert [row.month for row in LearnerCount.objects.all()] == [NOVEMBER]


def test_a_school_is_asked_again_after_half_a_day(greenfield, riverside):
    tell(greenfield)
    assert presence.due(NOW + timedelta(hours=11)) == [riverside.ref.id]
    assert set(presence.due(NOW + timedelta(hours=13))) == {greenfield.ref.id, riverside.ref.id}


# -- closing ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def complete(greenfield, riverside):
    for cast in (greenfield, riverside):
        tell(cast, now=CLOSING - timedelta(hours=1))


def test_a_month_is_closed_once_it_is_over_and_complete(complete):
    assert closing.close_months(now=CLOSING - timedelta(days=3)) == []
    assert closing.close_months(now=CLOSING) == [NOVEMBER]
    closed = ClosedMonth.objects.get()
    assert (closed.schools, closed.total) == (2, 14) and proving.is_whole(closed)
    assert closing.close_months(now=CLOSING) == []
    assert PlatformEvent.objects.filter(kind="billing.month_closed").count() == 1


def test_a_month_waits_for_a_school_that_has_not_told_since_it_ended(greenfield, riverside):
    tell(greenfield, now=CLOSING - timedelta(hours=1))
    tell(riverside)  # in the middle of the month
    assert closing.close_months(now=CLOSING) == []
    School.objects.filter(slug="riverside").update(state="disabled")  # a suspended school cannot tell
    assert closing.close_months(now=CLOSING) == [NOVEMBER]


def test_a_month_is_closed_once(complete):
    closing.close(NOVEMBER, now=CLOSING)
    with pytest.raises(IntegrityError), transaction.atomic():
        closing.close(NOVEMBER, now=CLOSING)


def test_a_late_change_stands_beside_the_closed_month(complete, greenfield):
    closing.close(NOVEMBER, now=CLOSING)
    tell(greenfield, now=CLOSING, throughout=9)
    tell(greenfield, now=CLOSING + timedelta(hours=1), throughout=9)
    assert [row.difference for row in Adjustment.objects.all()] == [2]
    tell(greenfield, now=CLOSING + timedelta(hours=2), throughout=6)
    assert [row.difference for row in Adjustment.objects.order_by("pk")] == [2, -3]
    assert ClosedCount.objects.get(school=greenfield.ref.id).billable == 7
    assert proving.is_whole(ClosedMonth.objects.get())
