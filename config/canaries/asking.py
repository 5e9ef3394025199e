"""Asking every place of a school, and what the platform shows of it, in one turn."""

from datetime import datetime
from functools import partial
from typing import Any

from django.conf import settings

from config.canaries.callers import bound_to, everywhere, of_the_school, role_of
from config.canaries.finding import found
from config.canaries.heard import OPEN, PLATFORM, SCHOOL, Ear, Turn
from config.canaries.inside import Inside
from config.canaries.keys import Keys, a_teacher, newest_keys, platform_keys, platform_things, school_things
from config.canaries.overheard import Overheard
from config.canaries.places import answer_places, cache_place, file_place, platform_places, table_places
from config.canaries.reading import reading_only, undone
from config.canaries.routes import Read, reads
from config.canaries.text import text_of
from tenants.actor import Actor
from tenants.current import SchoolRef
from tenants.door import Within
from tenants.models import School
from tenants.scope import school_scope

CLOSED = (401, 403)  # no answer to this actor
_not_for_reading: set[str] = set()  # paths that take no GET, found out once per process


def search(
    inside: Inside, turn: Turn, others: list[SchoolRef], *, now: datetime, whole_platform: bool = True
) -> list[str]:
    """Ask every place of the turn's school; the places that held something they must not.

    `whole_platform`: those places of the platform, too, that answer every school's turn alike.
    """
    school, first = turn.school, others[0]
    with reading_only(school, *others), Overheard() as lines:
        with school_scope(first):
            foreign = newest_keys()
        with school_scope(school):
            keys, teacher = Keys(newest_keys(), foreign, school_things()), a_teacher()
        for actor in of_the_school(school, teacher):
            _ask_routes(inside, turn, actor, keys, lines, of=reads())
        _ask_places(turn, first, foreign["schoolprofile"], now)
        _ask_the_platform(inside, turn, first, lines, whole=whole_platform)
        lines.told_to(turn)
        return found(turn, others)


def _ask_places(turn: Turn, first: SchoolRef, foreign: str, now: datetime) -> None:
    for place, say in (*table_places(), *answer_places(foreign=foreign, now=now)):
        turn.hear(place, partial(_said_in, turn.school, say), asked_with=foreign)
    turn.hear("cache", lambda: cache_place(turn.school, first))
    turn.hear("files", lambda: file_place(turn.school, first))


def _said_in(school: SchoolRef, say: Any) -> str:
    with school_scope(school):
        return str(say())


def _ask_the_platform(inside: Inside, turn: Turn, first: SchoolRef, lines: Overheard, *, whole: bool) -> None:
    keys = Keys(platform_keys(turn.school.id), platform_keys(first.id), platform_things())
    bound, (first_of_all, *rest) = bound_to(School.objects.get(pk=turn.school.id)), everywhere()
    for actor in bound:
        _ask_routes(inside, turn, actor, keys, lines, of=reads() if whole else about_schools())
    wide: tuple[Actor | None, ...] = (first_of_all, *rest, None) if whole else (first_of_all,)
    for caller in wide:
        _ask_routes(inside, turn, caller, keys, lines, of=reads() if whole else about_one())
    for place, say in platform_places() if whole else ():
        turn.hear(place, say, ear=PLATFORM)


def about_schools() -> tuple[Read, ...]:
    """What shows something else to each who looks after few schools."""
    return tuple(read for read in reads() if read.policy.within is Within.PLATFORM)


def about_one() -> tuple[Read, ...]:
    """What is asked by a school's id, or by that of something of it."""
    return tuple(read for read in about_schools() if read.gaps)


def ear_for(actor: Actor | None) -> Ear:
    if actor is None:
        return OPEN
    if actor.school is not None:
        return SCHOOL
    return Ear(of_platform=True, bounds=actor.bounds)


def _ask_routes(
    inside: Inside, turn: Turn, actor: Actor | None, keys: Keys, lines: Overheard, *, of: tuple[Read, ...]
) -> None:
    for read in of:
        if read.path in _not_for_reading or not read.lets_in(actor):
            continue
        if read.unknown(keys):
            turn.failed.append(f"not asked: {read.name}")
            continue
        for address in read.addresses(turn.school.slug, keys):
            if not _ask(inside, turn, read, address, actor):
                break
            lines.told_to(turn, asked_with=address)


def _ask(inside: Inside, turn: Turn, read: Read, address: str, actor: Actor | None) -> bool:
    """Hear one answer. False where this route takes no GET."""
    if read.recorded:
        with undone():
            response = inside.get(address, by=actor)
    else:
        response = inside.get(address, by=actor)
    if response.status_code == 405:  # Django writes a line for each
        _not_for_reading.add(read.path)
        return False
    if response.status_code >= 500:
        turn.failed.append(read.name)
    elif not closed(response):
        turn.hear(place_of(read, actor), partial(text_of, response), ear=ear_for(actor), asked_with=address)
    return True


def place_of(read: Read, actor: Actor | None) -> str:
    """A school's own people are asked the same; who of the platform was shown something tells where to look."""
    return read.name if actor and actor.school else f"{read.name} as {role_of(actor)}"


def closed(response: Any) -> bool:
    """No answer to this actor: refused, or sent away to sign in."""
    return response.status_code in CLOSED or response.get("Location", "").startswith(settings.LOGIN_URL)
