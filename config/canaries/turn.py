"""One school's turn of the search, and as many turns as the clock allows."""

import time
from collections.abc import Callable
from datetime import datetime

from config.canaries.asking import search
from config.canaries.callers import NAME
from config.canaries.heard import Turn
from config.canaries.inside import Inside
from shared_apps.audit.services.canary_turns import next_for_canaries, note_canaries, others_for_canaries
from tenants.actor import system
from tenants.current import SchoolRef

OTHERS = 8  # schools whose things are looked for in one school's answers
AT_MOST = 500  # schools in one go


def turns(*, clock: Callable[[], datetime], seconds: float, go_on: Callable[[], bool] = lambda: True) -> int:
    """Search the schools that waited longest until `seconds` are over or `go_on` says no; at least one. How many were
    searched. What the platform shows to all alike is asked once."""
    until, inside, count = time.monotonic() + seconds, Inside(), 0
    for school in next_for_canaries(AT_MOST):
        others = others_for_canaries(school.id, OTHERS)
        if others:
            _search(inside, school, others, now=clock(), whole_platform=not count)
            count += 1
        if time.monotonic() >= until or not go_on():
            break
    return count


def _search(inside: Inside, school: SchoolRef, others: list[SchoolRef], *, now: datetime, whole_platform: bool) -> None:
    by, turn, found = system(NAME).name_in_audit, Turn(school), []
    try:
        found = search(inside, turn, others, now=now, whole_platform=whole_platform)
    except Exception as error:  # one broken school stops nobody else's turn
        turn.fail("school", error)
    note_canaries(
        school.id, by=by, now=now, others=len(others), asked=len(turn.heard), failed=turn.failed, found=found
    )  # fmt: skip
