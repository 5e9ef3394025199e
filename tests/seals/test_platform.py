"""The platform's own history is sealed in the same way."""

import json
import logging
from datetime import timedelta

import psycopg
import pytest
from django.utils import timezone

from config import auditing
from shared_apps.audit import jobs
from shared_apps.audit.models import PlatformCheckpoint, PlatformEvent, PlatformSeal, SealedUntil
from shared_apps.audit.services import record, sealing
from tests import database
from tests.seals.history import by_the_verifier


def happen(times=3):
    for number in range(times):
        record("test.happened", by="test", now=timezone.now(), facts={"number": number})


def first_bad(folder):
    report = auditing.of_platform().checked()
    path = folder / "platform.jsonl"
    with path.open("w") as out:
        auditing.of_platform().export(out)
    assert by_the_verifier(path) == report.bad
    return report.bad


def test_what_was_recorded_is_sealed_and_proven(real_commits, tmp_path, caplog):
    happen()
    with caplog.at_level(logging.INFO):
        jobs.seal()
    count = PlatformEvent.objects.count()
    assert list(PlatformSeal.objects.order_by("seq").values_list("seq", flat=True)) == list(range(1, count + 1))
    assert first_bad(tmp_path) is None
    (line,) = [one.getMessage() for one in caplog.records if "platform checkpoint" in one.getMessage()]
    assert json.loads(line.removeprefix("platform checkpoint "))["size"] == count
    jobs.seal()
    jobs.seal_late()
    assert PlatformCheckpoint.objects.count() == 1


def test_a_change_is_found(real_commits, tmp_path):
    happen()
    jobs.seal()
    number = PlatformSeal.objects.order_by("-seq").first().seq - 1
    with psycopg.connect(database.ADMIN, dbname=real_commits, autocommit=True) as admin:
        admin.execute("SET session_replication_role = replica")
        admin.execute(
            "UPDATE audit_platformevent SET body = replace(body, '\"number\":1', '\"number\":7')"
            " FROM audit_platformseal WHERE event_id = id AND seq = %s",
            [number],
        )
    assert first_bad(tmp_path) == number


@pytest.mark.parametrize("change", ["kind = 'x'", "actor = 'x'", "at = now()", "school = gen_random_uuid()"])
def test_a_column_beside_the_body_is_found(real_commits, change):
    happen()
    jobs.seal()
    with psycopg.connect(database.ADMIN, dbname=real_commits, autocommit=True) as admin:
        admin.execute("SET session_replication_role = replica")
        admin.execute(
            f"UPDATE audit_platformevent SET {change} FROM audit_platformseal WHERE event_id = id AND seq = 2"
        )
    assert auditing.of_platform().checked().bad == 2


def test_the_lag_is_known(real_commits):
    jobs.seal()
    at = timezone.now()
    assert sealing.lag(at) == timedelta(0)
    record("test.happened", by="test", now=at - timedelta(seconds=30))
    assert sealing.lag(at) == timedelta(seconds=30)
    jobs.seal()
    assert sealing.lag(at) == timedelta(0)
    assert sealing.sealing_lags(at)["platform"] < 60
    assert SealedUntil.objects.count() == 1
