"""What the platform may ask about a school's history. Plain data only."""

from datetime import datetime

from tenant_apps.events.services import seal as sealing
from tenants.ask import for_platform


@for_platform("events.sealing_lag")
def sealing_lag(*, now: datetime) -> float:
    """Seconds the school's oldest unsealed event has been waiting; 0 when all are sealed."""
    return sealing.lag(now).total_seconds()
