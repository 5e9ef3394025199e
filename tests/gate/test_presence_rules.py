"""Where a day's scans leave a learner: the latest decides, and nothing moves presence backwards."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

from hypothesis import given
from hypothesis import strategies as st

from tenant_apps.gate.rules import Direction, Seen, latest, moves_presence, on_site_at

DAY = datetime(2026, 11, 20, 4, tzinfo=UTC)
GATE = uuid4()
scans = st.lists(st.tuples(st.integers(0, 12), st.sampled_from(Direction)), min_size=1, max_size=9).map(
    lambda asked: [
        Seen(DAY + timedelta(minutes=minute), DAY + timedelta(days=1, seconds=place), direction, GATE)
        for place, (minute, direction) in enumerate(asked)
        if direction is not Direction.AUTO
    ]
)


def put_there(seen: list[Seen]) -> list[Seen]:
    """The scans that moved presence, in the order in which all were recorded."""
    return [scan for place, scan in enumerate(seen) if moves_presence(scan, latest(seen[:place]))]


@given(scans)
def test_presence_never_moves_backwards(seen):
    since = [scan.scanned_at for scan in put_there(seen)]
    assert since == sorted(since)


@given(scans)
def test_the_latest_scan_of_the_day_decides(seen):
    moved = put_there(seen)
    assert bool(moved) == bool(seen)
    if seen:
        assert moved[-1].direction is latest(seen).direction
        assert (moved[-1].direction is Direction.IN) == on_site_at(DAY + timedelta(days=1), seen)


@given(scans)
def test_two_in_a_row_never_move_the_same_way(seen):
    moved = put_there(seen)
    assert all(one.direction is not other.direction for one, other in zip(moved, moved[1:], strict=False))


def test_before_the_first_scan_of_a_day_nobody_is_on_site():
    assert not on_site_at(DAY, [])
