"""What an accepted scan costs on the wire: two round trips inside its transaction, counted at the driver."""

import json
from uuid import uuid4

import pytest
from django.db import connections
from django.test import Client
from django.utils import timezone

from tenant_apps.events.models import Reaction, ReactionState
from tenant_apps.events.services.drain import drain
from tenants.pipeline import send
from tenants.scope import school_scope
from tests import world
from tests.events.handlers import following, happen


@pytest.fixture
def waits(real_commits, monkeypatch):
    """Every wait for the server on the schools' connection, with whether it lies in the scan's transaction."""
    connections["schools"].ensure_connection()
    kind = type(connections["schools"].connection)
    seen: list[bool] = []
    pipeline = _pipeline_class()
    original_wait, original_fetch = kind.wait, pipeline._fetch_gen

    def wait(self, generator, *args, **kwargs):
        # Entering a pipeline only switches the driver's mode: nothing is sent.
        sends = generator.gi_code.co_name != "_enter_gen"
        if sends and self.pgconn.user == b"schools" and not self.pgconn.pipeline_status:
            seen.append(connections["schools"].in_atomic_block)  # not while it connects
        return original_wait(self, generator, *args, **kwargs)

    def fetch(self, *, flush):
        if self.pgconn.user == b"schools" and self.result_queue:
            seen.append(connections["schools"].in_atomic_block)
        yield from original_fetch(self, flush=flush)

    monkeypatch.setattr(kind, "wait", wait)
    monkeypatch.setattr(pipeline, "_fetch_gen", fetch)
    return seen


def _pipeline_class():
    connection = connections["schools"].connection
    with connection.pipeline() as pipeline:
        (found,) = (one for one in type(pipeline).__mro__ if "_fetch_gen" in vars(one))
    return found


@pytest.mark.parametrize("direction", ["in", "out"])
def test_an_accepted_scan_waits_twice_for_the_database(real_commits, waits, direction):
    cast = world.read("greenfield")
    client = Client()
    body = {"email": cast.email("officer"), "password": world.PASSWORD}
    token = client.post("/api/auth/login", body, content_type="application/json").json()["access_token"]
    scan = {
        "scan_id": str(uuid4()), "badge": cast.badges[cast.learners[0].id], "gate": str(cast.gates[0].id),
        "direction": direction, "scanned_at": timezone.now().isoformat(),
    }  # fmt: skip
    connections["schools"].ensure_connection()
    waits.clear()
    answer = client.post(
        "/api/gate/scans", json.dumps(scan), content_type="application/json", HTTP_AUTHORIZATION=f"Bearer {token}"
    )
    assert answer.status_code == 201 and answer.json()["verdict"] == "admitted"
    assert True in waits and len(waits) <= 2, waits  # COMMIT, which Django counts as outside its block, among them


def test_an_effect_that_is_only_sent_waits_once_with_its_record_its_commit_and_the_next_claim(waits):
    cast = world.read("greenfield")

    def rename(event, *, now):
        send("UPDATE {s}.gate_gate SET name = name", [])

    with following(rename, pipelined=True):
        happen(cast, at=timezone.now(), times=3)
        waits.clear()
        drain(cast.ref, clock=timezone.now)
    waited = len(waits)
    with school_scope(cast.ref):
        assert set(Reaction.objects.values_list("state", flat=True)) == {ReactionState.DONE}
    assert waited <= 1 + 3, waits  # the first claim, and each effect
