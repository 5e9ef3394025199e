"""Gates and badges as services: what they change, what they record, whom they refuse."""

from datetime import timedelta

import pytest

from tenant_apps.events.models import Event
from tenant_apps.gate.models import Badge, Gate
from tenant_apps.gate.rules import read_badge_code
from tenant_apps.gate.services.badges import BadgeState, badges_of, issue_badge, revoke_badge
from tenant_apps.gate.services.gates import add_gate
from tenants.actor import system
from tenants.problems import Refusal
from tenants.scope import school_scope
from tests.world import MORNING

NOW = MORNING + timedelta(hours=1)
BY = system("test")


def kinds():
    return list(Event.objects.order_by("recorded_at", "id").values_list("kind", flat=True))


def test_a_new_badge_stops_the_old_one_at_once(phone):
    old, learner = phone.badge(), phone.cast.learners[0]
    with school_scope(phone.cast.ref):
        badge = issue_badge(by=BY, now=NOW, learner=learner)
        assert kinds() == ["gate.badge_revoked", "gate.badge_issued"]
        assert badges_of([learner.id]) == {learner.id: BadgeState(badge.code, "active")}
        tag, _ = read_badge_code(badge.code)
        assert tag == old[:4]
    assert phone.scan(old, "08:00").json()["code"] == "revoked_badge"
    assert phone.scan(badge.code, "07:59").json()["code"] == "ok"


def test_a_badge_is_revoked_once(phone):
    learner = phone.cast.learners[0]
    with school_scope(phone.cast.ref):
        assert revoke_badge(by=BY, now=NOW, learner=learner)
        assert not revoke_badge(by=BY, now=NOW, learner=learner)
        assert kinds() == ["gate.badge_revoked"]
        assert badges_of([learner.id]) == {learner.id: BadgeState(phone.badge(), "revoked")}
        assert issue_badge(by=BY, now=NOW, learner=learner).revoked_at is None


def test_events_about_badges_hold_neither_learner_nor_code(greenfield):
    learner = greenfield.learners[0]
    with school_scope(greenfield.ref):
        badge = issue_badge(by=BY, now=NOW, learner=learner)
        for event in Event.objects.all():
            assert str(learner.id) not in event.body and badge.code not in event.body


def test_learners_without_a_badge_are_left_out(greenfield):
    learner = greenfield.learners[1]
    with school_scope(greenfield.ref):
        Badge.objects.filter(learner=learner).delete()
        assert badges_of([learner.id]) == {}


def test_a_gate_is_added_once_and_needs_a_name(greenfield):
    with school_scope(greenfield.ref):
        gate = add_gate(by=BY, now=NOW, name="  Back   gate ")
        assert gate.name == "Back gate" and kinds() == ["gate.gate_added"]
        with pytest.raises(Refusal) as taken:
            add_gate(by=BY, now=NOW, name="Back gate")
        assert taken.value.status == 409
        for bad in ("", "  ", "x" * 61):
            with pytest.raises(Refusal) as refused:
                add_gate(by=BY, now=NOW, name=bad)
            assert refused.value.status == 422
        assert Gate.objects.filter(name__startswith="Back").count() == 1
