"""How the last day of deliveries is drawn, and where a page of a long list begins. Pure."""

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

HEIGHT = 100
HOUR_WIDTH, BAR_WIDTH = 20, 8
HOURS_A_LABEL = 5  # a day has 25 parts, the first and the last of them not whole hours
Hours = list[tuple[datetime, int, int]]  # start, sent, failed


@dataclass(frozen=True)
class Bar:
    """A rectangle in the chart's own units; `series` is `sent` or `failed`."""

    series: str
    x: int
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
    hours: list[datetime]


def chart(hours: Hours) -> Chart:
    """Two bars per hour, sent and failed, on one scale."""
    top = nice_top(max([0, *(max(sent, failed) for _, sent, failed in hours)]))
    bars = []
    for place, (_starts, *counts) in enumerate(hours):
        for series, (name, count) in enumerate(zip(("sent", "failed"), counts, strict=True)):
            height = round(HEIGHT * count / top, 2)
            if count:  # a few failures beside many deliveries are still to be seen
                height = max(height, 1.5)
                left = place * HOUR_WIDTH + 2 + series * BAR_WIDTH
                bars.append(Bar(name, left, round(HEIGHT - height, 2), height))
    return Chart(len(hours) * HOUR_WIDTH, HEIGHT, top, bars, [starts for starts, _, _ in hours[::HOURS_A_LABEL]])


def nice_top(most: int) -> int:
    """The next of 10, 20, 50, 100, 200, 500 ..., so that a scale does not jump with every message."""
    step = 10
    while True:
        for factor in (1, 2, 5):
            if step * factor >= most:
                return step * factor
        step *= 10


# -- where a page begins -----------------------------------------------------------------------------------------------

LONGEST_CURSOR = 1200


@dataclass(frozen=True)
class Place:
    """The last school of the page before: its place in the order of looking, its name, its id."""

    place: int
    name: str
    id: UUID

    def cursor(self) -> str:
        text = json.dumps([self.place, self.name, str(self.id)], ensure_ascii=False)
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def read_cursor(text: str) -> Place | None:
    """The place a cursor names; None for anything `Place.cursor` did not write."""
    if len(text) > LONGEST_CURSOR:
        return None
    try:
        padded = text.encode("ascii") + b"=" * (-len(text) % 4)
        place, name, key = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True).decode())
        found = Place(place, name, UUID(key))
    except (UnicodeError, binascii.Error, ValueError, TypeError, AttributeError, RecursionError):
        return None
    whole = type(place) is int and 0 <= place < 100 and isinstance(name, str)
    return found if whole and not any(letter == "\0" or "\ud800" <= letter <= "\udfff" for letter in name) else None


AUDIT = "/operator/audit"


def audit_address(path: str = AUDIT, **asked: object) -> str:
    """The address of a part of the history; what is not asked for stands in it nowhere."""
    said = {name: value.isoformat() if isinstance(value, datetime) else value for name, value in asked.items()}
    return f"{path}?{urlencode({name: value for name, value in said.items() if value})}"


def changes_in(facts: Mapping[str, Any]) -> tuple[list[tuple[str, str, str]], list[tuple[str, str]]]:
    """What an event's facts say: (field, before, after) for what changed, (name, value) for the rest.

    Changes are written down as `{"before": {...}, "after": {...}}` or as `{"changes": {field: ...}}` with `[before,
    after]` or `{"before": ..., "after": ...}` of each field.
    """
    changes, others = [], []
    before, after = facts.get("before"), facts.get("after")
    paired = isinstance(before, dict) and isinstance(after, dict)
    if isinstance(before, dict) and isinstance(after, dict):
        names = sorted({*before, *after})
        changes += [(name, plain(before.get(name)), plain(after.get(name))) for name in names]
    listed = facts.get("changes")
    if isinstance(listed, dict):
        pairs = {name: _pair(told) for name, told in sorted(listed.items())}
        changes += [(name, plain(pair[0]), plain(pair[1])) for name, pair in pairs.items() if pair]
    for name, value in sorted(facts.items()):
        if not (paired and name in ("before", "after")) and not (changes and name == "changes"):
            others.append((name, plain(value)))
    return changes, others


def _pair(told: Any) -> tuple[Any, Any] | None:
    if isinstance(told, dict) and set(told) == {"before", "after"}:
        return told["before"], told["after"]
    return (told[0], told[1]) if isinstance(told, list) and len(told) == 2 else None


def plain(value: Any) -> str:
    """A fact as text; nothing is a dash."""
    if value is None or value == "":
        return "–"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
