"""What follows a scan inside the gate itself."""

from datetime import datetime

from tenant_apps.gate.rules import Code
from tenant_apps.gate.services.flow import count_half_hour
from tenants.lanes import Lane
from tenants.reactions import Happened, reaction


@reaction("gate.scan_recorded", name="gate.flow", lane=Lane.PROJECTIONS, pipelined=True)
def flow(event: Happened, /, *, now: datetime) -> None:
    """Keep the half-hour counts of Today's chart."""
    if Code(event.facts["code"]).moves:
        count_half_hour(event.at)
