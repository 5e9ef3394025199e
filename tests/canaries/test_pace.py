"""How much of a worker's time the search may take: little by day, more by night, and none that other work waits for."""

from datetime import UTC, datetime, timedelta

import pytest

from config import jobs
from config.canaries import turn as turning
from config.schedules import SCHEDULES
from shared_apps.audit.models import CanaryCheck
from shared_apps.audit.services.canaries import STALE
from tenants.drift import is_night
from tenants.jobs import later, nobody_waits
from tests.world import MORNING


@pytest.mark.parametrize(
    ("hour", "seconds"),
    [(5, jobs.BY_DAY), (12, jobs.BY_DAY), (21, jobs.BY_DAY), (22, jobs.BY_NIGHT), (2, jobs.BY_NIGHT)],
)
def test_it_takes_its_time_by_night_alone(monkeypatch, hour, seconds):
    given = {}
    monkeypatch.setattr(jobs.timezone, "now", lambda: datetime(2026, 11, 20, hour, 30, tzinfo=UTC))
    monkeypatch.setattr(jobs, "turns", lambda **more: given.update(more))
    jobs.ask_canaries()
    assert given["seconds"] == seconds and given["go_on"] is nobody_waits


def test_a_school_morning_is_day():
    assert not is_night(MORNING)
    assert is_night(MORNING.replace(hour=22)) and not is_night(MORNING.replace(hour=3))


def test_it_is_a_small_part_of_a_worker_by_day_and_ends_before_the_queue_gives_it_up(settings):
    every = SCHEDULES["canaries.ask"] * 60
    assert jobs.BY_DAY / every <= 0.01
    assert settings.Q_CLUSTER["timeout"] / 2 >= jobs.BY_NIGHT
    assert timedelta(seconds=every) < STALE / 2


def test_work_that_waits_goes_first(greenfield, riverside, monkeypatch):
    monkeypatch.setattr(turning, "search", lambda *asked, **more: [])
    assert nobody_waits()
    later("canaries.ask")
    assert not nobody_waits()
    assert turning.turns(clock=lambda: MORNING, seconds=60, go_on=nobody_waits) == 1
    assert CanaryCheck.objects.count() == 1


def test_what_answers_all_alike_is_asked_once_a_run(greenfield, riverside, monkeypatch):
    whole = []
    monkeypatch.setattr(turning, "search", lambda *asked, whole_platform, **more: whole.append(whole_platform) or [])
    assert turning.turns(clock=lambda: MORNING, seconds=60) == 2
    assert whole == [True, False]
