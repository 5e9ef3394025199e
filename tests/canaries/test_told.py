"""What operators and machines are told of the search: unknown is said and never shown as zero."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from shared_apps.audit.models import CanaryCheck
from shared_apps.audit.services.canaries import Canaries, canaries, canary_numbers
from shared_apps.operator.services.health import signals_of
from shared_apps.operator.services.picture import picture
from tenants.actor import Actor
from tenants.ask import Unavailable
from tenants.models import School
from tests.world import MORNING

HOUR = timedelta(hours=1)


def checked(cast, at=MORNING, *, found=0, failed=0, places=()):
    CanaryCheck.objects.create(
        school_id=cast.ref.id, at=at, others=1, asked=100, failed=failed, found=found, places=list(places)
    )


def test_never_asked_is_unknown(greenfield, riverside):
    assert canaries(MORNING) == Unavailable("never")
    assert canary_numbers(MORNING) == {}


def test_asked_too_long_ago_is_unknown(greenfield, riverside):
    checked(greenfield)
    checked(riverside)
    assert canaries(MORNING + 2 * HOUR) == Unavailable("too_old")


def test_a_leak_is_told_however_old(greenfield, riverside):
    checked(greenfield, found=1, places=["found: cache"])
    assert canaries(MORNING + 100 * HOUR).found == 1


def test_schools_that_were_never_asked_are_counted(greenfield, riverside):
    checked(greenfield, failed=2, places=["failed: GET /api/learners"])
    assert canaries(MORNING + HOUR / 2) == Canaries(
        schools=2, waiting=1, asked=100, failed=2, found=0, places=("failed: GET /api/learners",), newest=MORNING,
        oldest=MORNING,
    )  # fmt: skip


def test_a_school_that_is_not_active_does_not_count(greenfield, riverside):
    checked(greenfield, found=1)
    checked(riverside)
    School.objects.filter(slug="greenfield").update(state="disabled")
    told = canaries(MORNING)
    assert (told.schools, told.found) == (1, 0)


def test_metrics_show_count_and_age(greenfield, riverside):
    now = timezone.now()
    checked(greenfield, now)
    checked(riverside, now - HOUR)
    text = Client().get("/metrics").content.decode()
    numbers = dict(line.rsplit(" ", 1) for line in text.splitlines() if line.startswith("mysentinel_canaries"))
    assert numbers['mysentinel_canaries{what="found"}'] == "0.0"
    assert numbers['mysentinel_canaries{what="asked"}'] == "200.0"
    assert float(numbers['mysentinel_canaries{what="oldest_seconds"}']) >= 3600
    assert 'mysentinel_canaries{what="age_seconds"}' in numbers


def test_metrics_are_silent_about_what_is_not_known(greenfield):
    assert "mysentinel_canaries{" not in Client().get("/metrics").content.decode()


@pytest.mark.parametrize("field", ["schema", "slug", "id"])
def test_metrics_name_no_school(greenfield, riverside, field):
    checked(greenfield, timezone.now())
    assert str(getattr(greenfield.ref, field)) not in Client().get("/metrics").content.decode()


def test_operators_are_told_of_what_could_not_be_asked(greenfield, riverside):
    now = timezone.now()
    checked(greenfield, now, failed=2, places=["not asked: GET /x/{y}"])
    checked(riverside, now)
    operator = Actor("system", "platform", frozenset({"operator"}))
    (signal,) = (one for one in signals_of(picture(operator, now=now)) if one.key == "leaks")
    assert signal.value == "0" and "not read: 2" in signal.note
    CanaryCheck.objects.update(failed=0)
    (signal,) = (one for one in signals_of(picture(operator, now=now)) if one.key == "leaks")
    assert "not read" not in signal.note
