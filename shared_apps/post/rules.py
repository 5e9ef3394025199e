"""When a letter that did not go out is tried again. Pure."""

from datetime import timedelta

ATTEMPTS = 12  # about a day, with the pauses below
FIRST_PAUSE = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(hours=4)


def pause(attempts: int, chance: float) -> timedelta:
    """How long to wait after `attempts` of them failed; `chance` (0 to 1) spreads those that failed together."""
    doubled = min(FIRST_PAUSE * int(2 ** min(attempts - 1, 20)), LONGEST_PAUSE)
    return doubled * (0.75 + 0.5 * chance)
