"""What may be written down about people; every function returns the value as it is kept or raises Refusal (422)."""

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from tenant_apps.people.rules import RELATIONS, Term, e164, fault_in_terms, tidy
from tenants.problems import invalid

FAULTS = {
    "twice": "A term number is there twice.",
    "out_of_year": "A term starts and ends in its own year, and starts first.",
    "overlap": "Two terms overlap.",
}


def clean_name(field: str, text: str, longest: int = 100) -> str:
    kept = tidy(text)
    if not kept:
        raise invalid(field, "required", "This cannot be empty.")
    if len(kept) > longest:
        raise invalid(field, "too_long", f"At most {longest} characters.")
    return kept


def clean_email(address: str) -> str:
    """Empty stays empty."""
    kept = address.strip()
    try:
        if kept:
            validate_email(kept)
    except ValidationError as error:
        raise invalid("email", "not_an_address", "This is not an email address.") from error
    return kept


def clean_phone(number: str) -> str:
    """E.164; empty stays empty."""
    kept = e164(number) if number.strip() else ""
    if kept is None:
        raise invalid("phone", "not_a_number", "This is not a phone number.")
    return kept


def clean_relation(relation: str) -> str:
    if relation not in RELATIONS:
        raise invalid("relation", "unknown", f"One of {', '.join(RELATIONS)}.")
    return relation


def check_terms(year: int, terms: list[Term]) -> None:
    if fault := fault_in_terms(year, terms):
        raise invalid("terms", fault, FAULTS[fault])
