"""What a school's schema holds, by name: read from the golden text, or from a schema that is there."""

import re
from dataclasses import dataclass

from django.db import connections

MIGRATOR = "migrator"
TEMPLATE_MARK = "@@school@@"
MADE_TABLE = re.compile(rf"^CREATE TABLE {TEMPLATE_MARK}\.(\w+)", re.MULTILINE)
MADE_SEQUENCE = re.compile(rf"(?:SEQUENCE NAME|^CREATE SEQUENCE) {TEMPLATE_MARK}\.(\w+)", re.MULTILINE)


@dataclass(frozen=True)
class Contents:
    """The tables and sequences of a school, by name."""

    tables: tuple[str, ...]
    sequences: tuple[str, ...]


def contents_of_text(golden: str) -> Contents:
    """What the golden text makes."""
    return Contents(tuple(MADE_TABLE.findall(golden)), tuple(MADE_SEQUENCE.findall(golden)))


def contents_of_schema(schema: str) -> Contents:
    """What lies in a schema that is there."""
    with connections[MIGRATOR].cursor() as cursor:
        cursor.execute(
            "SELECT relname, relkind FROM pg_class WHERE relnamespace = %s::regnamespace AND relkind IN ('r', 'S')"
            " ORDER BY relname",
            [schema],
        )
        rows = cursor.fetchall()
    tables, sequences = ([name for name, kind in rows if kind == wanted] for wanted in ("r", "S"))
    return Contents(tuple(tables), tuple(sequences))
