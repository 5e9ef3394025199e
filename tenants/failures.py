"""What may be kept and concluded of a database error in a school."""

import psycopg
from django.db import OperationalError

GONE = ("57P", "08")


def lost(error: Exception) -> bool:
    """Whether the connection went away, which is no fault of the school it was working on."""
    cause = error.__cause__
    return isinstance(cause, psycopg.Error) and (cause.sqlstate is None or cause.sqlstate.startswith(GONE))


# What is missing, forbidden, of the wrong kind or corrupt: it is about what was named, not about the server.
OF_ONE_SCHOOL = ("42", "3F", "XX")


def of_one_school(error: Exception) -> bool:
    """Whether a statement over several schools may do well without one of them."""
    cause = error.__cause__
    return isinstance(cause, psycopg.Error) and (cause.sqlstate or "").startswith(OF_ONE_SCHOOL)


# Kinds of error whose text speaks of tables alone: syntax and names, locks, deadlocks, the server's own troubles.
ABOUT_TABLES = ("42", "55", "40", "53", "57", "0A", "2B", "3F")


def what_failed(error: Exception) -> str:
    """What the platform may keep of an error: its kind, and its text only where no row's values can be in it."""
    cause = error.__cause__
    if not isinstance(cause, psycopg.Error):
        return f"{type(error).__name__}: {error}"[:500] if isinstance(error, OperationalError) else type(error).__name__
    code, told = cause.sqlstate or "", cause.diag
    names = [f"{word} {name}" for word, name in (("table", told.table_name), ("column", told.column_name),
             ("constraint", told.constraint_name)) if name]  # fmt: skip
    text = str(told.message_primary) if code.startswith(ABOUT_TABLES) else ", ".join(names)
    return f"{type(cause).__name__} ({code}): {text}"[:500]
