"""The school's year: terms, days that differ, and whether a day is a school day."""

from datetime import date as Day
from datetime import datetime

from tenant_apps.events.services.record import record
from tenant_apps.people.models import AcademicYear, CalendarDay, Term
from tenant_apps.people.rules import is_school_day as by_rule
from tenant_apps.people.services.checks import check_terms, clean_name
from tenant_apps.people.services.rows import insert
from tenants.actor import Actor


def open_year(
    *, by: Actor, now: datetime, year: int, terms: list[tuple[int, Day, Day]], days: list[tuple[Day, bool, str]]
) -> AcademicYear:
    """Open a year with its terms (number, first, last) and the days that differ (date, school day?, name).

    Raises Refusal: 422 for terms that overlap or leave the year, 409 when the year is open already.
    """
    check_terms(year, terms)
    opened = AcademicYear(year=year)
    insert(opened, taken="This school year is open already.")
    Term.objects.bulk_create(
        Term(year=opened, number=number, starts_on=first, ends_on=last) for number, first, last in terms
    )
    _put_days(days)
    record(
        "people.year_opened", by=by, at=now, now=now,
        facts={
            "year": year,
            "terms": [[number, str(first), str(last)] for number, first, last in terms],
            "days": [[str(day), school_day, name] for day, school_day, name in days],
        },
    )  # fmt: skip
    return opened


def add_calendar_day(*, by: Actor, now: datetime, date: Day, school_day: bool, name: str) -> CalendarDay:
    """Say that `date` differs from the rule; said again, the last word counts."""
    _put_days([(date, school_day, name)])
    record(
        "people.calendar_day_set", by=by, at=now, now=now,
        facts={"date": str(date), "school_day": school_day, "name": clean_name("name", name)},
    )  # fmt: skip
    found: CalendarDay = CalendarDay.objects.get(date=date)
    return found


def _put_days(days: list[tuple[Day, bool, str]]) -> None:
    CalendarDay.objects.bulk_create(
        [CalendarDay(date=day, school_day=school_day, name=clean_name("name", name)) for day, school_day, name in days],
        update_conflicts=True,
        unique_fields=["date"],
        update_fields=["school_day", "name"],
    )


def is_school_day(date: Day) -> bool:
    """Whether children are expected in the open school on `date`."""
    return date in school_days(date, date)


def school_days(first: Day, last: Day) -> list[Day]:
    """The school days from `first` to `last`, both included. Two statements, whatever the span."""
    terms = list(Term.objects.filter(starts_on__lte=last, ends_on__gte=first).values_list("starts_on", "ends_on"))
    special = dict(CalendarDay.objects.filter(date__range=(first, last)).values_list("date", "school_day"))
    span = (Day.fromordinal(number) for number in range(first.toordinal(), last.toordinal() + 1))
    return [day for day in span if by_rule(day, terms, special)]
