"""The clock's door: the sweep finds due rows, a drain works through one school's."""

import logging
from datetime import datetime

from django.utils import timezone

from tenant_apps.events.services import drain as draining
from tenants.current import SchoolRef
from tenants.jobs import job, later
from tenants.models import school_refs
from tenants.traces import without_text

log = logging.getLogger(__name__)


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
        try:
            if draining.has_due(school, now=now):
                later("events.drain", school=school.id)
        except Exception as error:  # one broken school stops nobody else's sweep
            log.error("the sweep passed over school %s\n%s", school.id, without_text(error))
