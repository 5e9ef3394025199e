"""How the last day of deliveries is drawn. Pure."""

from dataclasses import dataclass
from datetime import datetime

HEIGHT = 100
HOUR_WIDTH, BAR_WIDTH = 20, 8
HOURS_A_LABEL = 3
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
