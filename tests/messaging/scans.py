"""A scan as the gate records it, for tests of what follows."""

from datetime import datetime
from typing import Any
from uuid import uuid4

from tenant_apps.events.models import Event
from tenant_apps.events.services.drain import drain
from tenant_apps.events.services.record import record
from tenants.actor import system
from tenants.scope import school_scope
from tests.world import MORNING, Cast


def scan(cast: Cast, learner: Any, *, code: str = "ok", direction: str = "in", at: datetime = MORNING) -> Event:
    with school_scope(cast.ref):
        return record(
            "gate.scan_recorded", by=system("test", cast.ref), at=at, now=at,
            facts={
                "scan": str(uuid4()), "gate": str(cast.gates[0].id), "direction": direction,
                "verdict": "admitted", "code": code,
            },
            about={"learner": str(learner.id)},
        )  # fmt: skip


def drained(cast: Cast, at: datetime = MORNING) -> None:
    while drain(cast.ref, clock=lambda: at):
        pass
