"""What goes through a school's cursor: one statement at a time, and only such as read or write rows.

So whoever controls a whole statement still cannot change role, path or settings, prepare, declare or run a block. It is
a guard before the wall, not the wall: `tests/isolation/test_injection.py` tries the database without it.
"""

import re
from typing import Any, NoReturn

from django.db.backends.postgresql.base import ServerBindingCursor
from django.db.utils import DatabaseError
from psycopg import ServerCursor
from psycopg._queries import PostgresRawQuery

# LOCK, because a projection that is made anew keeps everybody else from writing to it.
WORDS = r"[\s(]*(SELECT|INSERT|UPDATE|DELETE|WITH|VALUES|LOCK)\b"
ROWS = re.compile(WORDS, re.IGNORECASE)
SENT = re.compile(WORDS.encode(), re.IGNORECASE)


class NotAboutRows(DatabaseError):
    """A statement that is no SELECT, INSERT, UPDATE or DELETE was to be sent as a school."""

    def __init__(self, message: str = "A school's cursor reads and writes rows, and nothing else.") -> None:
        super().__init__(message)


Bound: Any = ServerBindingCursor


class RowsCursor(Bound):  # type: ignore[misc]
    def execute(self, query: Any, params: Any = None, **more: Any) -> Any:
        if not (isinstance(query, str) and ROWS.match(query)):
            raise NotAboutRows
        return super().execute(query, params, **more)

    def executemany(self, query: Any, params_seq: Any, **more: Any) -> Any:
        if not (isinstance(query, str) and ROWS.match(query)):
            raise NotAboutRows
        return super().executemany(query, params_seq, **more)

    def _execute_send(self, query: Any, *, force_extended: bool = False, binary: bool | None = None) -> None:
        # For the driver's `stream` and `copy`, which ask nobody else. What is prepared does not come by: `execute` or
        # `executemany` has let it through.
        if not SENT.match(query.query):
            raise NotAboutRows
        # The extended protocol takes one statement, with parameters or without.
        super()._execute_send(query, force_extended=True, binary=binary)


class NumberedCursor(RowsCursor):
    """For statements whose places are numbered already: `$1` instead of `%s`."""

    _query_cls = PostgresRawQuery


class PartsCursor(ServerCursor[Any]):
    """Rows a part at a time, from one SELECT that the driver declares a cursor for. It copies and streams nothing."""

    def copy(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise NotAboutRows

    stream = copy
