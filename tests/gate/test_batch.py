"""POST /api/gate/scans/batch."""

from datetime import datetime
from uuid import uuid4

import pytest

from tenant_apps.events.models import Event
from tenant_apps.gate import api
from tenant_apps.gate.models import Presence, Scan
from tenants.scope import school_scope


def results(answer):
    assert answer.status_code == 200, answer.content
    return answer.json()["results"]


def said(answer):
    return [(result["status"], result.get("code")) for result in results(answer)]


def stored(cast):
    with school_scope(cast.ref):
        return Scan.objects.count(), Event.objects.filter(kind="gate.scan_recorded").count()


# -- works ------------------------------------------------------------------------------------------------------------


def test_scans_are_judged_in_the_order_sent_and_see_each_other(phone):
    taps = [phone.tap(phone.badge(), at) for at in ("07:00", "07:05", "08:30", "17:30")]
    answer = results(phone.batch(taps))
    assert [one["scan_id"] for one in answer] == [tap["scan_id"] for tap in taps]
    assert [(one["direction"], one["code"]) for one in answer] == [
        ("in", "ok"), ("out", "ok"), ("in", "late_arrival"), ("out", "late_pickup")
    ]  # fmt: skip
    with school_scope(phone.cast.ref):
        assert not Presence.objects.get(learner=phone.cast.learners[0]).on_site


def test_an_item_carries_the_single_calls_fields(phone):
    tap = phone.tap(phone.badge())
    (item,) = results(phone.batch([tap]))
    assert item.pop("status") == "recorded"
    assert item == phone.send(tap).json()


def test_chunks_see_what_chunks_before_them_did(phone, monkeypatch):
    monkeypatch.setattr(api, "CHUNK", 2)
    taps = [phone.tap(phone.badge(), f"07:0{minute}") for minute in range(5)]
    assert [one["direction"] for one in results(phone.batch(taps))] == ["in", "out", "in", "out", "in"]
    assert stored(phone.cast) == (5, 5)


def test_the_order_in_which_scans_came_can_be_read_from_the_rows(phone):
    taps = [phone.tap(phone.badge()) for _ in range(6)]
    recorded = [datetime.fromisoformat(one["recorded_at"]) for one in results(phone.batch(taps))]
    assert recorded == sorted(set(recorded))


def test_many_learners_in_one_batch(phone):
    cast = phone.cast
    badges = [*cast.badges.values(), cast.revoked_badge, "NO-CODE"]
    codes = [code for _, code in said(phone.batch([phone.tap(badge) for badge in badges]))]
    assert sorted(codes) == sorted(["ok"] * 6 + ["inactive_learner", "revoked_badge", "unknown_badge"])


# -- twice ------------------------------------------------------------------------------------------------------------


def test_a_batch_sent_twice_is_replayed(phone):
    taps = [phone.tap(phone.badge(place)) for place in range(3)]
    first, again = results(phone.batch(taps)), results(phone.batch(taps))
    assert [one.pop("status") for one in first] == ["recorded"] * 3
    assert [one.pop("status") for one in again] == ["replayed"] * 3
    assert first == again
    assert stored(phone.cast) == (3, 3)


def test_a_repeat_inside_one_batch_is_replayed_and_another_content_conflicts(phone):
    tap = phone.tap(phone.badge())
    other = {**tap, "direction": "out"}
    answer = results(phone.batch([tap, tap, other]))
    assert [one["status"] for one in answer] == ["recorded", "replayed", "conflict"]
    assert answer[0] == {**answer[1], "status": "recorded"}
    assert answer[2]["scan_id"] == tap["scan_id"] and answer[2]["errors"][0]["field"] == "scan_id"
    assert stored(phone.cast) == (1, 1)


# -- each stands alone ------------------------------------------------------------------------------------------------


def test_bad_items_do_not_hold_up_the_others(phone, riverside):
    good = phone.tap(phone.badge())
    bad = [
        None, 7, "text", [], {}, {**phone.tap("A"), "scan_id": "no id"}, {**phone.tap("A"), "badge": "A\0B"},
        {**phone.tap("A"), "surprise": 1}, {**phone.tap("A"), "scanned_at": "2026-11-20T07:00:00"},
        phone.tap("A", gate=str(riverside.gates[0].id)), phone.tap("A", gate=str(uuid4())),
        phone.tap("A", scanned_at="2999-01-01T00:00:00Z"), {**phone.tap("A"), "scan_id": {"a": [1]}},
    ]  # fmt: skip
    answer = results(phone.batch([*bad, good]))
    assert [one["status"] for one in answer] == ["invalid"] * len(bad) + ["recorded"]
    assert all(one["errors"] for one in answer[:-1])
    assert answer[5]["scan_id"] == "no id" and answer[12]["scan_id"] is None
    fields = [answer[place]["errors"][0]["field"] for place in range(5, 12)]
    assert fields == ["scan_id", "badge", "surprise", "scanned_at", "gate", "gate", "scanned_at"]
    assert stored(phone.cast) == (1, 1)


def test_an_error_does_not_repeat_what_was_sent(phone):
    answer = phone.batch([{**phone.tap("A"), "direction": "secret-word"}])
    assert "secret-word" not in answer.content.decode()


# -- wrong role, bad input --------------------------------------------------------------------------------------------


def test_a_teacher_cannot_send_one(phone, signed_in):
    tap = phone.tap(phone.badge())
    phone.client = signed_in("teacher@greenfield.example")
    assert phone.batch([tap]).status_code == 403
    assert stored(phone.cast) == (0, 0)


@pytest.mark.parametrize("count", [0, 5001])
def test_none_and_more_than_five_thousand_are_422(phone, count):
    answer = phone.batch([0] * count)
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == ["scans"]


@pytest.mark.parametrize(
    "body", ['{"scans": null}', '{"scans": {}}', '{"scans": "x"}', "{}", "[]", "7", '{"scans": [], "x": 1}']
)
def test_what_is_no_list_of_scans_is_422(phone, body):
    answer = phone.client.post("/api/gate/scans/batch", body, content_type="application/json")
    assert answer.status_code == 422


def test_a_batch_may_have_ten_megabytes_but_not_seventeen(phone):
    for size, status in ((10, 422), (17, 413)):
        body = '{"scans": [], "x": "%s"}' % ("x" * size * 1024 * 1024)
        answer = phone.client.post("/api/gate/scans/batch", body, content_type="application/json")
        assert answer.status_code == status


def test_deep_nesting_is_refused_without_a_failure(phone):
    for depth in (200, 900, 5_000):
        body = '{"scans": [{"scan_id": %s}]}' % ("[" * depth + "]" * depth)
        answer = phone.client.post("/api/gate/scans/batch", body, content_type="application/json")
        assert answer.status_code in (200, 400)
