"""A stand-in reaction for the drain's tests, registered for one test only."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from tenant_apps.events.models import Event
from tenant_apps.events.services.record import record
from tenants import reactions
from tenants.actor import system
from tenants.lanes import Lane
from tenants.reactions import reaction
from tenants.scope import school_scope
from tests.world import MORNING, Cast

KIND = "test.happened"


@contextmanager
def following(run: Callable[..., None], **how: Any) -> Iterator[str]:
    """Subscribe `run` to KIND for as long as the block lasts; the reaction's name."""
    name = how.pop("name", "test.follow")
    usual = Lane.POSTCOMMIT if how.get("outside") else Lane.EVENTS
    reaction(KIND, name=name, lane=how.pop("lane", usual), **how)(run)
    try:
        yield name
    finally:
        del reactions._handlers[name]


def happen(cast: Cast, at: datetime = MORNING, times: int = 1) -> list[Event]:
    with school_scope(cast.ref):
        return [record(KIND, by=system("test", cast.ref), at=at, now=at) for _ in range(times)]


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self, at: datetime = MORNING) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at

    def forward(self, by: timedelta) -> None:
        self.at += by
