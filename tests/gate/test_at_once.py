"""Several phones at the same moment, on connections that really commit."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tenant_apps.gate.models import Badge, Presence, Scan
from tenant_apps.gate.rules import Direction
from tenant_apps.gate.services.badges import issue_badge
from tenant_apps.gate.services.ground import Tap
from tenant_apps.gate.services.scans import record_scans
from tenants.actor import system
from tenants.scope import school_scope
from tests import world


@pytest.fixture
def crowd(real_commits, signed_in):
    """Run calls at the same moment, each on its own thread and connections."""
    cast = world.read("greenfield")
    token = signed_in(cast.email("officer")).defaults["HTTP_AUTHORIZATION"]

    def at_once(*calls):
        gate = threading.Barrier(len(calls))

        def one(path, body):
            try:
                client = Client(HTTP_AUTHORIZATION=token)
                gate.wait()
                return client.post(path, body, content_type="application/json")
            finally:
                connections.close_all()

        with ThreadPoolExecutor(len(calls)) as pool:
            return [future.result() for future in [pool.submit(one, *call) for call in calls]]

    return cast, at_once


def tap(cast, place=0, **more):
    return {
        "scan_id": str(uuid4()), "badge": cast.badges[cast.learners[place].id], "gate": str(cast.gates[0].id),
        "direction": "auto", "scanned_at": timezone.now().isoformat(), **more,
    }  # fmt: skip


SINGLE, BATCH = "/api/gate/scans", "/api/gate/scans/batch"


@pytest.mark.parametrize("badge", ["known", "NO-SUCH-CODE"])
def test_a_doubled_request_makes_one_row_and_one_answer(crowd, badge):
    cast, at_once = crowd
    for _ in range(5):
        one = tap(cast) if badge == "known" else tap(cast, badge=badge)
        answers = at_once(*[(SINGLE, one)] * 4)
        assert sorted(answer.status_code for answer in answers) == [200, 200, 200, 201]
        assert len({answer.content for answer in answers}) == 1
        with school_scope(cast.ref):
            assert Scan.objects.filter(id=one["scan_id"]).count() == 1


def test_the_same_id_with_two_contents_at_once_is_stored_once(crowd):
    cast, at_once = crowd
    for _ in range(5):
        one = tap(cast, 0)
        answers = at_once((SINGLE, one), (SINGLE, {**one, "badge": cast.badges[cast.learners[1].id]}))
        assert sorted(answer.status_code for answer in answers) == [201, 409]


def test_two_phones_scan_one_learner_at_once(crowd):
    """By `auto`, four taps are in, out, in, out in whatever order they are served: nobody passes twice the same way."""
    cast, at_once = crowd
    moment = timezone.now().isoformat()
    answers = at_once(*[(SINGLE, tap(cast, scanned_at=moment)) for _ in range(4)])
    assert [answer.status_code for answer in answers] == [201] * 4
    assert sorted(answer.json()["direction"] for answer in answers) == ["in", "in", "out", "out"]
    assert {answer.json()["code"] for answer in answers} <= {"ok", "late_arrival", "late_pickup"}
    with school_scope(cast.ref):
        last = Scan.objects.order_by("scanned_at", "recorded_at").last()
        assert Presence.objects.get().on_site == (last.direction == "in")


def test_in_and_out_at_once_keep_presence_with_the_later_scan(crowd):
    cast, at_once = crowd
    for round_ in range(5):
        start = timezone.now() - timedelta(seconds=30 - round_)
        later = start + timedelta(milliseconds=500)
        at_once(
            (SINGLE, tap(cast, direction="in", scanned_at=start.isoformat())),
            (SINGLE, tap(cast, direction="out", scanned_at=later.isoformat())),
        )
        with school_scope(cast.ref):
            assert not Presence.objects.get().on_site


def test_two_batches_with_the_same_scans_in_other_orders_store_each_once(crowd):
    cast, at_once = crowd
    moment = timezone.now().isoformat()
    taps = [tap(cast, number % 5, scanned_at=moment) for number in range(20)]
    taps += [tap(cast, badge=f"NOBODY-{number}", scanned_at=moment) for number in range(20)]
    answers = at_once((BATCH, {"scans": taps}), (BATCH, {"scans": taps[::-1]}))
    assert [answer.status_code for answer in answers] == [200, 200]
    said = [{item["scan_id"]: item for item in answer.json()["results"]} for answer in answers]
    for one in taps:
        results = [items[one["scan_id"]] for items in said]
        assert sorted(result.pop("status") for result in results) == ["recorded", "replayed"]
        assert results[0] == results[1]
    with school_scope(cast.ref):
        assert Scan.objects.count() == 40


def test_badges_are_changed_while_they_are_scanned(crowd):
    """Nobody waits in a ring, and a scan finds its badge either working or withdrawn."""
    cast, _ = crowd
    learner, officer = cast.learners[0], system("test", cast.ref)

    def change(_):
        try:
            with school_scope(cast.ref):
                return issue_badge(by=officer, now=timezone.now(), learner=learner).code
        finally:
            connections.close_all()

    def scan(_):
        try:
            with school_scope(cast.ref):
                code = Badge.objects.get(learner=learner, revoked_at=None).code
            tap = Tap(uuid4(), code, cast.gates[0].id, Direction.AUTO, timezone.now())
            with school_scope(cast.ref):
                return record_scans([tap], by=officer, now=timezone.now())[0].scan.code
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        work = []
        for number in range(40):
            work += [pool.submit(change, number), pool.submit(scan, number), pool.submit(scan, number)]
        results = [future.result() for future in work]
    said = {code for number, code in enumerate(results) if number % 3}
    assert said <= {"ok", "revoked_badge", "late_arrival", "late_pickup"}
    with school_scope(cast.ref):
        assert Badge.objects.filter(learner=learner, revoked_at=None).count() == 1


def test_a_scan_takes_eight_statements_and_a_batch_no_more(crowd):
    cast, _ = crowd
    client = Client(HTTP_AUTHORIZATION="")
    token = client.post(
        "/api/auth/login", {"email": cast.email("officer"), "password": world.PASSWORD}, content_type="application/json"
    ).json()["access_token"]
    client = Client(HTTP_AUTHORIZATION=f"Bearer {token}")
    with school_scope(cast.ref):
        connections["schools"].cursor().close()
    for path, body in (
        (SINGLE, tap(cast, direction="out")),
        (BATCH, {"scans": [tap(cast, number % 5, direction="out") for number in range(200)]}),
    ):
        with CaptureQueriesContext(connections["schools"]) as counted:
            assert client.post(path, body, content_type="application/json").status_code in (200, 201)
        statements = [one["sql"] for one in counted.captured_queries if one["sql"] not in ("BEGIN", "COMMIT")]
        assert len(statements) <= 8, statements
