"""The clock wakes the schools that should tell how they are; their own job does the telling."""

from django.utils import timezone

from shared_apps.deliveries.services import publish as publishing
from tenants.jobs import job, wake

TELL = "messaging.tell_platform"


@job("deliveries.sweep")
def sweep() -> None:
    """One place in the queue for each school that is due, however often it is due."""
    wake(TELL, schools=publishing.due(timezone.now()))


@job("deliveries.forget")
def forget() -> None:
    publishing.forget(timezone.now())
