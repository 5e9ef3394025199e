"""What the gate's tests share: an officer's phone, and a school day in the past whatever today is."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from tenant_apps.people.models import CalendarDay
from tenants.scope import school_scope


@dataclass
class Phone:
    """A client that scans at `gate` of `cast`'s school."""

    client: Any
    cast: Any
    day: date

    def at(self, clock: str) -> str:
        """A moment of the school day, as a phone writes it."""
        return datetime.combine(self.day, time.fromisoformat(clock), self.cast.ref.zone).isoformat()

    def tap(self, badge: str, at: str = "07:12", **more: Any) -> dict[str, Any]:
        return {
            "scan_id": str(uuid4()), "badge": badge, "gate": str(self.cast.gates[0].id), "direction": "auto",
            "scanned_at": self.at(at), **more,
        }  # fmt: skip

    def send(self, tap: dict[str, Any]) -> Any:
        return self.client.post("/api/gate/scans", tap, content_type="application/json")

    def scan(self, badge: str, at: str = "07:12", **more: Any) -> Any:
        return self.send(self.tap(badge, at, **more))

    def batch(self, taps: list[Any]) -> Any:
        return self.client.post("/api/gate/scans/batch", {"scans": taps}, content_type="application/json")

    def badge(self, place: int = 0) -> str:
        return str(self.cast.badges[self.cast.learners[place].id])


def make_school_day(cast: Any) -> date:
    day = timezone.localdate(timezone=cast.ref.zone) - timedelta(days=7)
    with school_scope(cast.ref):
        CalendarDay.objects.create(date=day, school_day=True, name="Test day")
    return day


@pytest.fixture
def phone(signed_in: Any, greenfield: Any) -> Phone:
    return Phone(signed_in(greenfield.email("officer")), greenfield, make_school_day(greenfield))
