"""Why a school's number is what it is."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from shared_apps.billing.models import ClosedCount, LearnerCount
from shared_apps.billing.rules import CHANNELS
from shared_apps.billing.services.reading import adjustments_of
from shared_apps.groups.services import within_reach
from tenants.actor import Actor
from tenants.models import School
from tenants.problems import not_found


@dataclass(frozen=True)
class Why:
    """What a school last told of a month, its row of the closed month, and what changed since."""

    school: School
    told: LearnerCount | None
    closed: ClosedCount | None
    adjustment: int

    @property
    def billable(self) -> int | None:
        counted = self.closed or self.told
        return counted.billable if counted else None

    @property
    def left_out(self) -> bool:
        return self.closed is not None and self.closed.billable is None

    @property
    def sent(self) -> dict[str, int] | None:
        """Messages by channel, as the row says by which is billed; None where nobody counted."""
        counted = self.closed or self.told
        if counted is None or counted.billable is None:
            return None
        return {channel: getattr(counted, channel) for channel in CHANNELS}


def why(actor: Actor, at: date, school: UUID | None) -> Why:
    """How a school's number came about. Raises 404 for a school out of reach."""
    found = within_reach(actor).filter(pk=school).first() if school else None
    if found is None:
        raise not_found()
    told = LearnerCount.objects.filter(school=found, month=at).first()
    closed = ClosedCount.objects.filter(month=at, school=found.pk).first()
    return Why(found, told, closed, adjustments_of(at, [found.pk]).get(found.pk, 0))
