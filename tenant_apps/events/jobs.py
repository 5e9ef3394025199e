"""The clock's door: the sweep finds due rows, a drain works through one school's."""

from datetime import datetime

from django.utils import timezone

from tenant_apps.events.services import drain as draining
from tenants.current import SchoolRef
from tenants.jobs import job, later
from tenants.models import school_refs


@job("events.drain")
def drain(*, school: SchoolRef) -> None:
    """One turn for one school; what is left queues behind the other schools."""
    if school.state == "active" and draining.drain(school, clock=timezone.now):
        later("events.drain", school=school.id)


@job("events.sweep")
def sweep() -> None:
    """Wake a worker for every active school with something due: wake-ups may be lost, rows may not."""
    now: datetime = timezone.now()
    for school in school_refs():
        if draining.has_due(school, now=now):
            later("events.drain", school=school.id)
