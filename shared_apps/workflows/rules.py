"""When a failed step is tried again: longer each time, never all at the same moment."""

from datetime import timedelta

FIRST, LONGEST = timedelta(seconds=1), timedelta(minutes=10)


def pause(attempts: int, jitter: float) -> timedelta:
    """How long to wait after `attempts` failures; `jitter` (0 to 1) spreads half of it."""
    whole: timedelta = min(FIRST * 4 ** max(0, attempts - 1), LONGEST)
    return whole / 2 + whole / 2 * jitter
