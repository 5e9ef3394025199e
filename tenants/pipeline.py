"""Hot statements of a school: written by hand, qualified per school so that their plans survive the switch between
schools, and read together after all of them were sent."""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime, time
from functools import lru_cache
from itertools import count
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connections

from tenants.current import current_school

PLACE = re.compile("%s")


class Sent:
    """The answer to a statement that was sent; `rows()` waits for it."""

    def __init__(self, wrapper: Any, cursor: Any) -> None:
        self._wrapper, self._cursor = wrapper, cursor

    def rows(self) -> list[tuple[Any, ...]]:
        """Every row. Raises what Django raises for the database's errors, also of statements sent before."""
        if self._cursor is None:
            raise RuntimeError("A write that was gathered with others has no answer of its own.")
        with self._wrapper.wrap_database_errors:
            found: list[tuple[Any, ...]] = self._cursor.fetchall()
            return found


def send(text: str, parameters: Sequence[Any]) -> Sent:
    """Send a statement of the open school, `{s}` standing for its schema. Waits only outside a pipelined scope.

    A list among `parameters` goes as the text of an array, for the statement to cast (`%s::uuid[]`).
    """
    school = current_school()
    wrapper: Any = connections[school.alias]
    ready = [array(value) if isinstance(value, list) else value for value in parameters]
    if wrapper.gathered is not None:
        wrapper.gathered.append((text, ready))
        return Sent(wrapper, None)
    return _send(wrapper, _qualified(text, school.schema), ready)


@contextmanager
def together() -> Iterator[None]:
    """Gather the writes sent inside and send them as one statement: one plan and one message instead of several.

    They must not depend on each other but by foreign keys, which are checked at the end; their answers cannot be read.
    """
    school = current_school()
    wrapper: Any = connections[school.alias]
    wrapper.gathered = []
    try:
        yield
        parts = wrapper.gathered
    finally:
        wrapper.gathered = None
    if parts:
        text = _joined(tuple(text for text, _ in parts))
        _send(wrapper, _qualified(text, school.schema), [value for _, values in parts for value in values])


@contextmanager
def unanswered() -> Iterator[None]:
    """Send what is sent inside without waiting for each answer, in a scope that is not pipelined; all are there at the
    end. For our own statements: the ORM reads the number of rows of an update at once."""
    wrapper: Any = connections[current_school().alias]
    wrapper.start_pipeline()
    try:
        yield
    finally:
        wrapper.end_pipeline()


def with_commit(text: str, parameters: Sequence[Any]) -> Sent:
    """Send the last statement of the scope together with COMMIT. Its answer can be read when the scope is left."""
    wrapper: Any = connections[current_school().alias]
    if not wrapper.pipelined:
        wrapper.start_pipeline()
    return send(text, parameters)


def _send(wrapper: Any, text: str, parameters: Sequence[Any]) -> Sent:
    wrapper.ensure_connection()
    wrapper.enter()
    cursor = wrapper.hot_cursor()
    with wrapper.wrap_database_errors:
        cursor.execute(text, parameters, prepare=settings.PREPARE_HOT_STATEMENTS)
    return Sent(wrapper, cursor)


@lru_cache(maxsize=64)
def _joined(texts: tuple[str, ...]) -> str:
    *others, last = texts
    beside = ",\n".join(f"w{number} AS ({text})" for number, text in enumerate(others))
    return f"WITH {beside}\n{last}" if others else last


def array(values: Sequence[Any]) -> str:
    """PostgreSQL's text of an array of texts, ids, times, numbers, booleans and None.

    The driver looks at each element twice to find the array's type, which the statement says anyway.
    """
    return "{" + ",".join([_WRITTEN.get(type(value), _other)(value) for value in values]) + "}"


def _quoted(value: str) -> str:
    plain = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{plain}"'


def _other(value: Any) -> str:
    if isinstance(value, str):  # an enumeration's
        return _quoted(value)
    raise TypeError(f"{type(value).__name__} has no place in an array of a hot statement.")


_WRITTEN: dict[type, Callable[[Any], str]] = {
    type(None): lambda value: "NULL",
    str: _quoted,
    bool: lambda value: "true" if value else "false",
    **dict.fromkeys((UUID, datetime, date, time, int), lambda value: f'"{value}"'),
}


@lru_cache(maxsize=4096)
def _qualified(text: str, schema: str) -> str:
    """The statement of one school, its places numbered as PostgreSQL takes them.

    The driver would number them itself, and remembers how for 128 statements: those of some twenty schools.
    """
    number = count(1)
    return PLACE.sub(lambda _: f"${next(number)}", text.replace("{s}", f'"{schema}"'))
