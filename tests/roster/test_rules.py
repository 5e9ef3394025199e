"""The chart of a day, as numbers."""

from datetime import time

from hypothesis import given
from hypothesis import strategies as st

from tenant_apps.roster.rules import CHART_HEIGHT, chart, nice_top

SLOTS = st.builds(time, st.integers(0, 23), st.sampled_from([0, 30]))
FLOWS = st.dictionaries(SLOTS, st.tuples(st.integers(0, 5000), st.integers(0, 5000)), max_size=48).map(
    lambda day: [(starts, *counts) for starts, counts in sorted(day.items())]
)


@given(st.integers(0, 10**6))
def test_a_scale_holds_the_most_and_can_be_halved(most):
    assert nice_top(most) >= max(most, 4) and nice_top(most) % 2 == 0


@given(FLOWS)
def test_every_bar_lies_in_the_picture_and_no_two_overlap(flow):
    drawn = chart(flow)
    assert len(drawn.bars) == sum(bool(count) for _, *counts in flow for count in counts)
    edges = sorted((bar.x, bar.x + bar.width) for bar in drawn.bars)
    assert all(one[1] <= other[0] for one, other in zip(edges, edges[1:], strict=False))
    for bar in drawn.bars:
        assert bar.x >= 0 and bar.x + bar.width <= drawn.width
        assert bar.y >= 0 and abs(bar.y + bar.height - CHART_HEIGHT) < 0.01


@given(FLOWS)
def test_hours_divide_the_width_evenly_and_the_school_day_is_always_drawn(flow):
    drawn = chart(flow)
    assert drawn.width % len(drawn.hours) == 0
    assert drawn.hours[0] <= time(6) and drawn.hours[-1] >= time(16)
