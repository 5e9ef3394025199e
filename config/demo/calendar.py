"""The public schools' year 2026, and the days on which the demo is open whatever that year says."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from tenant_apps.people.services.calendar import add_calendar_day, is_school_day
from tenants.actor import system
from tenants.current import SchoolRef
from tenants.scope import school_scope

YEAR = 2026
TERMS = [
    (1, date(2026, 1, 14), date(2026, 3, 27)),
    (2, date(2026, 4, 8), date(2026, 6, 26)),
    (3, date(2026, 7, 21), date(2026, 9, 23)),
    (4, date(2026, 10, 6), date(2026, 12, 9)),
]
HOLIDAYS = [
    (date(2026, 4, 27), False, "Freedom Day"),
    (date(2026, 5, 1), False, "Workers' Day"),
    (date(2026, 6, 15), False, "Special school holiday"),
    (date(2026, 6, 16), False, "Youth Day"),
    (date(2026, 8, 10), False, "National Women's Day (observed)"),
]
FORTNIGHT = 14
SATURDAY = 5


def founded(now: datetime) -> datetime:
    """When the demo's schools began: the educators' first day of 2026, or a month ago on an earlier clock."""
    first_day = datetime(2026, 1, 12, 8, tzinfo=ZoneInfo("Africa/Johannesburg"))
    return min(first_day, now - timedelta(days=30))


def today(ref: SchoolRef, now: datetime) -> date:
    return now.astimezone(ref.zone).date()


def past_days(day: date) -> list[date]:
    """The weekdays of the two weeks before `day`, the oldest first."""
    span = [day - timedelta(days=back) for back in range(FORTNIGHT, 0, -1)]
    return [one for one in span if one.weekday() < SATURDAY]


def open_today(ref: SchoolRef, *, now: datetime) -> None:
    """Make today a school day, so that the demo works on a Sunday in the holidays too."""
    with school_scope(ref):
        open_day(ref, today(ref, now), now=now)


def open_day(ref: SchoolRef, day: date, *, now: datetime) -> None:
    """The same for one day, inside the school's scope."""
    if not is_school_day(day):
        add_calendar_day(by=system("demo", ref), now=now, date=day, school_day=True, name="Demo day")
