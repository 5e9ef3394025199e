"""The rules about people and days, pure: what a school day is, what a grade is called, what a name or number may be."""

from collections.abc import Iterable, Mapping
from datetime import date

import phonenumbers
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext

from tenants.problems import invalid

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


def check_terms(year: int, terms: list[Term]) -> None:
    """Raise Refusal (422 `terms`) unless the terms lie in `year`, one after the other, each number once."""
    if len({number for number, _, _ in terms}) != len(terms):
        raise invalid("terms", "twice", "A term number is there twice.")
    for _, first, last in terms:
        if first > last or first.year != year or last.year != year:
            raise invalid("terms", "out_of_year", "A term starts and ends in its own year, and starts first.")
    ordered = sorted(terms, key=lambda term: term[1])
    if any(one[2] >= other[1] for one, other in zip(ordered, ordered[1:], strict=False)):
        raise invalid("terms", "overlap", "Two terms overlap.")


def grade_name(grade: int) -> str:
    """`Grade R` for 0, else `Grade 4`, in the language of whoever reads."""
    return gettext("Grade %(grade)s") % {"grade": grade_short(grade)}


def grade_short(grade: int) -> str:
    return "R" if grade == 0 else str(grade)


def clean_name(field: str, text: str, longest: int = 100) -> str:
    """`text` with its blanks tidied. Raises Refusal (422 `field`) when nothing is left or it is too long."""
    tidy = " ".join(text.split())
    if not tidy:
        raise invalid(field, "required", "This cannot be empty.")
    if len(tidy) > longest:
        raise invalid(field, "too_long", f"At most {longest} characters.")
    return tidy


def check_relation(relation: str) -> str:
    if relation not in RELATIONS:
        raise invalid("relation", "unknown", f"One of {', '.join(RELATIONS)}.")
    return relation


def clean_email(address: str) -> str:
    """`address` as it is kept; empty stays empty. Raises Refusal (422 `email`)."""
    tidy = address.strip()
    if not tidy:
        return ""
    try:
        validate_email(tidy)
    except ValidationError as error:
        raise invalid("email", "not_an_address", "This is not an email address.") from error
    return tidy


def clean_phone(number: str) -> str:
    """`number` in E.164, South African unless it names a country; empty stays empty. Raises Refusal (422 `phone`)."""
    if not number.strip():
        return ""
    try:
        parsed = phonenumbers.parse(number, REGION)
    except phonenumbers.NumberParseException as error:
        raise invalid("phone", "not_a_number", "This is not a phone number.") from error
    if not phonenumbers.is_valid_number(parsed):
        raise invalid("phone", "not_a_number", "This is not a phone number.")
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
