"""Identifiers: UUIDv7 made in Python, so that a row has its id before it is written and rows sort by birth."""

from uuid import UUID

from uuid_utils import compat


def new_id() -> UUID:
    return compat.uuid7()


def parse_id(text: object) -> UUID | None:
    """The UUID in `text`, or None: an id that is no UUID names nothing, which is a 404 and not an error."""
    try:
        return UUID(str(text))
    except ValueError:
        return None
