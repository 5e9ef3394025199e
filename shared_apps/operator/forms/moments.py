"""Days and moments as an address names them; what is none is no bound."""

from datetime import date, datetime


def read_day(text: str) -> date | None:
    """`YYYY-MM-DD`, or None."""
    try:
        return date.fromisoformat(text) if len(text) == len("2026-11-21") else None
    except ValueError:
        return None


def read_moment(text: str) -> datetime | None:
    """A moment with its zone, as RFC 3339 writes it, or None."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at if at.tzinfo and 1900 < at.year < 3000 else None
