"""Where a month begins and ends: in the school's own zone, to the minute."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from shared_apps.billing.models import LearnerCount
from shared_apps.billing.rules import MonthTold
from shared_apps.billing.services import closing, counting, presence
from shared_apps.billing.services.reading import every_row
from tenant_apps.messaging.services import usage
from tenants.actor import system
from tenants.models import School
from tenants.scope import school_scope
from tests.billing.conftest import tell

NOVEMBER, DECEMBER = date(2026, 11, 1), date(2026, 12, 1)
LATER = datetime(2026, 12, 20, tzinfo=UTC)


def told(month):
    return MonthTold(month, LATER, 20, 5, 0, 0, 0, 0, {})


@pytest.mark.parametrize(
    ("zone", "created", "november"),
    [
        ("Africa/Johannesburg", datetime(2026, 12, 1, 6, tzinfo=UTC), False),  # 1 December, 08:00
        ("Africa/Johannesburg", datetime(2026, 11, 30, 22, 0, tzinfo=UTC), False),  # midnight
        ("Africa/Johannesburg", datetime(2026, 11, 30, 21, 59, tzinfo=UTC), True),
        ("America/Los_Angeles", datetime(2026, 12, 1, 7, 59, tzinfo=UTC), True),  # the last minute of November there
        ("America/Los_Angeles", datetime(2026, 12, 1, 8, 0, tzinfo=UTC), False),
        ("Pacific/Kiritimati", datetime(2026, 11, 30, 9, 59, tzinfo=UTC), True),
        ("Pacific/Kiritimati", datetime(2026, 11, 30, 10, 0, tzinfo=UTC), False),
    ],
)
def test_a_school_is_billed_from_the_month_it_was_created_in_by_its_own_clock(greenfield, zone, created, november):
    School.objects.filter(slug="greenfield").update(timezone=zone, created_at=created)
    rows = {row.name for row in every_row(system("test"), NOVEMBER)}
    assert ("Greenfield Primary" in rows) is november
    assert presence.missing(NOVEMBER, LATER).filter(slug="greenfield").exists() is november
    counting.publish([told(DECEMBER), told(NOVEMBER)], school=greenfield.ref.id)
    months = set(LearnerCount.objects.values_list("month", flat=True))
    assert months == ({NOVEMBER, DECEMBER} if november else {DECEMBER})


@pytest.mark.parametrize(
    ("moment", "final"),
    [
        (datetime(2026, 12, 1, 11, 59, tzinfo=UTC), False),  # 23:59 of November on the last islands of the earth
        (datetime(2026, 12, 1, 12, 0, tzinfo=UTC), True),
    ],
)
def test_a_count_is_final_once_the_month_is_over_everywhere(long_here, greenfield, moment, final):
    tell(greenfield, NOVEMBER, 7, at=moment)
    assert presence.missing(NOVEMBER, LATER).filter(slug="greenfield").exists() is not final


def test_a_month_is_closed_three_days_after_it_was_over_everywhere_and_not_before(long_here, greenfield, riverside):
    opens = datetime(2026, 12, 4, 12, tzinfo=UTC)
    for cast in (greenfield, riverside):
        tell(cast, NOVEMBER, 7, at=opens - timedelta(hours=1))
    assert closing.close_months(now=opens - timedelta(minutes=1)) == []
    assert closing.close_months(now=opens) == [NOVEMBER]


@pytest.mark.parametrize(
    ("zone", "now", "days"),
    [
        ("Africa/Johannesburg", datetime(2026, 11, 2, 21, 59, tzinfo=UTC), 1),  # Monday the 2nd, 23:59
        ("Africa/Johannesburg", datetime(2026, 11, 2, 22, 0, tzinfo=UTC), 2),  # Tuesday has begun
        ("America/Los_Angeles", datetime(2026, 11, 3, 7, 59, tzinfo=UTC), 1),  # still Monday
        ("America/Los_Angeles", datetime(2026, 11, 3, 8, 0, tzinfo=UTC), 2),
    ],
)
def test_today_is_the_schools_own_day(greenfield, zone, now, days):
    with school_scope(replace(greenfield.ref, timezone=zone)):
        assert usage.count(NOVEMBER, now=now).school_days == days


@pytest.mark.parametrize(
    ("now", "current"),
    [(datetime(2026, 11, 30, 21, 59, tzinfo=UTC), NOVEMBER), (datetime(2026, 11, 30, 22, 0, tzinfo=UTC), DECEMBER)],
)
def test_the_current_month_is_the_schools_own(greenfield, now, current):
    with school_scope(greenfield.ref):
        assert usage.counted(now=now)[0].month == current
