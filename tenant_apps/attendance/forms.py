"""What the register's page sends: which register, which learner, which mark. Nothing is believed before it is read."""

import re
from dataclasses import dataclass
from datetime import date as Day
from urllib.parse import urlencode

from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from tenants.problems import invalid

MARK_NAMES: dict[str, str | Promise] = {
    "P": pgettext_lazy("mark in a register", "Present"),
    "L": pgettext_lazy("mark in a register", "Late"),
    "A": pgettext_lazy("mark in a register", "Absent"),
    "E": pgettext_lazy("mark in a register", "Excused"),
}
REASONS: dict[str, str | Promise] = {
    "a": _("Study leave before the final examinations"),
    "b": _("Illness"),
    "c": _("Giving birth"),
    "d": _("Religious or cultural day"),
    "e": _("Death in the family"),
    "f": _("Court, social services or another office"),
    "g": _("Suspended by the governing body"),
    "h": _("Storm, flood or other act of nature"),
    "i": _("Exceptional circumstances"),
}


@dataclass(frozen=True)
class RegisterForm:
    """One class on one day, as an address or a form names it."""

    class_id: str
    date: Day

    @classmethod
    def read(cls, sent: QueryDict, *, today: Day) -> "RegisterForm":
        """`date` left out is today. Raises Refusal (422 `date`)."""
        return cls(sent.get("class", "")[:64], read_day(sent.get("date", ""), today))

    def address(self) -> str:
        return f"?{urlencode({'class': self.class_id, 'date': self.date})}"


def read_day(text: str, today: Day) -> Day:
    if not text:
        return today
    try:
        if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
            raise ValueError(text)
        return Day.fromisoformat(text)
    except ValueError as error:
        raise invalid("date", "date_form", "A date is written 2026-11-20.") from error


@dataclass(frozen=True)
class MarkForm:
    learner_id: str
    mark: str
    reason: str

    @classmethod
    def read(cls, sent: QueryDict) -> "MarkForm":
        """A reason goes with E alone, so what stands in the list beside another mark is left behind."""
        mark = sent.get("mark", "")[:1]
        return cls(sent.get("learner", "")[:64], mark, sent.get("reason", "")[:1] if mark == "E" else "")
