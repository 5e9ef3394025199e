"""POST /api/auth/refresh: a chain with one live end."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connections
from django.utils import timezone

from shared_apps.audit.models import PlatformEvent
from shared_apps.identity.models import RefreshToken, Session
from shared_apps.identity.services import sign_in
from tenants.problems import Refusal
from tests.identity.people import ADMIN, OFFICER, bearer, post, problem, suspend, tokens_of

on_database = pytest.mark.django_db(databases=["default", "schools"])


def renew(refresh_token: str):
    return post("/api/auth/refresh", {"refresh_token": refresh_token})


def age(seconds: int) -> None:
    """Let `seconds` pass for every used link."""
    for link in RefreshToken.objects.exclude(used_at=None):
        link.used_at -= timedelta(seconds=seconds)
        link.save()


@on_database
def test_a_new_pair_takes_the_old_ones_place():
    first = tokens_of(ADMIN)
    second = renew(first["refresh_token"]).json()
    assert set(second) == set(first) and second["refresh_token"] != first["refresh_token"]
    assert bearer(second["access_token"]).get("/api/me").status_code == 200
    assert renew(second["refresh_token"]).status_code == 200


@on_database
def test_a_repeat_within_half_a_minute_gives_the_same_child():
    first = tokens_of(ADMIN)["refresh_token"]
    children = {renew(first).json()["refresh_token"] for _ in range(3)}
    assert len(children) == 1 and RefreshToken.objects.count() == 2
    age(29)
    assert renew(first).json()["refresh_token"] in children


@on_database
def test_a_later_repeat_ends_the_whole_family():
    first = tokens_of(ADMIN)
    second = renew(first["refresh_token"]).json()
    age(31)
    problem(renew(first["refresh_token"]), 401, "token_invalid")
    problem(renew(second["refresh_token"]), 401, "token_invalid")
    problem(bearer(second["access_token"]).get("/api/me"), 401, "token_invalid")
    assert PlatformEvent.objects.filter(kind="identity.session_revoked", actor="system:refresh-reuse").count() == 1


@on_database
def test_another_session_of_the_same_person_goes_on():
    first, other = tokens_of(ADMIN), tokens_of(ADMIN)
    renew(first["refresh_token"])
    age(31)
    renew(first["refresh_token"])
    assert bearer(other["access_token"]).get("/api/me").status_code == 200


@on_database
@pytest.mark.parametrize("text", ["", "nonsense", "x" * 200])
def test_what_we_never_gave_is_refused(text):
    problem(renew(text), 401, "token_invalid")


@on_database
def test_an_access_token_does_not_refresh():
    opened = tokens_of(ADMIN)
    problem(renew(opened["access_token"][:200]), 401, "token_invalid")
    problem(renew(opened["access_token"]), 422, "invalid")  # longer than any refresh token


@on_database
def test_after_signing_out_nothing_is_renewed():
    opened = tokens_of(ADMIN)
    bearer(opened["access_token"]).post("/api/auth/logout")
    problem(renew(opened["refresh_token"]), 401, "token_invalid")


@on_database
def test_a_session_that_ran_out_is_not_renewed():
    opened = tokens_of(ADMIN)
    Session.objects.update(expires_at=timezone.now())
    problem(renew(opened["refresh_token"]), 401, "token_invalid")
    problem(bearer(opened["access_token"]).get("/api/me"), 401, "token_invalid")


@on_database
def test_a_suspended_school_is_told_and_its_people_stay_signed_in_for_its_return():
    opened = tokens_of(ADMIN)
    suspend("greenfield")
    problem(renew(opened["refresh_token"]), 423, "school_suspended")
    age(600)
    suspend("greenfield", "active")
    assert renew(opened["refresh_token"]).status_code == 200


@on_database
def test_tokens_are_kept_as_hashes():
    opened = tokens_of(OFFICER)
    kept = bytes(RefreshToken.objects.get().digest)
    assert opened["refresh_token"].encode() not in kept and len(kept) == 32


@on_database
def test_a_refusal_inside_the_rotation_leaves_the_link_unused():
    opened = tokens_of(ADMIN)
    suspend("greenfield")
    with pytest.raises(Refusal):
        sign_in.refresh(refresh_token=opened["refresh_token"], now=timezone.now())
    assert RefreshToken.objects.get().used_at is None


def test_two_threads_at_once_get_the_same_child(real_commits):
    first, racers = tokens_of(ADMIN)["refresh_token"], 8
    line = threading.Barrier(racers)

    def race(_: int) -> tuple[int, str]:
        try:
            line.wait(timeout=30)
            answer = renew(first)
            return answer.status_code, answer.json().get("refresh_token", "")
        finally:
            connections.close_all()

    with ThreadPoolExecutor(racers) as pool:
        answers = set(pool.map(race, range(racers)))
    assert len(answers) == 1 and next(iter(answers))[0] == 200
    assert RefreshToken.objects.count() == 2
