"""The time for work that can wait and takes its time."""

from datetime import UTC, datetime

NIGHT = (22, 23, 0, 1, 2)  # hours in UTC: from midnight to five in South Africa


def is_night(now: datetime) -> bool:
    return now.astimezone(UTC).hour in NIGHT
