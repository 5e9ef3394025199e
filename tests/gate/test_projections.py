"""Presence and flow: the live tables equal the rebuilt ones, and the reaction runs through a real drain."""

from datetime import date, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from tenant_apps.events.services.drain import drain
from tenant_apps.gate.models import Flow, Presence, Scan
from tenant_apps.gate.rules import Direction, slot_of
from tenant_apps.gate.services.flow import flow_of
from tenant_apps.gate.services.ground import Tap
from tenant_apps.gate.services.scans import record_scans
from tenants.actor import system
from tenants.ids import new_id
from tenants.scope import school_scope


def presence_of(cast):
    with school_scope(cast.ref):
        return sorted(Presence.objects.values_list("learner", "on_site", "since", "gate"))


def flow_rows(cast):
    with school_scope(cast.ref):
        return sorted(Flow.objects.values_list("day", "starts", "arrivals", "departures"))


def drain_all(cast):
    while drain(cast.ref, clock=timezone.now):
        pass


def jumble(phone, seed):
    """Three days of scans from phones that were offline: out of order, refused ones and repeats among them."""
    random = Random(seed)
    days = [phone.day - timedelta(days=back) for back in range(3)]
    badges = [*phone.cast.badges.values(), phone.cast.revoked_badge, "NO-CODE"]
    for _ in range(6):
        taps = []
        for _ in range(25):
            phone.day = random.choice(days)
            clock = f"{random.randint(6, 9):02}:{random.choice((0, 30)):02}"
            direction = random.choice(("in", "out", "auto"))
            taps.append(phone.tap(random.choice(badges), clock, direction=direction))
        assert phone.batch(taps).status_code == 200


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_live_presence_equals_a_rebuilt_one(phone, seed):
    jumble(phone, seed)
    live = presence_of(phone.cast)
    assert live
    call_command("rebuild", "gate.presence", school="greenfield", verbosity=0)
    assert presence_of(phone.cast) == live


def test_live_flow_equals_a_rebuilt_one(phone):
    jumble(phone, 4)
    drain_all(phone.cast)
    live = flow_rows(phone.cast)
    assert sum(row[2] for row in live) > 10
    call_command("rebuild", "gate.flow", school="greenfield", verbosity=0)
    assert flow_rows(phone.cast) == live


def test_a_rebuild_mends_what_was_spoiled_and_leaves_the_other_school(phone, riverside, signed_in):
    phone.scan(phone.badge())
    live = presence_of(phone.cast)
    with school_scope(phone.cast.ref):
        Presence.objects.update(on_site=False)
    with school_scope(riverside.ref):
        Presence.objects.create(
            learner=riverside.learners[0], on_site=True, since=timezone.now(), gate=riverside.gates[0]
        )
    theirs = presence_of(riverside)
    call_command("rebuild", "gate.presence", school="greenfield", verbosity=0)
    assert presence_of(phone.cast) == live
    assert presence_of(riverside) == theirs


def test_a_rebuild_of_no_school_or_no_projection_is_refused(greenfield):
    with pytest.raises(CommandError):
        call_command("rebuild", "gate.presence", school="nowhere", verbosity=0)
    with pytest.raises(CommandError):
        call_command("rebuild", "gate.nothing", school="greenfield", verbosity=0)


def test_the_flow_counts_who_passed_by_half_hours(phone):
    for place, at in ((0, "07:12"), (1, "07:29"), (2, "07:30"), (0, "07:40")):
        phone.scan(phone.badge(place), at)
    phone.scan(phone.badge(1), "07:45", direction="in")  # already in: nobody passed
    phone.scan(phone.cast.revoked_badge, "07:15")
    drain_all(phone.cast)
    with school_scope(phone.cast.ref):
        assert flow_of(phone.day) == [(time(7), 2, 0), (time(7, 30), 1, 1)]
        assert flow_of(phone.day - timedelta(days=1)) == []


def test_history_is_recorded_without_setting_anything_off(greenfield):
    zone = greenfield.ref.zone
    at = datetime.combine(date(2026, 11, 12), time(7, 5), zone)
    tap = Tap(new_id(), greenfield.badges[greenfield.learners[0].id], greenfield.gates[0].id, Direction.AUTO, at)
    with school_scope(greenfield.ref):
        (outcome,) = record_scans([tap], by=system("demo"), now=at, quiet=True)
        assert (outcome.status, outcome.scan.code) == ("recorded", "ok")
    drain_all(greenfield)
    assert flow_rows(greenfield) == []
    call_command("rebuild", "gate.flow", school="greenfield", verbosity=0)
    assert flow_rows(greenfield) == [(date(2026, 11, 12), time(7), 1, 0)]


def test_half_hours_are_local():
    moment = datetime.fromisoformat("2026-11-20T22:31:00+00:00")
    assert slot_of(moment, ZoneInfo("Africa/Johannesburg")) == (date(2026, 11, 21), time(0, 30))


def test_scans_cannot_be_changed_even_by_the_school(phone):
    phone.scan(phone.badge())
    with pytest.raises(Exception, match="permission denied|append"), school_scope(phone.cast.ref):
        Scan.objects.update(code="ok")
