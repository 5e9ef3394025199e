"""POST /api/gate/scans."""

from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from tenant_apps.events.models import Event, Particulars
from tenant_apps.gate.models import Presence, Scan
from tenant_apps.gate.rules import new_badge_code
from tenant_apps.people.models import SchoolProfile
from tenants.models import School
from tenants.scope import school_scope


def stored(cast):
    with school_scope(cast.ref):
        return Scan.objects.count(), Event.objects.filter(kind="gate.scan_recorded").count()


def codes(*answers):
    return [answer.json()["code"] for answer in answers]


# -- works ------------------------------------------------------------------------------------------------------------


def test_an_arrival_is_admitted_and_answers_with_every_field(phone):
    tap = phone.tap(phone.badge())
    answer = phone.send(tap)
    assert answer.status_code == 201
    learner = phone.cast.learners[0]
    body = answer.json()
    assert set(body) == {
        "scan_id", "verdict", "code", "direction", "learner", "on_site", "scanned_at", "recorded_at", "skew_seconds",
    }  # fmt: skip
    assert body["scan_id"] == tap["scan_id"]
    assert (body["verdict"], body["code"], body["direction"], body["on_site"]) == ("admitted", "ok", "in", True)
    group = {"id": str(learner.class_group_id), "name": "4A"}
    assert body["learner"] == {"id": str(learner.id), "name": learner.name, "class": group}
    week = timedelta(days=7).total_seconds()
    assert week - 86_400 < body["skew_seconds"] < week + 86_400


def test_times_are_kept_to_the_microsecond(phone):
    sent = phone.at("07:12:13.123456")
    assert datetime.fromisoformat(phone.scan(phone.badge(), scanned_at=sent).json()["scanned_at"]) == (
        datetime.fromisoformat(sent)
    )


def test_auto_goes_out_after_in_and_in_again(phone):
    answers = [phone.scan(phone.badge(), at).json() for at in ("07:12", "09:00", "09:30")]
    assert [answer["direction"] for answer in answers] == ["in", "out", "in"]
    assert [answer["on_site"] for answer in answers] == [True, False, True]


def test_a_code_may_be_typed_loosely(phone):
    typed = phone.badge().lower().replace("-", " ")
    assert phone.scan(f"  {typed} ").json()["code"] == "ok"


def test_late_by_the_second_after_the_bell(phone):
    on_the_bell, after = phone.scan(phone.badge(0), "08:00:00"), phone.scan(phone.badge(1), "08:00:01")
    assert codes(on_the_bell, after) == ["ok", "late_arrival"]
    assert after.json()["verdict"] == "admitted"


def test_nobody_is_late_on_a_day_off(phone):
    phone.day -= timedelta(days=200)  # no term of the world, and nothing special
    assert codes(phone.scan(phone.badge(), "09:00")) == ["ok"]


def test_late_pickup_is_strictly_after_close(phone):
    for place in (0, 1):
        phone.scan(phone.badge(place), "07:00")
    assert codes(phone.scan(phone.badge(0), "17:00:00"), phone.scan(phone.badge(1), "17:00:01")) == [
        "ok",
        "late_pickup",
    ]


def test_twice_the_same_way_is_admitted_and_said(phone):
    first, second = (phone.scan(phone.badge(), at, direction="in") for at in ("07:00", "07:05"))
    assert codes(first, second) == ["ok", "already_in"]
    assert second.json()["verdict"] == "admitted" and second.json()["on_site"] is True
    gone, again = (phone.scan(phone.badge(), at, direction="out") for at in ("14:00", "14:05"))
    assert codes(gone, again) == ["ok", "already_out"]


def test_before_the_first_scan_of_a_day_everybody_is_off_site(phone):
    phone.scan(phone.badge(), "23:59:59", direction="in")
    phone.day += timedelta(days=1)
    answer = phone.scan(phone.badge(), "00:00:00")
    assert (answer.json()["code"], answer.json()["direction"]) == ("ok", "in")
    phone.day += timedelta(days=1)
    assert codes(phone.scan(phone.badge(), "07:00", direction="out")) == ["already_out"]


# -- refused, and still recorded --------------------------------------------------------------------------------------


def test_refused_codes_are_recorded_with_their_event(phone, riverside):
    cast = phone.cast
    wrong = phone.badge()[:-1] + ("2" if phone.badge()[-1] != "2" else "3")
    unheard_of = new_badge_code(phone.badge()[:4])
    phone.scan(cast.badges[cast.restricted.id], "07:00")
    sent = [
        (wrong, "unknown_badge"), (unheard_of, "unknown_badge"), ("no code at all", "unknown_badge"),
        (next(iter(riverside.badges.values())), "other_school"), (cast.revoked_badge, "revoked_badge"),
        (cast.badges[cast.inactive.id], "inactive_learner"), (cast.badges[cast.restricted.id], "restricted"),
    ]  # fmt: skip
    for badge, code in sent:
        answer = phone.scan(badge, "08:00")
        assert answer.status_code == 201
        assert (answer.json()["code"], answer.json()["verdict"]) == (code, "refused")
        assert (answer.json()["learner"] is None) == (code in ("unknown_badge", "other_school"))
        assert (answer.json()["on_site"] is None) == (answer.json()["learner"] is None)
    assert stored(cast) == (8, 8)


def test_a_restricted_learner_may_come_in_and_stays_when_refused(phone):
    badge = phone.cast.badges[phone.cast.restricted.id]
    assert codes(phone.scan(badge, "07:00", direction="in"), phone.scan(badge, "14:00", direction="out")) == [
        "ok",
        "restricted",
    ]
    with school_scope(phone.cast.ref):
        assert Presence.objects.get(learner=phone.cast.restricted).on_site


def test_lockdown_refuses_every_scan(phone, riverside):
    with school_scope(phone.cast.ref):
        SchoolProfile.objects.update(lockdown=True)
    badges = [phone.badge(), "nonsense", phone.cast.revoked_badge, next(iter(riverside.badges.values()))]
    answers = [phone.scan(badge) for badge in badges]
    assert codes(*answers) == ["lockdown"] * 4
    assert answers[0].json()["learner"]["id"] == str(phone.cast.learners[0].id)


def test_the_event_holds_no_person_and_its_particulars_hold_the_learner(phone):
    phone.scan(phone.badge())
    with school_scope(phone.cast.ref):
        event = Event.objects.get(kind="gate.scan_recorded")
        about = Particulars.objects.get(event=event)
        scan = Scan.objects.get()
    learner = phone.cast.learners[0]
    assert str(learner.id) not in event.body and phone.badge() not in event.body
    assert about.values["learner"]["value"] == str(learner.id)
    assert event.at == scan.scanned_at and scan.officer == phone.cast.staff["officer"].id


# -- older scans ------------------------------------------------------------------------------------------------------


def test_an_older_scan_is_judged_at_its_own_time_and_moves_nothing_back(phone):
    badge = phone.badge()
    assert codes(phone.scan(badge, "07:00", direction="in"), phone.scan(badge, "12:00", direction="out")) == ["ok"] * 2
    older = phone.scan(badge, "10:00", direction="out").json()
    assert (older["code"], older["on_site"]) == ("ok", False), "at ten the learner was here"
    before = phone.scan(badge, "06:30").json()
    assert (before["direction"], before["code"]) == ("in", "ok"), "at half past six nobody had come"
    with school_scope(phone.cast.ref):
        presence = Presence.objects.get(learner=phone.cast.learners[0])
    assert (presence.on_site, presence.since) == (False, datetime.fromisoformat(phone.at("12:00")))


def test_a_scan_of_an_earlier_day_leaves_todays_presence(phone):
    phone.scan(phone.badge(), "07:00", direction="in")
    phone.day -= timedelta(days=1)
    phone.scan(phone.badge(), "07:00", direction="in")
    phone.scan(phone.badge(), "14:00", direction="out")
    with school_scope(phone.cast.ref):
        presence = Presence.objects.get(learner=phone.cast.learners[0])
    assert presence.on_site


# -- twice ------------------------------------------------------------------------------------------------------------


def test_the_same_scan_again_gives_the_same_answer(phone):
    tap = phone.tap(phone.badge())
    first, again = phone.send(tap), phone.send(tap)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert stored(phone.cast) == (1, 1)


def test_a_replay_answers_as_it_did_even_when_the_world_moved_on(phone):
    tap = phone.tap(phone.badge(), "07:00")
    first = phone.send(tap)
    phone.scan(phone.badge(), "07:30", direction="out")
    with school_scope(phone.cast.ref):
        SchoolProfile.objects.update(lockdown=True)
    assert phone.send(tap).json() == first.json()


def test_the_same_moment_and_code_written_otherwise_is_the_same_scan(phone):
    tap = phone.tap(phone.badge())
    phone.send(tap)
    utc = timezone.datetime.fromisoformat(tap["scanned_at"]).astimezone(
        timezone.UTC if hasattr(timezone, "UTC") else None
    )
    other = {**tap, "scan_id": tap["scan_id"].upper(), "badge": tap["badge"].lower(), "scanned_at": utc.isoformat()}
    assert phone.send(other).status_code == 200


@pytest.mark.parametrize(
    "change", [{"direction": "out"}, {"badge": "ANOTHER"}, {"scanned_at": "2020-01-01T00:00:00Z"}, {"gate": 1}]
)
def test_the_same_id_with_other_content_is_a_conflict(phone, change):
    tap = phone.tap(phone.badge())
    phone.send(tap)
    if "gate" in change:
        change = {"gate": str(phone.cast.gates[1].id)}
    answer = phone.send({**tap, **change})
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")
    assert stored(phone.cast) == (1, 1)


# -- wrong role, other school -----------------------------------------------------------------------------------------


def test_a_stranger_a_teacher_and_an_operator_cannot_scan(phone, signed_in):
    tap = phone.tap(phone.badge())
    for client, status, code in (
        (Client(), 401, "token_invalid"),
        (signed_in("teacher@greenfield.example"), 403, "forbidden"),
        (signed_in("operator@example.com"), 403, "forbidden"),
    ):
        answer = client.post("/api/gate/scans", tap, content_type="application/json")
        assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert stored(phone.cast) == (0, 0)


def test_an_admin_may_scan(phone, signed_in):
    phone.client = signed_in("admin@greenfield.example")
    assert phone.scan(phone.badge()).status_code == 201


def test_another_schools_gate_and_no_gate_are_404_and_store_nothing(phone, riverside):
    for gate in (riverside.gates[0].id, uuid4()):
        answer = phone.scan(phone.badge(), gate=str(gate))
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert stored(phone.cast) == (0, 0) and stored(riverside) == (0, 0)


def test_riverside_may_use_the_same_scan_id(phone, riverside, signed_in):
    tap = phone.tap(phone.badge())
    phone.send(tap)
    officer = signed_in(riverside.email("officer"))
    theirs = {**tap, "gate": str(riverside.gates[0].id), "badge": riverside.badges[riverside.learners[0].id]}
    answer = officer.post("/api/gate/scans", theirs, content_type="application/json")
    assert answer.status_code == 201
    assert phone.cast.canary not in answer.content.decode()
    assert stored(phone.cast) == (1, 1) and stored(riverside) == (1, 1)


def test_a_suspended_schools_scan_is_423_and_stores_nothing(phone):
    tap = phone.tap(phone.badge())
    School.objects.filter(pk=phone.cast.ref.id).update(state="disabled")
    answer = phone.send(tap)
    assert (answer.status_code, answer.json()["code"]) == (423, "school_suspended")
    assert phone.batch([tap]).status_code == 423
    School.objects.filter(pk=phone.cast.ref.id).update(state="active")
    assert stored(phone.cast) == (0, 0)
    assert phone.send(tap).status_code == 201, "the phone kept it"


# -- bad input --------------------------------------------------------------------------------------------------------

BAD = [
    ("scan_id", None), ("scan_id", "1"), ("scan_id", 7), ("scan_id", []), ("scan_id", ""),
    ("badge", None), ("badge", ""), ("badge", "   "), ("badge", 12345), ("badge", "A" * 65), ("badge", {"a": 1}),
    ("badge", "AB\0CD"), ("badge", "\ud800"), ("gate", None), ("gate", "main"), ("gate", 3), ("gate", True),
    ("direction", None), ("direction", "up"), ("direction", "IN"), ("direction", 1), ("direction", []),
    ("scanned_at", None), ("scanned_at", ""), ("scanned_at", "now"), ("scanned_at", 1_700_000_000),
    ("scanned_at", "1700000000"), ("scanned_at", "2026-11-20"), ("scanned_at", "2026-11-20T07:12:00"),
    ("scanned_at", "2026-02-30T07:12:00Z"), ("scanned_at", "2026-11-20T25:12:00Z"),
    ("scanned_at", "0001-01-01T00:00:00+14:00"), ("scanned_at", "9999-12-31T23:59:59-12:00"),
    ("scanned_at", "1969-12-31T23:59:59Z"), ("surprise", 1),
]  # fmt: skip


@pytest.mark.parametrize(("field", "value"), BAD, ids=[f"{name}={value!r:.30}" for name, value in BAD])
def test_bad_input_is_422_naming_the_field(phone, field, value):
    answer = phone.send({**phone.tap(phone.badge()), field: value})
    assert answer.status_code == 422
    assert answer.json()["code"] == "invalid"
    assert field in {error["field"] for error in answer.json()["errors"]}
    assert stored(phone.cast) == (0, 0)


@pytest.mark.parametrize("field", ["scan_id", "badge", "gate", "direction", "scanned_at"])
def test_every_field_is_needed(phone, field):
    tap = phone.tap(phone.badge())
    del tap[field]
    answer = phone.send(tap)
    assert answer.status_code == 422 and [error["field"] for error in answer.json()["errors"]] == [field]


def test_five_minutes_ahead_is_the_most(phone):
    soon = timezone.now() + timedelta(minutes=4, seconds=30)
    assert phone.scan(phone.badge(), scanned_at=soon.isoformat()).status_code == 201
    later = timezone.now() + timedelta(minutes=5, seconds=30)
    answer = phone.scan(phone.badge(1), scanned_at=later.isoformat())
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == ["scanned_at"]


def test_what_is_no_json_is_malformed(phone):
    for body in ("", "{", "null]", '{"scan_id": }'):
        answer = phone.client.post("/api/gate/scans", body, content_type="application/json")
        assert (answer.status_code, answer.json()["code"]) == (400, "malformed")
    answer = phone.client.post("/api/gate/scans", "[]", content_type="application/json")
    assert answer.status_code == 422


def test_ten_megabytes_are_too_large(phone):
    answer = phone.client.post("/api/gate/scans", "x" * 10 * 1024 * 1024, content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
