"""Hot statements of a school: written by hand, qualified per school so that their plans survive the switch between
schools, and read together after all of them were sent."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.db import connections

from tenants.current import current_school


class Sent:
    """The answer to a statement that was sent; `rows()` waits for it."""

    def __init__(self, wrapper: Any, cursor: Any) -> None:
        self._wrapper, self._cursor = wrapper, cursor

    def rows(self) -> list[tuple[Any, ...]]:
        """Every row. Raises what Django raises for the database's errors, also of statements sent before."""
        with self._wrapper.wrap_database_errors:
            found: list[tuple[Any, ...]] = self._cursor.fetchall()
            return found


def send(text: str, parameters: Sequence[Any]) -> Sent:
    """Send a statement of the open school, `{s}` standing for its schema. Waits only outside a pipelined scope."""
    school = current_school()
    wrapper: Any = connections[school.alias]
    wrapper.ensure_connection()
    wrapper.enter()
    cursor = wrapper.create_cursor()
    with wrapper.wrap_database_errors:
        cursor.execute(_qualified(text, school.schema), parameters, prepare=settings.PREPARE_HOT_STATEMENTS)
    return Sent(wrapper, cursor)


@lru_cache(maxsize=4096)
def _qualified(text: str, schema: str) -> str:
    return text.replace("{s}", f'"{schema}"')
