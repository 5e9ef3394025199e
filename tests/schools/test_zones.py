"""Moments on the pages about a school: on its own clock where its zone is named, else the reader's is named."""

import re
from datetime import UTC, datetime

import pytest

from shared_apps.deliveries.models import SchoolFigures
from shared_apps.schools.models import Standing
from shared_apps.schools.services import settings
from tenant_apps.messaging.jobs import tell_platform
from tenants.models import School
from tests.operator import ground

AT = datetime(2026, 11, 20, 13, 40, tzinfo=UTC)  # 07:40 in Chicago, 15:40 in Johannesburg
NIGHT = datetime(2026, 11, 21, 3, 30, tzinfo=UTC)  # still the 20th in Chicago
ZONE = "Times on this page are in this zone:"


def words(answer):
    assert answer.status_code == 200, answer.content
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


@pytest.fixture
def chicago(riverside):
    assert riverside.ref.timezone == "America/Chicago"
    School.objects.filter(pk=riverside.ref.id).update(created_at=NIGHT, state="disabled")
    Standing.objects.create(school_id=riverside.ref.id, state="disabled", at=AT, by="x", reason="Unpaid")
    return f"/operator/schools/{riverside.ref.id}"


def test_a_suspension_is_told_on_the_schools_clock(browse, chicago):
    page = words(browse().get(chicago))
    assert "Suspended since 20 Nov 2026, 07:40 (America/Chicago)." in page
    assert "15:40" not in page and f"{ZONE} America/Chicago" in page


def test_the_day_of_its_creation_is_the_schools(browse, chicago):
    client = browse()
    listed = words(client.get("/operator/schools?search=Riverside"))
    assert "20 Nov 2026" in listed and "21 Nov 2026" not in listed
    assert "20 Nov 2026, 21:30" in words(client.get(chicago))


def test_what_the_school_told_is_told_on_its_clock(browse, chicago, riverside):
    tell_platform(school=riverside.ref)
    SchoolFigures.objects.filter(school=riverside.ref.id).update(as_of=AT, last_gate_activity=NIGHT)
    page = words(browse().get(f"{chicago}/progress", headers={"HX-Request": "true"}))
    assert "Last known at 20 Nov 2026, 07:40 (America/Chicago)." in page and "20 Nov 2026, 21:30" in page


def test_the_history_of_its_settings_and_its_support_name_the_schools_zone(browse, chicago, riverside, monkeypatch):
    change = settings.Change(AT, "Operator", {"name": {"before": "a", "after": "b"}})
    monkeypatch.setattr(settings, "history", lambda school: [change])
    client = browse()
    page = words(client.get(f"{chicago}/settings"))
    assert "20 Nov 2026, 07:40 · Operator" in page and f"{ZONE} America/Chicago" in page
    assert f"{ZONE} America/Chicago" in words(client.get(f"{chicago}/support"))


@pytest.mark.usefixtures("world_db")
def test_pages_of_many_schools_name_the_zone_of_the_platform(browse, greenfield):
    client, letter = browse(), ground.letter(greenfield.ref)
    for path in ("/operator/health", f"/operator/dead-letters/letters/{letter.pk}", "/operator/onboardings"):
        assert f"{ZONE} Africa/Johannesburg" in words(client.get(path)), path
