"""`school_scope`: the only code that chooses a schema."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connections, transaction

from tenants.cells import connection_to, reached
from tenants.current import OutsideScope, SchoolRef, WrongSchool, _here


@contextmanager
def school_scope(school: SchoolRef, *, pipelined: bool = False) -> Iterator[SchoolRef]:
    """Enter `school` for one transaction: commits on the way out, rolls back on an exception.

    `pipelined` sends statements without waiting for each: BEGIN, the role and the first reads go out together, and
    writes leave with COMMIT. A failing write is then raised on the way out.

    Raises CellDown where the school's database does not answer, WrongSchool inside another scope, OutsideScope inside a
    platform transaction (it would hold two connections and could starve a small pool), RuntimeError inside an open
    school transaction.
    Never `yield` to a caller from inside a scope: the caller would be left in the school.
    """
    if _here.get() is not None:
        raise WrongSchool("A school is already open: scopes do not nest.")
    blocks: list[Any] = connections["default"].atomic_blocks
    if any(not block._from_testcase for block in blocks):
        raise OutsideScope("A school cannot be entered inside a platform transaction.")
    connection: Any = connection_to(school.alias)
    try:
        with reached(connection), transaction.atomic(using=school.alias, durable=True):
            if pipelined:
                connection.start_pipeline()
            token = _here.set(school)
            try:
                yield school
            finally:
                _here.reset(token)
    finally:
        connection.leave()


@contextmanager
def transactions_read(alias: str) -> Iterator[None]:
    """Every scope that this thread opens in a cell meanwhile can read and not write, whatever way a statement takes."""
    connection: Any = connection_to(alias)
    connection.reading = True
    try:
        yield
    finally:
        connection.reading = False
