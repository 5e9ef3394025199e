"""What a month is, and what it is closed with. Pure.

A billable learner is enrolled and active on at least one school day of the month.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from enum import StrEnum

CHANNELS = ("push", "email", "whatsapp", "sms")
SHOWN = 24  # the current month and the 23 before it
TOLD = 3  # months that a school counts each time: the current one and those in which something may still be late
CLOSES_AFTER = timedelta(days=3)  # from the end of the month, once every school has told
FRESH_FOR = timedelta(hours=12)


class State(StrEnum):
    """How a month stands, as a page, a file and a machine are told. Nobody invoices from one that was CHANGED."""

    OPEN = "open"
    CLOSED = "closed"
    CHANGED = "changed_after_closing"


@dataclass(frozen=True)
class MonthTold:
    """What a school counted of one month, as of a moment. `channels`: sent messages by channel.

    `throughout`, `joined`, `departed` and `visited` make up the billable: enrolled on every school day, from a later
    one on, until an earlier one, or both. `outside` were never enrolled on a school day that has come.
    """

    month: date  # its first day
    as_of: datetime
    school_days: int
    throughout: int
    joined: int
    departed: int
    visited: int
    outside: int
    channels: dict[str, int]

    @property
    def billable(self) -> int:
        return self.throughout + self.joined + self.departed + self.visited


def month_of(day: date) -> date:
    return day.replace(day=1)


def before(month: date, count: int = 1) -> date:
    """The first day of the month `count` months before."""
    number = month.year * 12 + month.month - 1 - count
    return date(number // 12, number % 12 + 1, 1)


def end_of(month: date) -> date:
    """The last day of the month."""
    return before(month, -1) - timedelta(days=1)


def ends_in(month: date, zone: tzinfo) -> datetime:
    """When the month is over in `zone`."""
    return datetime.combine(before(month, -1), time(), zone)


def months(today: date) -> list[date]:
    """The months that can be looked at, the current one first."""
    return [before(month_of(today), number) for number in range(SHOWN)]


def read_month(text: str, today: date) -> date | None:
    """`YYYY-MM` as one of the months that can be looked at; the current one for nothing, None for anything else."""
    if not text:
        return month_of(today)
    return next((month for month in months(today) if f"{month:%Y-%m}" == text), None)


def digest(month: date, rows: Iterable[tuple[object, ...]]) -> str:
    """SHA-256 over a closed month's rows (school, name, billable, one number per channel) in the order of their ids."""
    lines = sorted(json.dumps([str(cell) for cell in row], ensure_ascii=False) for row in rows)
    return hashlib.sha256("\n".join([f"{month:%Y-%m}", *lines]).encode()).hexdigest()
