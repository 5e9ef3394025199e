"""Holding a piece of work to reading, whatever it calls."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from django.db import DatabaseError, connection, connections

from tenants.current import SchoolRef
from tenants.scope import transactions_read

READS = ("SELECT", "WITH", "EXPLAIN")


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


def _only_reads(execute: Any, text: str, parameters: Any, many: bool, context: Any) -> Any:
    if text.lstrip(" (").split(None, 1)[0].upper() not in READS:
        raise WriteRefused("The search for canaries reads.")
    return execute(text, parameters, many, context)
