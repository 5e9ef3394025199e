"""/healthz, /readyz and /metrics: what machines ask."""

import pytest
from django.db import connections
from django.test import Client

from tenants import health
from tenants.models import Heartbeat
from tests.world import CANARY, MORNING


def test_a_living_process_says_so_without_a_database():
    answer = Client().get("/healthz")
    assert (answer.status_code, answer.content) == (200, b"ok\n")
    assert "no-store" in answer["Cache-Control"]


def test_it_is_ready_when_both_logins_answer_and_the_platform_is_migrated(greenfield):
    answer = Client().get("/readyz")
    assert (answer.status_code, answer.json()) == (200, {"ready": True, "cells_unavailable": []})


def test_a_login_that_does_not_answer_is_named(real_commits):
    named = connections["schools"].settings_dict["NAME"]
    connections["schools"].close()
    connections["schools"].settings_dict["NAME"] = "not_there"
    try:
        answer = Client().get("/readyz")
        assert answer.status_code == 503
        assert answer.json()["code"] == "not_ready"
        assert answer.json()["reasons"] == ["login_schools_silent"]
    finally:
        connections["schools"].close()
        connections["schools"].settings_dict["NAME"] = named


def test_a_platform_behind_the_code_is_not_ready(real_commits):
    with connections["migrator"].cursor() as cursor:
        cursor.execute("ALTER TABLE public.tenants_heartbeat DROP COLUMN at")
    assert health.unready() == ["platform_not_migrated"]
    assert Client().get("/readyz").json()["reasons"] == ["platform_not_migrated"]


def test_missing_static_files_are_named(greenfield, monkeypatch):
    monkeypatch.setattr("config.statics.STYLE", "css/never-built.css")
    assert Client().get("/readyz").json()["reasons"] == ["static_files_missing"]


def test_metrics_count_by_route_and_name_no_school(greenfield, signed_in):
    signed_in("officer@greenfield.example").get("/api/me")
    Client().get("/s/greenfield/nowhere")
    Client().generic("BREW", "/healthz")
    Heartbeat.objects.create(name="events.sweep", at=MORNING)
    answer = Client().get("/metrics")
    text = answer.content.decode()
    assert answer["Content-Type"].startswith("text/plain")
    assert 'route="api/me",status="200"' in text
    assert 'method="other",route="healthz"' in text
    assert f'mysentinel_job_last_end_seconds{{job="events.sweep"}} {MORNING.timestamp()!r}'.split("} ")[0] in text
    for word in ("greenfield", "Greenfield", CANARY["greenfield"], str(greenfield.ref.id), greenfield.ref.schema):
        assert word not in text


@pytest.mark.parametrize("path", ["/healthz", "/metrics"])
def test_strangers_may_look(greenfield, path):
    assert Client().get(path).status_code == 200
