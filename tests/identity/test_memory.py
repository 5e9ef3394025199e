"""What a process remembers of a caller: used for a moment, forgotten as soon as rights change on the machine."""

import subprocess
import sys
from datetime import timedelta

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from shared_apps.identity.models import Session
from shared_apps.identity.services import identify
from tenants import epoch, token
from tenants.models import School
from tenants.problems import Refusal
from tests import plugin, world


@pytest.fixture
def remembering(real_commits, settings):
    settings.IDENTITY_SECONDS = 60
    identify._memories.clear()
    yield
    identify._memories.clear()


@pytest.fixture
def officer(remembering):
    body = {"email": "officer@greenfield.example", "password": world.PASSWORD}
    answer = Client().post("/api/auth/login", body, content_type="application/json").json()
    client = Client(HTTP_AUTHORIZATION=f"Bearer {answer['access_token']}")
    assert client.get("/api/me").status_code == 200
    assert len(identify._memories) == 1
    return client


def asked(monkeypatch) -> list[object]:
    """Every question put to the platform from now on."""
    seen: list[object] = []
    original = identify.identify
    monkeypatch.setattr(identify, "identify", lambda claims, now: (seen.append(claims), original(claims, now=now))[1])
    return seen


def test_a_second_request_does_not_ask_again(officer, monkeypatch):
    seen = asked(monkeypatch)
    assert officer.get("/api/me").status_code == 200
    assert seen == []


def test_signing_out_is_felt_at_the_next_request(officer):
    assert officer.post("/api/auth/logout").status_code == 204
    assert officer.get("/api/me").status_code == 401


def test_suspending_the_school_is_felt_at_the_next_request(officer):
    school = School.objects.get(slug="greenfield")
    school.state = "disabled"
    school.save()
    assert officer.get("/api/me").status_code == 423


def test_a_change_in_another_process_is_felt(officer, monkeypatch):
    seen = asked(monkeypatch)
    words = (
        f"import tests.plugin, django; django.setup(); from tenants import epoch; epoch._raise(); {epoch.__name__!r}"
    )
    subprocess.run([sys.executable, "-c", words], cwd=plugin.ROOT, check=True)
    assert officer.get("/api/me").status_code == 200
    assert len(seen) == 1


def test_what_nobody_announced_is_felt_when_the_memory_ends(officer):
    """A row changed behind our back: the memory's own life is the bound, 2 seconds in what is shipped."""
    carried = officer.defaults["HTTP_AUTHORIZATION"].removeprefix("Bearer ")
    Session.objects.update(revoked_at=timezone.now())
    now = timezone.now()
    assert identify.recognise(carried, typ=token.ACCESS, now=now).scope == "school"
    with pytest.raises(Refusal):
        identify.recognise(carried, typ=token.ACCESS, now=now + timedelta(seconds=61))


def test_a_refusal_is_never_remembered(remembering):
    client = Client(HTTP_AUTHORIZATION="Bearer nonsense")
    assert client.get("/api/me").status_code == 401
    assert identify._memories == {}


def test_the_memory_shipped_is_shorter_than_the_promise():
    text = (settings.BASE_DIR / "config" / "settings.py").read_text()
    assert 'env.option("IDENTITY_SECONDS", "1")' in text
