"""The rules about people and days, pure: what a school day is, which terms make a year, how a number is kept."""

from collections.abc import Iterable, Mapping
from datetime import date

import phonenumbers

Term = tuple[int, date, date]  # number, first day, last day
SATURDAY = 5
RELATIONS = ("mother", "father", "grandparent", "aunt_uncle", "other")
LAST_GRADE = 12
REGION = "ZA"  # of a number written without a country


def is_school_day(day: date, terms: Iterable[tuple[date, date]], special: Mapping[date, bool]) -> bool:
    """Whether children are expected on `day`.

    `terms` are (first, last) days, both included; `special` are the days that differ from the rule and always win.
    """
    if day in special:
        return special[day]
    return day.weekday() < SATURDAY and any(first <= day <= last for first, last in terms)


def fault_in_terms(year: int, terms: list[Term]) -> str:
    """Why these are not the terms of `year`: `twice`, `out_of_year` or `overlap`; empty when they are."""
    if len({number for number, _, _ in terms}) != len(terms):
        return "twice"
    if any(first > last or first.year != year or last.year != year for _, first, last in terms):
        return "out_of_year"
    ordered = sorted(terms, key=lambda term: term[1])
    if any(one[2] >= other[1] for one, other in zip(ordered, ordered[1:], strict=False)):
        return "overlap"
    return ""


def grade_short(grade: int) -> str:
    """`R` for the year before Grade 1, else the number."""
    return "R" if grade == 0 else str(grade)


def tidy(text: str) -> str:
    """`text` without blanks around it and with one between words."""
    return " ".join(text.split())


def e164(number: str) -> str | None:
    """`number` as E.164, South African unless it names a country; None when it is no telephone number."""
    try:
        parsed = phonenumbers.parse(number, REGION)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(parsed):
        return None
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
