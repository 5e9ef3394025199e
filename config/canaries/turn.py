"""One school's turn of the search, and as many turns as the clock allows."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Any

from django.conf import settings

from config.canaries.inside import Inside
from config.canaries.keys import Keys, a_teacher, newest_keys
from config.canaries.marks import Heap, Marks, Name, names
from config.canaries.places import answer_places, cache_place, file_place, table_places
from config.canaries.reading import WriteRefused, reading_only
from config.canaries.routes import reads
from config.canaries.text import text_of
from shared_apps.audit.services.canary_turns import next_for_canaries, note_canaries, others_for_canaries
from tenants.actor import Actor, system
from tenants.current import SchoolRef
from tenants.permissions import SCHOOL_ROLES
from tenants.scope import school_scope
from tenants.traces import without_text

log = logging.getLogger(__name__)
OTHERS = 8  # schools whose things are looked for in one school's answers
NAME = "canaries"
AT_MOST = 200  # schools in one go
CLOSED = (401, 403)  # no answer to this actor
_not_for_reading: set[str] = set()  # paths that take no GET, found out once per process


@dataclass
class Turn:
    """What one school answered, place by place."""

    school: SchoolRef
    heard: list[tuple[str, Marks]] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)

    def hear(self, place: str, say: Callable[[], str], *, asked_with: str = "") -> None:
        try:
            self.heard.append((place, Marks.of(say(), asked_with=asked_with)))
        except WriteRefused:
            pass  # nothing to read here
        except Exception as error:
            self.fail(place, error)

    def fail(self, place: str, error: Exception) -> None:
        self.failed.append(place)
        log.warning("canaries: %s of school %s could not be asked\n%s", place, self.school.id, without_text(error))


def turns(*, clock: Callable[[], datetime], seconds: float) -> int:
    """Search the schools that waited longest until `seconds` are over; at least one. How many were searched."""
    until, inside, count = time.monotonic() + seconds, Inside(), 0
    for school in next_for_canaries(AT_MOST):
        others = others_for_canaries(school.id, OTHERS)
        if others:
            _search(inside, school, others, now=clock())
            count += 1
        if time.monotonic() >= until:
            break
    return count


def _search(inside: Inside, school: SchoolRef, others: list[SchoolRef], *, now: datetime) -> None:
    by, turn, found = system(NAME).name_in_audit, Turn(school), []
    try:
        found = search(inside, turn, others, now=now)
    except Exception as error:  # one broken school stops nobody else's turn
        turn.fail("school", error)
    note_canaries(
        school.id, by=by, now=now, others=len(others), asked=len(turn.heard), failed=turn.failed, found=found
    )  # fmt: skip


def search(inside: Inside, turn: Turn, others: list[SchoolRef], *, now: datetime) -> list[str]:
    """Ask every place of the turn's school; the places that held something of one of `others`."""
    school, first = turn.school, others[0]
    with reading_only(school, *others):
        with school_scope(first):
            foreign = newest_keys()
        with school_scope(school):
            keys, theirs_too, teacher = Keys(newest_keys(), foreign), names(), a_teacher()
        for role in SCHOOL_ROLES:
            actor = Actor("system", "school", frozenset({role}), school, person=teacher, system=NAME)
            _ask_routes(inside, turn, actor, keys)
        for place, say in (*table_places(), *answer_places(foreign=foreign["schoolprofile"], now=now)):
            turn.hear(place, _within(school, say), asked_with=foreign["schoolprofile"])
        turn.hear("cache", lambda: cache_place(school, first))
        turn.hear("files", lambda: file_place(school, first))
        return _found(turn, others, not_names=theirs_too)


def _within(school: SchoolRef, say: Callable[[], str]) -> Callable[[], str]:
    def inside() -> str:
        with school_scope(school):
            return say()

    return inside


def _ask_routes(inside: Inside, turn: Turn, actor: Actor, keys: Keys) -> None:
    for read in reads():
        if read.path in _not_for_reading:
            continue
        for address in read.addresses(turn.school.slug, keys):
            response = inside.get(address, by=actor)
            if response.status_code == 405:  # Django writes a line for each
                _not_for_reading.add(read.path)
                break
            if response.status_code >= 500:
                turn.failed.append(read.name)
            elif not closed(response):
                turn.hear(read.name, partial(text_of, response), asked_with=address)


def closed(response: Any) -> bool:
    """No answer to this actor: refused, or sent away to sign in."""
    return response.status_code in CLOSED or response.get("Location", "").startswith(settings.LOGIN_URL)


def _found(turn: Turn, others: list[SchoolRef], *, not_names: frozenset[Name]) -> list[str]:
    """The places whose answers held something of another school. A name that both schools have tells nothing."""
    heap, found = Heap.of([marks for _, marks in turn.heard]), []
    heap = replace(heap, runs=heap.runs - not_names)
    for other in others:
        with school_scope(other):
            own = heap.own()
        found += [place for place, marks in turn.heard if own.in_(marks)]
    return found
