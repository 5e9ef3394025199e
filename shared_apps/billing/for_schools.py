"""What a school tells about its months. Plain data only."""

from collections.abc import Sequence
from uuid import UUID

from shared_apps.billing import rules
from shared_apps.billing.services import counting

MonthTold = rules.MonthTold
MONTHS_TOLD = rules.TOLD
before, end_of, month_of = rules.before, rules.end_of, rules.month_of


def publish(told: Sequence[MonthTold], *, school: UUID) -> None:
    """Put what a school counted in the place of what it counted before. Called outside any scope."""
    counting.publish(told, school=school)
