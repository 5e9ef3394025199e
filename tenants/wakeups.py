"""The short way to whoever follows events up: a word on a channel of the platform's database.

It is said after the commit, by a statement of its own: inside the transaction every commit of the cluster would wait
for it. Nobody need hear it: the sweep finds the rows.
"""

from collections.abc import Iterable, Iterator
from typing import Any
from uuid import UUID

from django.db import connection, connections

CHANNEL = "mysentinel_due"
SAY = "SELECT pg_notify(%s, school) FROM unnest(%s::text[]) AS school"


def say(schools: Iterable[UUID]) -> None:
    """Tell every drainer that these schools have something due."""
    with connection.cursor() as cursor:
        cursor.execute(SAY, [CHANNEL, [str(school) for school in schools]])


class Ear:
    """A connection of its own that hears the channel. Not behind a transaction pooler, where nothing would arrive."""

    def __init__(self) -> None:
        self._wrapper: Any = connections.create_connection("default")
        self._wrapper.ensure_connection()
        self._wrapper.connection.execute(f"LISTEN {CHANNEL}")

    def heard(self, seconds: float) -> Iterator[UUID]:
        """The schools that were named, after at most so many seconds. Raises what the driver raises when it is cut."""
        for notice in self._wrapper.connection.notifies(timeout=seconds, stop_after=1):
            yield UUID(notice.payload)

    def close(self) -> None:
        self._wrapper.close()
