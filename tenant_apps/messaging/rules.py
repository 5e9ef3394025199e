"""Which scans guardians hear of, and as what. Pure."""

from datetime import timedelta
from enum import StrEnum

WORTH_TELLING = timedelta(hours=2)  # after the scan; older news only frightens


class Kind(StrEnum):
    ARRIVED = "arrived"
    ARRIVED_LATE = "arrived_late"
    LEFT = "left"
    COLLECTED_LATE = "collected_late"


def kind_of(*, direction: str, code: str) -> Kind | None:
    """What a scan is to a guardian; None for refused and repeated ones, of which nobody is told."""
    if code == "ok":
        return Kind.ARRIVED if direction == "in" else Kind.LEFT
    return {"late_arrival": Kind.ARRIVED_LATE, "late_pickup": Kind.COLLECTED_LATE}.get(code)
