"""Guessing: ten failures in a quarter of an hour, then nobody gets in, and nobody else is kept out."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connections

from shared_apps.audit.models import PlatformEvent
from shared_apps.identity.models import SignInFailure, SignInRefusals
from shared_apps.identity.services import passwords, refusals, throttle
from shared_apps.identity.services.refusals import Refused
from tenants.problems import Refusal
from tests.identity.people import ADMIN, OFFICER, STRANGER, bearer, log_in, post, problem, tokens_of

NOW = datetime(2026, 11, 20, 6, tzinfo=UTC)
on_database = pytest.mark.django_db(databases=["default", "schools"])


@pytest.fixture
def cheap_checks(monkeypatch):
    """Right and wrong stay right and wrong; Argon2 is left out, as these tests try very often."""
    monkeypatch.setattr(passwords, "matches", lambda kept, given: given == "password123")
    monkeypatch.setattr(passwords, "waste_time", lambda given: None)


def fail(email: str, times: int) -> None:
    for _ in range(times):
        problem(log_in(email, "wrong"), 401, "sign_in_failed")


@on_database
@pytest.mark.parametrize("email", [ADMIN, STRANGER])
def test_the_eleventh_try_is_refused_whatever_its_password(cheap_checks, email):
    fail(email, 10)
    for password in ("wrong", "password123"):
        answer = log_in(email, password)
        problem(answer, 429, "too_many_requests")
        assert 0 < int(answer["Retry-After"]) <= 15 * 60


@on_database
def test_ten_failures_less_one_still_let_in(cheap_checks):
    fail(ADMIN, 9)
    assert log_in(ADMIN).status_code == 200


@on_database
def test_successes_do_not_count(cheap_checks):
    for _ in range(12):
        tokens_of(ADMIN)
    fail(ADMIN, 9)
    tokens_of(ADMIN)
    fail(ADMIN, 1)
    problem(log_in(ADMIN), 429, "too_many_requests")


@on_database
def test_others_behind_the_same_address_go_on(cheap_checks):
    fail(ADMIN, 10)
    assert log_in(OFFICER).status_code == 200


@on_database
def test_a_busy_network_slows_guessing_and_locks_nobody_out(cheap_checks):
    source = throttle.network_key("127.0.0.1")
    SignInFailure.objects.bulk_create(
        SignInFailure(account=throttle.account_key(f"guess{number}@x.example"), network=source, at=datetime.now(UTC))
        for number in range(throttle.PER_NETWORK)
    )
    fail(OFFICER, 2)
    assert log_in(OFFICER).status_code == 200
    fail(ADMIN, 3)
    problem(log_in(ADMIN), 429, "too_many_requests")
    assert log_in(OFFICER).status_code == 200


@on_database
def test_the_window_moves_on():
    account, network = throttle.account_key(ADMIN), throttle.network_key("1")
    for minute in range(10):
        throttle.failed(account, network, now=NOW + timedelta(minutes=minute))
    with pytest.raises(Refusal) as refused:
        throttle.refuse_when_spent(account, network, now=NOW + timedelta(minutes=10))
    assert refused.value.headers["Retry-After"] == str(5 * 60)
    throttle.refuse_when_spent(account, network, now=NOW + timedelta(minutes=15, seconds=1))


@on_database
def test_an_address_spelled_otherwise_is_the_same_account(cheap_checks):
    fail(ADMIN, 5)
    fail(ADMIN.upper(), 5)
    problem(log_in(f" {ADMIN}"), 429, "too_many_requests")


@on_database
def test_guesses_at_the_current_password_are_counted_too(cheap_checks):
    client = bearer(tokens_of(ADMIN)["access_token"])
    wrong = {"current": "guess", "new": "a better password"}
    for _ in range(10):
        problem(post("/api/auth/password", wrong, client=client), 422, "invalid")
    right = {"current": "password123", "new": "a better password"}
    problem(post("/api/auth/password", right, client=client), 429, "too_many_requests")


@on_database
def test_a_right_guess_beside_ten_wrong_ones_does_not_get_in(monkeypatch):
    account, network = throttle.account_key(ADMIN), throttle.network_key("127.0.0.1")

    def meanwhile_others_fail(kept: str, given: str) -> bool:
        for _ in range(10):
            throttle.failed(account, network, now=datetime.now(UTC))
        return True

    monkeypatch.setattr(passwords, "matches", meanwhile_others_fail)
    problem(log_in(ADMIN), 429, "too_many_requests")


@on_database
def test_what_is_refused_is_counted_with_one_row_and_one_event_a_minute(cheap_checks, monkeypatch):
    """An attack must not look like calm once the throttle holds it, nor fill the disk."""
    fail(ADMIN, 10)
    before = PlatformEvent.objects.filter(kind="identity.sign_in_failed").count()
    begun = datetime.now(UTC)
    for _ in range(25):
        problem(log_in(ADMIN), 429, "too_many_requests")
    ended = datetime.now(UTC)
    told = refusals.refused(since=begun, until=ended)
    events = PlatformEvent.objects.filter(kind=refusals.REFUSED, at__gte=begun, at__lte=ended)
    assert told.tries == 25 and told.minutes == events.count() == SignInRefusals.objects.count() <= 2
    assert PlatformEvent.objects.filter(kind="identity.sign_in_failed").count() == before


@on_database
def test_refusals_are_counted_by_the_minute_and_forgotten():
    moments = [NOW, NOW + timedelta(seconds=59), NOW + timedelta(seconds=60), NOW + timedelta(minutes=61)]
    for at in moments:
        refusals.count(now=at)
    SignInFailure.objects.create(account=b"a", network=b"b", at=NOW)
    assert refusals.refused(since=NOW, until=moments[-1]) == Refused(tries=4, minutes=3)
    assert refusals.refused(since=moments[2], until=moments[2]) == Refused(tries=1, minutes=1)
    assert refusals.refused(since=moments[2] + timedelta(seconds=1), until=moments[3]) == Refused(1, 1)
    refusals.tidy(now=moments[2] + refusals.KEPT)
    assert SignInRefusals.objects.count() == 2 and SignInFailure.objects.count() == 0


@on_database
def test_a_wrong_current_password_of_somebody_signed_in_is_no_refused_sign_in(cheap_checks):
    client = bearer(tokens_of(ADMIN)["access_token"])
    for _ in range(11):
        post("/api/auth/password", {"current": "guess", "new": "a better password"}, client=client)
    assert SignInRefusals.objects.count() == 0


def test_racing_buys_no_guess(real_commits, monkeypatch):
    racers = 16
    line = threading.Barrier(racers)

    def checked_together(kept: str, given: str) -> bool:
        line.wait(timeout=30)  # everybody has passed the first look at the limit
        return False

    def guess(number: int) -> int:
        try:
            return int(log_in(ADMIN, f"guess {number}").status_code)
        finally:
            connections.close_all()

    monkeypatch.setattr(passwords, "matches", checked_together)
    with ThreadPoolExecutor(racers) as pool:
        answers = sorted(pool.map(guess, range(racers)))
    assert answers == [401] * 10 + [429] * 6
    assert SignInFailure.objects.count() == 10
    assert sum(SignInRefusals.objects.values_list("tries", flat=True)) == 6
