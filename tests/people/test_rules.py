"""The pure rules about days, grades and numbers."""

from datetime import date, timedelta

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from tenant_apps.people.rules import e164, is_school_day
from tenant_apps.people.services.classes import grade_name

DAYS = st.dates(date(2026, 1, 1), date(2026, 12, 31))
TERMS = st.lists(st.tuples(DAYS, DAYS).map(sorted).map(tuple), max_size=4)
SPECIAL = st.dictionaries(DAYS, st.booleans(), max_size=6)

TERMS_2026 = [
    (date(2026, 1, 14), date(2026, 3, 27)), (date(2026, 4, 8), date(2026, 6, 26)),
    (date(2026, 7, 21), date(2026, 9, 23)), (date(2026, 10, 6), date(2026, 12, 9)),
]  # fmt: skip
HOLIDAYS_2026 = dict.fromkeys(
    [date(2026, 4, 27), date(2026, 5, 1), date(2026, 6, 15), date(2026, 6, 16), date(2026, 8, 10)], False
)


@given(DAYS, TERMS, SPECIAL)
def test_a_day_that_was_named_is_what_it_was_named(day, terms, special):
    if day in special:
        assert is_school_day(day, terms, special) is special[day]


@given(DAYS, TERMS)
def test_never_on_a_weekend_and_never_outside_a_term(day, terms):
    expected = day.weekday() < 5 and any(first <= day <= last for first, last in terms)
    assert is_school_day(day, terms, {}) is expected


@given(DAYS, TERMS, SPECIAL)
def test_other_special_days_change_nothing(day, terms, special):
    others = {other: school for other, school in special.items() if other != day}
    assert is_school_day(day, terms, others) is is_school_day(day, terms, {})


@pytest.mark.parametrize(("term", "count"), list(enumerate([53, 54, 46, 47])))
def test_the_published_calendar_of_2026_has_the_published_number_of_days(term, count):
    first, last = TERMS_2026[term]
    span = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    assert sum(is_school_day(day, TERMS_2026, HOLIDAYS_2026) for day in span) == count


def test_grade_r_comes_before_grade_1():
    assert [grade_name(grade) for grade in (0, 1, 12)] == ["Grade R", "Grade 1", "Grade 12"]


@given(st.text(max_size=30))
def test_whatever_is_typed_as_a_phone_number_becomes_e164_or_nothing(text):
    kept = e164(text)
    if kept is not None:
        assert kept.startswith("+") and kept[1:].isdigit() and len(kept) <= 16
        assert e164(kept) == kept


def test_grades_are_named_in_the_readers_language():
    with translation.override("af"):
        assert grade_name(4) == "Graad 4"
    with translation.override("zu"):
        assert grade_name(0) == "Ibanga R"
