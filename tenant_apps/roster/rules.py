"""Pure rules of lists and pictures: where a page of a long list begins, and how the chart of a day is drawn."""

import base64
import binascii
import json
from dataclasses import dataclass
from datetime import time
from uuid import UUID

LONGEST_CURSOR = 1200


@dataclass(frozen=True)
class After:
    """The last learner of the page before: lower-case names as the database sorts them, then the id."""

    family_name: str
    given_name: str
    id: UUID

    def cursor(self) -> str:
        text = json.dumps([self.family_name, self.given_name, str(self.id)], ensure_ascii=False)
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def read_cursor(text: str) -> After | None:
    """The place a cursor names; None for anything `After.cursor` did not write."""
    if len(text) > LONGEST_CURSOR:
        return None
    try:
        padded = text.encode("ascii") + b"=" * (-len(text) % 4)
        family, given, key = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True).decode())
        found = UUID(key)
    except (UnicodeError, binascii.Error, ValueError, TypeError, AttributeError, RecursionError):
        return None
    if not isinstance(family, str) or not isinstance(given, str) or not _storable(family + given):
        return None
    return After(family, given, found)


def _storable(text: str) -> bool:
    """Whether PostgreSQL could hold it: no NUL, no half of a surrogate pair."""
    return not any(letter == "\0" or "\ud800" <= letter <= "\udfff" for letter in text)


# -- the chart of arrivals and departures -----------------------------------------------------------------------------

SLOT = 30  # minutes
SLOTS_A_LABEL = 4  # an hour is written under every fourth half hour
SLOT_WIDTH, BAR_WIDTH, CHART_HEIGHT = 20, 8, 100
DAY_BEGINS, DAY_ENDS = time(6), time(18)  # drawn even when nothing happens then


@dataclass(frozen=True)
class Bar:
    """A rectangle in the chart's own units; `series` is `in` or `out`."""

    series: str
    starts: time
    count: int
    x: float
    y: float
    height: float
    width: int = BAR_WIDTH


@dataclass(frozen=True)
class Chart:
    """`hours` stand under equal parts of the width; `top` is the count at the upper edge."""

    width: int
    height: int
    top: int
    bars: list[Bar]
    hours: list[time]


def chart(flow: list[tuple[time, int, int]]) -> Chart:
    """Two bars per half hour, arrivals and departures, on one scale; `flow` is (start, arrivals, departures)."""
    first = min([_slot(DAY_BEGINS), *(_slot(starts) for starts, _, _ in flow)]) // SLOTS_A_LABEL
    last = max([_slot(DAY_ENDS) - 1, *(_slot(starts) for starts, _, _ in flow)]) // SLOTS_A_LABEL + 1
    top = nice_top(max([0, *(max(arrivals, departures) for _, arrivals, departures in flow)]))
    bars = []
    for starts, *counts in flow:
        left = (_slot(starts) - first * SLOTS_A_LABEL) * SLOT_WIDTH
        for place, (series, count) in enumerate(zip(("in", "out"), counts, strict=True)):
            height = round(CHART_HEIGHT * count / top, 2)
            if count:
                bars.append(Bar(series, starts, count, left + 2 + place * BAR_WIDTH, CHART_HEIGHT - height, height))
    hours = [time(hour * SLOTS_A_LABEL * SLOT // 60) for hour in range(first, last)]
    return Chart((last - first) * SLOTS_A_LABEL * SLOT_WIDTH, CHART_HEIGHT, top, bars, hours)


def _slot(at: time) -> int:
    return (at.hour * 60 + at.minute) // SLOT


def nice_top(most: int) -> int:
    """The next of 4, 10, 20, 30, 40, 50, 60, 80, 100, 200 ... so that a scale does not jump with every learner."""
    if most <= 4:
        return 4
    size = int(10 ** (len(str(most - 1)) - 1))
    return next(step * size for step in (1, 2, 3, 4, 5, 6, 8, 10) if step * size >= max(most, 10))
