"""The answers of an onboarding, checked once for page and API."""

import json
from dataclasses import asdict, dataclass
from typing import Any
from zoneinfo import available_timezones

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _

from shared_apps.groups.models import Circle
from shared_apps.identity.services.passwords import hash_password, must_be_good
from shared_apps.regions.services import is_known as is_place
from shared_apps.schools import rules
from tenants.ids import parse_id
from tenants.problems import FieldError, Refusal

ZONE, CLOSE = "Africa/Johannesburg", "17:00"


@dataclass(frozen=True)
class Person:
    """Somebody's first account. `password_hash` is empty where no password was supplied or made yet.

    `generated`: the product made it, so it may make another while nobody has used it.
    """

    name: str
    email: str
    password_hash: str = ""
    generated: bool = False


@dataclass(frozen=True)
class Answers:
    """What is known about a school before it exists."""

    name: str
    timezone: str
    close_time: str
    region: str
    circle: str
    admin: Person
    officer: Person | None

    def people(self) -> dict[str, Person]:
        """By the role they get."""
        staff = {"school_admin": self.admin, "gate_officer": self.officer}
        return {role: person for role, person in staff.items() if person}

    def to_json(self) -> str:
        return json.dumps(asdict(self), sort_keys=True, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> "Answers":
        told: dict[str, Any] = json.loads(text)
        officer = told.pop("officer")
        return cls(**{**told, "admin": Person(**told["admin"]), "officer": Person(**officer) if officer else None})


class _Faults:
    """Collects what is wrong, field by field, so that everything is said at once."""

    def __init__(self) -> None:
        self.found: list[FieldError] = []

    def unless(self, fine: object, field: str, code: str, message: str) -> None:
        if not fine:
            self.found.append(FieldError(field, code, message))

    def end(self) -> None:
        if self.found:
            raise Refusal(422, "invalid", _("Some fields are not right."), self.found)


def checked(
    *, name: str, timezone: str, close_time: str, region: str, circle: str, admin: dict[str, str],
    officer: dict[str, str] | None,
) -> Answers:  # fmt: skip
    """Answers that can be used. People are `{name, email, password}`. Raises 422 with every fault by its field."""
    faults = _Faults()
    name = " ".join(name.split())
    faults.unless(name, "school.name", "required", _("Give the school’s name."))
    faults.unless(len(name) <= 200, "school.name", "too_long", _("The name is too long. Use at most 200 characters."))
    known = timezone in available_timezones()
    faults.unless(known, "school.timezone", "unknown", _("This time zone is not known. Choose one of the list."))
    close = rules.clock(close_time)
    faults.unless(close, "school.close_time", "not_a_time", _("Write the time as hours and minutes: 17:00"))
    too_early = _("The campus closes after the bell in the morning.")
    faults.unless(rules.closes_after(rules.BELL, close), "school.close_time", "before_bell", too_early)
    faults.unless(
        not region or is_place(region), "school.region", "not_a_region", _("Choose a region from the list.")
    )  # fmt: skip
    group = parse_id(circle) if circle else None
    there = not circle or (group and Circle.objects.filter(pk=group).exists())
    faults.unless(there, "school.group", "unknown", _("This group is not there any more. Choose another."))
    first = _person(admin, "admin", faults)
    second = _person(officer, "officer", faults) if officer else None
    same = second and second.email.casefold() == first.email.casefold()
    faults.unless(not same, "officer.email", "same_address", _("The officer needs an address other than the admin’s."))
    faults.end()
    return Answers(name, timezone, close_time, region, str(group or ""), first, second)


def _person(told: dict[str, str], who: str, faults: _Faults) -> Person:
    name, email, password = " ".join(told["name"].split()), told["email"].strip(), told.get("password", "")
    faults.unless(name, f"{who}.name", "required", _("Give the person’s name."))
    longest = max(len(part) for part in rules.two_names(name))
    faults.unless(longest <= 100, f"{who}.name", "too_long", _("The name is too long."))
    faults.unless(
        _is_address(email), f"{who}.email", "not_an_address", _("Give an email address, for example name@school.co.za")
    )
    weak = _weakness(password) if password else None
    if weak:
        faults.found.append(FieldError(f"{who}.password", weak.code, weak.message))
    return Person(name, email, hash_password(password) if password and not faults.found else "")


def _is_address(email: str) -> bool:
    try:
        validate_email(email)
    except ValidationError:
        return False
    return len(email) <= 254


def _weakness(password: str) -> FieldError | None:
    try:
        must_be_good(password)
    except Refusal as refusal:
        return refusal.errors[0]
    return None
