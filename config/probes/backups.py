"""The last good backup: whoever makes it leaves its moment where BACKUP_MARKER says."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import urlopen

from django.conf import settings
from django.utils import timezone

from config.probes.lines import Line, broken, judged, missing

MARKER_SIZE = 200  # bytes; a moment is shorter
SLACK = timedelta(minutes=5)  # a backup's clock may go ahead by so much


def backup() -> Iterator[Line]:
    """Whoever makes the backup leaves the moment of the last good one where BACKUP_MARKER says."""
    about = "BACKUP_MARKER"
    if not settings.BACKUP_MARKER:
        yield missing(about, "nothing proves that there is a backup")
        return
    text = _marker(settings.BACKUP_MARKER)
    if text is None:
        yield broken(about, "cannot be read")
        return
    at = _moment(text)
    if at is None:
        yield broken(about, "does not hold a moment like 2026-01-31T02:00:00Z")
        return
    yield _aged(about, timezone.now() - at)


def _aged(about: str, age: timedelta) -> Line:
    hours = age.total_seconds() / 3600
    if age < -SLACK:
        return broken(about, "lies in the future")
    wrong = f"is {hours:.0f} hours old, more than {settings.BACKUP_MAX_AGE_HOURS:g}"
    return judged(about, wrong if hours > settings.BACKUP_MAX_AGE_HOURS else "", f"{max(hours, 0):.0f} hours old")


def _marker(place: str) -> str | None:
    try:
        if urlsplit(place).scheme == "https":
            with urlopen(place, timeout=5) as answer:  # noqa: S310 - https alone, by the line above
                return str(answer.read(MARKER_SIZE).decode())
        with Path(place).open() as kept:
            return kept.read(MARKER_SIZE)
    except (OSError, ValueError):
        return None


def _moment(text: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(text.split()[0])
    except (ValueError, IndexError):
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)
