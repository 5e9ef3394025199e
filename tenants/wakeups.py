"""The short way to whoever follows events up: a word on a channel of the platform's database.

It is said after the commit, by a statement of its own: inside the transaction every commit of the cluster would wait
for it. Nobody need hear it: the sweep finds the rows.
"""

from collections.abc import Iterable, Iterator
from typing import Any
from uuid import UUID

from django.db import connection, connections

from tenants.lanes import Crew

CHANNEL = "mysentinel_due_"
SAY = "SELECT pg_notify(told.channel, told.school) FROM unnest(%s::text[], %s::text[]) AS told(channel, school)"


def say(due: Iterable[tuple[Crew, UUID]]) -> None:
    """Tell the drainers of these crews that these schools have something due."""
    told = [(CHANNEL + crew, str(school)) for crew, school in due]
    with connection.cursor() as cursor:
        cursor.execute(SAY, [[channel for channel, _ in told], [school for _, school in told]])


class Ear:
    """A connection of its own that hears what is due for one crew.

    Not behind a transaction pooler, where nothing would arrive.
    """

    def __init__(self, crew: Crew) -> None:
        self._wrapper: Any = connections.create_connection("default")
        self._wrapper.ensure_connection()
        self._wrapper.connection.execute(f"LISTEN {CHANNEL}{crew}")

    def heard(self, seconds: float) -> Iterator[UUID]:
        """The schools that were named, after at most so many seconds. Raises what the driver raises when it is cut."""
        for notice in self._wrapper.connection.notifies(timeout=seconds, stop_after=1):
            yield UUID(notice.payload)

    def close(self) -> None:
        self._wrapper.close()
