"""Where a month begins and ends: in the school's own zone, to the minute."""

from datetime import UTC, date, datetime

import pytest

from shared_apps.billing.models import LearnerCount
from shared_apps.billing.rules import MonthTold
from shared_apps.billing.services import counting
from shared_apps.billing.services.reading import every_row
from tenants.actor import system
from tenants.models import School

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
    assert counting.missing(NOVEMBER, LATER).filter(slug="greenfield").exists() is november
    counting.publish([told(DECEMBER), told(NOVEMBER)], school=greenfield.ref.id)
    months = set(LearnerCount.objects.values_list("month", flat=True))
    assert months == ({NOVEMBER, DECEMBER} if november else {DECEMBER})
