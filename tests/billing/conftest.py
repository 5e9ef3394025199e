"""Schools that are long here, people of finance, and counts as a school tells them."""

from datetime import UTC, date, datetime
from types import SimpleNamespace

import pytest
from django.test import Client

from shared_apps.billing.rules import MonthTold
from shared_apps.billing.services import counting
from tenants.models import School
from tests import world

OCTOBER, NOVEMBER, DECEMBER = date(2026, 10, 1), date(2026, 11, 1), date(2026, 12, 1)
CLOSING = datetime(2026, 12, 5, tzinfo=UTC)  # November may be closed


@pytest.fixture
def long_here(world_db):
    School.objects.update(created_at=datetime(2024, 1, 1, tzinfo=UTC))


@pytest.fixture
def browser(world_db):
    client = Client()
    client.post("/login", {"email": "finance@example.com", "password": world.PASSWORD})
    return client


@pytest.fixture
def finance(signed_in):
    return signed_in("finance@example.com")


def tell(cast, month, billable, *, at, **channels):
    """As the school's own job does it."""
    counting.publish([MonthTold(month, at, 20, billable, 0, 0, 0, 0, channels)], school=cast.ref.id)


@pytest.fixture
def in_december(monkeypatch):
    """The clock of the doors of billing stands at CLOSING; everybody else's goes on."""
    clock = SimpleNamespace(now=lambda: CLOSING, localdate=CLOSING.date)
    for door in ("views", "api"):
        monkeypatch.setattr(f"shared_apps.billing.{door}.timezone", clock)
