"""What a process remembers of a caller: used for a moment, forgotten as soon as rights change on the machine."""

import subprocess
import sys
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import transaction
from django.test import Client
from django.utils import timezone

from shared_apps.identity.models import Login, Membership, RefreshToken, Session
from shared_apps.identity.services import identify
from tenants import epoch, token
from tenants.models import Epoch, School, SchoolPlacement
from tenants.problems import Refusal
from tests import plugin, world


@pytest.fixture
def remembering(real_commits, settings):
    settings.IDENTITY_SECONDS = 60
    identify._memories.clear()
    epoch._last = epoch._last._replace(at=float("-inf"))
    yield
    identify._memories.clear()
    epoch._last = epoch._last._replace(at=float("-inf"))


@pytest.fixture
def officer(remembering):
    body = {"email": "officer@greenfield.example", "password": world.PASSWORD}
    answer = Client().post("/api/auth/login", body, content_type="application/json").json()
    client = Client(HTTP_AUTHORIZATION=f"Bearer {answer['access_token']}")
    assert client.get("/api/me").status_code == 200
    assert len(identify._memories) == 1
    return client


def asked(monkeypatch) -> list[object]:
    """Every question put to the platform about a session from now on."""
    seen: list[object] = []
    original = identify._open_session
    monkeypatch.setattr(identify, "_open_session", lambda claims, now: (seen.append(claims), original(claims, now))[1])
    return seen


def a_moment_later(monkeypatch) -> None:
    """The number in the database was asked for so long ago that it is asked for again."""
    monkeypatch.setattr(epoch, "_last", epoch._last._replace(at=float("-inf")))


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


def number() -> int:
    return Epoch.objects.get().number


CHANGES = {
    "a session is revoked": lambda: Session.objects.update(revoked_at=timezone.now()),
    "a session is gone": lambda: RefreshToken.objects.all().delete() and Session.objects.all().delete(),
    "a password is set": lambda: Login.objects.update(password_hash="x"),
    "a person is locked out": lambda: Login.objects.update(active=False),
    "a language is chosen": lambda: Login.objects.update(language="zu"),
    "a role is taken": lambda: Membership.objects.filter(role="teacher").update(active=False),
    "a role is given": lambda: Membership.objects.create(
        login=Login.objects.first(), school=School.objects.last(), role="gate_officer"
    ),
    "a school is suspended": lambda: School.objects.filter(slug="greenfield").update(state="disabled"),
    "a school is quarantined": lambda: SchoolPlacement.objects.update(quarantined=True),
    "a school is moved": lambda: SchoolPlacement.objects.filter(school__slug="greenfield").update(alias="schools2"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_whoever_changes_rights_raises_the_epoch_in_the_database(officer, change):
    before = number()
    CHANGES[change]()
    assert number() > before


def test_what_changes_nobodys_rights_raises_nothing(officer):
    before = number()
    Session.objects.update(last_seen_at=timezone.now())
    Login.objects.update(appearance="dark")
    SchoolPlacement.objects.update(migrated_at=timezone.now(), migration_error="x")
    assert number() == before


def test_a_change_that_is_taken_back_raises_nothing(officer):
    before = number()
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        Session.objects.update(revoked_at=timezone.now())
        raise ZeroDivisionError
    assert number() == before


def test_a_change_on_another_machine_is_felt_once_the_number_is_asked_for_again(officer, monkeypatch):
    """Rows changed without a word to this machine: `IDENTITY_SECONDS`, one second as shipped, is the bound."""
    Session.objects.update(revoked_at=timezone.now())
    assert officer.get("/api/me").status_code == 200
    a_moment_later(monkeypatch)
    assert officer.get("/api/me").status_code == 401


def test_a_memory_ends_with_the_session_the_token_and_after_half_a_minute(officer, monkeypatch):
    carried = officer.defaults["HTTP_AUTHORIZATION"].removeprefix("Bearer ")
    now, session = timezone.now(), Session.objects.get()
    seen = asked(monkeypatch)
    identify.recognise(carried, typ=token.ACCESS, now=now + timedelta(seconds=20))
    assert seen == []
    identify.recognise(carried, typ=token.ACCESS, now=now + timedelta(seconds=31))
    assert len(seen) == 1
    Session.objects.update(expires_at=now + timedelta(seconds=40))
    a_moment_later(monkeypatch)
    identify.recognise(carried, typ=token.ACCESS, now=now + timedelta(seconds=35))
    with pytest.raises(Refusal):
        identify.recognise(carried, typ=token.ACCESS, now=now + timedelta(seconds=41))
    assert session.revoked_at is None


def test_a_refusal_is_never_remembered(remembering):
    client = Client(HTTP_AUTHORIZATION="Bearer nonsense")
    assert client.get("/api/me").status_code == 401
    assert identify._memories == {}


def test_the_memory_shipped_is_shorter_than_the_promise():
    text = (settings.BASE_DIR / "config" / "settings.py").read_text()
    assert 'env.option("IDENTITY_SECONDS", "1")' in text
