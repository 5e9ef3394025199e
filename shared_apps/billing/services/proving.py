"""Whether a closed month is still what it was: by its rows, and by what the sealed history says of them."""

from shared_apps.audit.services import first_facts
from shared_apps.billing.models import ClosedCount, ClosedMonth
from shared_apps.billing.rules import CHANNELS, digest


def plain(row: ClosedCount) -> tuple[object, ...]:
    """A closed row as it is hashed."""
    return (row.school, row.name, row.billable, *(getattr(row, channel) for channel in CHANNELS))


def is_whole(closed: ClosedMonth) -> bool:
    """Whether the rows of a closed month are still those it was closed with.

    Whoever can write rows can write a digest that fits them; the history says what it was when the month was closed.
    """
    told = first_facts("billing.month_closed", month=f"{closed.month:%Y-%m}")
    kept = {"digest": closed.digest, "total": closed.total, "schools": closed.schools}
    if told is None or any(told.get(name) != value for name, value in kept.items()):
        return False
    return digest(closed.month, map(plain, closed.rows.all())) == closed.digest
