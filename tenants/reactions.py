"""What follows an event: the fixed table of handlers, filled by each app's `reactions.py`."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol
from uuid import UUID

from tenants.lanes import Crew, Lane, crew_of


@dataclass(frozen=True)
class Happened:
    """An event as a handler sees it. `facts` are free of people; `about` holds the particulars, if not erased."""

    id: UUID
    kind: str
    at: datetime
    facts: dict[str, Any]
    about: dict[str, Any]


class ReactionError(Exception):
    """A handler's own way to say that it failed. `reason` is a code: it is kept and shown, so it names nobody.

    `permanent`: another attempt cannot help. `unreachable`: the world itself was away, so its lane may rest.
    """

    def __init__(self, reason: str, *, permanent: bool = False, unreachable: bool = False) -> None:
        super().__init__(reason)
        self.reason, self.permanent, self.unreachable = reason, permanent, unreachable


class GivenUp(Protocol):
    def __call__(self, event: Happened, /, *, reason: str, now: datetime) -> None: ...


@dataclass(frozen=True)
class Handler:
    """`outside=True`: it speaks to the world, so it is called without a scope, opens its own, and runs at least once.

    Otherwise it runs inside the school's scope and its effect commits together with the record that it ran.
    `pipelined=True`: all it does it sends by `tenants.pipeline.send`, so that effect, record and the next claim are one
    round trip.
    `expires_after`: later than this (counted from the event) it is not run any more, and says so.
    `given_up`: called in the scope, in the transaction in which the reaction expires or dies, to say so where people
    look.
    """

    name: str
    kind: str
    lane: Lane
    run: Callable[..., None]
    outside: bool
    pipelined: bool
    expires_after: timedelta | None
    given_up: GivenUp | None


_handlers: dict[str, Handler] = {}


def reaction(
    kind: str,
    *,
    name: str,
    lane: Lane,
    outside: bool = False,
    pipelined: bool = False,
    expires_after: timedelta | None = None,
    given_up: GivenUp | None = None,
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Subscribe a function to events of `kind`. `outside` handlers get `(event, *, school, now)`."""

    def subscribe(run: Callable[..., None]) -> Callable[..., None]:
        if name in _handlers and _handlers[name].run is not run:
            raise RuntimeError(f"Two reactions are called {name}.")
        if outside and pipelined:
            raise RuntimeError(f"{name} cannot be outside and in the school's transaction.")
        if outside and crew_of(lane) is Crew.SCHOOL:
            raise RuntimeError(f"{name} speaks to the world, and the school's own work must not wait for that.")
        _handlers[name] = Handler(name, kind, lane, run, outside, pipelined, expires_after, given_up)
        return run

    return subscribe


def handlers_of(kind: str) -> list[Handler]:
    return [handler for handler in _handlers.values() if handler.kind == kind]


def handler_named(name: str) -> Handler | None:
    return _handlers.get(name)
