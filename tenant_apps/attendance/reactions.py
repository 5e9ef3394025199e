"""What a scan sets off in the register."""

from datetime import datetime

from tenant_apps.attendance.services.proposals import propose
from tenant_apps.people.models import Learner
from tenants.actor import system
from tenants.current import current_school
from tenants.ids import parse_id
from tenants.lanes import Lane
from tenants.reactions import Happened, reaction


@reaction("gate.scan_recorded", name="attendance.propose", lane=Lane.ATTENDANCE)
def propose_mark(event: Happened, *, now: datetime) -> None:
    """An admitted arrival proposes present or late. One that was erased, or a refused scan, proposes nothing."""
    if event.facts["verdict"] != "admitted" or event.facts["direction"] != "in":
        return
    named = parse_id(event.about.get("learner"))
    learner = Learner.objects.filter(pk=named).first() if named else None
    if learner is not None:
        propose(by=system("attendance", current_school()), now=now, learner=learner, arrived_at=event.at)
