"""Holding a piece of work to reading, whatever it calls."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from typing import Any

from django.db import DatabaseError, connection, connections, transaction

from shared_apps.audit.models import PlatformEvent
from tenants.current import SchoolRef
from tenants.scope import transactions_read

READS = ("SELECT", "WITH", "EXPLAIN")
SAVEPOINTS = ("SAVEPOINT", "RELEASE", "ROLLBACK")
HISTORY = f'INSERT INTO "{PlatformEvent._meta.db_table}" '
_is_undone: ContextVar[bool] = ContextVar("undone", default=False)


class WriteRefused(DatabaseError):
    """The search reads; something it asked wanted to write."""


@contextmanager
def reading_only(*schools: SchoolRef) -> Iterator[None]:
    """Everything sent meanwhile reads: a school's transactions are told so, the platform's statements looked at."""
    with ExitStack() as stack:
        stack.enter_context(connection.execute_wrapper(_only_reads))
        for alias in sorted({school.alias for school in schools}):
            stack.enter_context(transactions_read(alias))
            stack.enter_context(connections[alias].execute_wrapper(_only_reads))
        yield


@contextmanager
def undone() -> Iterator[None]:
    """A read that the platform's history takes down (a file that is taken away) may write that line, and the line is
    taken back: nobody got the file."""
    token = _is_undone.set(True)
    try:
        with transaction.atomic():
            try:
                yield
            finally:
                transaction.set_rollback(True)
    finally:
        _is_undone.reset(token)


def _only_reads(execute: Any, text: str, parameters: Any, many: bool, context: Any) -> Any:
    word = text.lstrip(" (").split(None, 1)[0].upper()
    taken_back = _is_undone.get() and (word in SAVEPOINTS or text.startswith(HISTORY))
    if word not in READS and not taken_back:
        raise WriteRefused("The search for canaries reads.")
    return execute(text, parameters, many, context)
