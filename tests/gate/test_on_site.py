"""GET /api/gates and GET /api/gate/on-site."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from tenant_apps.gate.models import Gate, Presence
from tenant_apps.gate.services.presence import on_site_among
from tenants.scope import school_scope


def now(**ago):
    return (timezone.now() - timedelta(**ago)).isoformat()


def test_who_came_in_today_is_listed_the_first_first(phone):
    phone.scan(phone.badge(1), scanned_at=now(seconds=2), direction="in", gate=str(phone.cast.gates[1].id))
    phone.scan(phone.badge(0), scanned_at=now(seconds=3), direction="in")
    phone.scan(phone.badge(2), scanned_at=now(seconds=3), direction="in")
    phone.scan(phone.badge(2), scanned_at=now(seconds=1), direction="out")
    body = phone.client.get("/api/gate/on-site").json()
    assert set(body) == {"count", "items", "as_of"} and body["count"] == 2
    first, second = phone.cast.learners[:2]
    assert [item["learner"]["id"] for item in body["items"]] == [str(first.id), str(second.id)]
    item = body["items"][1]
    assert set(item) == {"learner", "since", "gate"}
    assert item["learner"] == {
        "id": str(second.id), "name": second.name, "class": {"id": str(second.class_group_id), "name": "4A"}
    }  # fmt: skip
    assert item["gate"] == {"id": str(phone.cast.gates[1].id), "name": phone.cast.gates[1].name}


def test_nobody_is_on_site_of_another_day(phone):
    phone.scan(phone.badge(), "07:00", direction="in")
    assert phone.client.get("/api/gate/on-site").json()["count"] == 0


def test_presence_is_read_for_some_learners(phone):
    phone.scan(phone.badge(0), scanned_at=now(seconds=1), direction="in")
    here, away = phone.cast.learners[:2]
    with school_scope(phone.cast.ref):
        assert on_site_among([here.id, away.id], now=timezone.now()) == {here.id}
        assert on_site_among([here.id], now=timezone.now() + timedelta(days=1)) == set()


def test_gates_in_use_are_listed_by_name(phone):
    with school_scope(phone.cast.ref):
        Gate.objects.create(name="Closed", active=False)
    items = phone.client.get("/api/gates").json()["items"]
    assert items == [{"id": str(gate.id), "name": gate.name} for gate in phone.cast.gates]


@pytest.mark.parametrize("path", ["/api/gates", "/api/gate/on-site"])
def test_a_teacher_an_operator_and_a_stranger_see_nothing(greenfield, signed_in, path):
    assert Client().get(path).status_code == 401
    for email in ("teacher@greenfield.example", "operator@example.com", "finance@example.com"):
        assert signed_in(email).get(path).status_code == 403


def test_riverside_sees_nothing_of_greenfield(phone, riverside, signed_in):
    phone.scan(phone.badge(), scanned_at=now(seconds=1), direction="in")
    officer = signed_in(riverside.email("officer"))
    for path in ("/api/gates", "/api/gate/on-site"):
        answer = officer.get(path)
        assert answer.status_code == 200 and phone.cast.canary not in answer.content.decode()
    with school_scope(riverside.ref):
        assert Presence.objects.count() == 0


def test_an_unknown_parameter_is_422(phone):
    assert phone.client.get("/api/gate/on-site?day=today").status_code == 422
