"""The clock: schools count their learners twice a day, and a month that is over is closed."""

from django.utils import timezone

from shared_apps.billing.services import closing, presence
from tenants.jobs import job, wake


@job("billing.sweep")
def sweep() -> None:
    """One place in the queue for each school whose count is old."""
    wake("messaging.tell_billing", schools=presence.due(timezone.now()))


@job("billing.close")
def close() -> None:
    closing.close_months(now=timezone.now())
