"""Every refusal under /api is application/problem+json, and none tells what is inside."""

import json
import logging

import pytest
from django.test import Client

from shared_apps.identity import api as doors
from tests.identity.people import ADMIN, bearer, browser, log_in, post, problem, tokens_of

pytestmark = pytest.mark.django_db(databases=["default", "schools"])
MIB = 1024 * 1024


@pytest.fixture
def admin():
    return bearer(tokens_of(ADMIN)["access_token"])


def test_400(admin):
    problem(post("/api/auth/password", "{", client=admin), 400, "malformed")


def test_401(greenfield):
    problem(Client().get("/api/me"), 401, "token_invalid")


def test_403():
    problem(browser(ADMIN, enforce_csrf_checks=True).post("/api/auth/logout"), 403, "forbidden")


@pytest.mark.parametrize("path", ["/api/nowhere", "/api/", "/api/me/", "/api/me/x", "/api/auth/sessions/", "/api/%00"])
def test_404(admin, path):
    for client in (admin, Client()):
        problem(client.get(path), 404, "not_found")


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "QUERY"])
def test_405(admin, method):
    answer = admin.generic(method, "/api/me")
    problem(answer, 405, "method_not_allowed")
    assert answer["Allow"] == "GET"
    problem(Client().generic(method, "/api/me"), 405, "method_not_allowed")


def test_413_is_told_before_the_body_is_read(admin):
    class NeverRead:
        def read(self, *size):
            raise AssertionError("a byte was read")

        readline = read

    answer = Client().generic(
        "POST", "/api/auth/login", content_type="application/json", CONTENT_LENGTH=str(10 * MIB),
        **{"wsgi.input": NeverRead()},
    )  # fmt: skip
    problem(answer, 413, "too_large")


def test_two_mebibytes_are_read_and_one_byte_more_is_not():
    small = json.dumps({"email": "", "password": ""})
    fits = small + " " * (2 * MIB - len(small))
    assert post("/api/auth/login", fits).status_code == 401
    problem(post("/api/auth/login", fits + " "), 413, "too_large")


@pytest.mark.parametrize("length", ["²", "-1", "x", "1e9"])
def test_a_length_that_is_no_number_breaks_nothing(length):
    answer = Client().post("/api/auth/login", "{}", content_type="application/json", CONTENT_LENGTH=length)
    problem(answer, 400, "malformed")


def test_422(admin):
    body = problem(admin.get("/api/me?x=1"), 422, "invalid")
    assert body["errors"] == [{"field": "x", "code": "extra_forbidden", "message": body["errors"][0]["message"]}]
    problem(post("/api/auth/password", {}, client=admin), 422, "invalid")


def test_429():
    for _ in range(10):
        log_in("nobody@nowhere.example", "x")
    answer = log_in("nobody@nowhere.example", "x")
    problem(answer, 429, "too_many_requests")
    assert answer["Retry-After"].isdigit()


SECRET = "particulars of Thandi, /srv/secret.py, SELECT"


def test_500_says_nothing_and_the_log_says_all(admin, monkeypatch, caplog):
    def broken(actor):
        raise RuntimeError(SECRET)

    monkeypatch.setattr(doors.names, "name_of", broken)
    with caplog.at_level(logging.ERROR):
        body = problem(admin.get("/api/me"), 500, "server_error")
    assert SECRET not in json.dumps(body) and "Traceback" not in json.dumps(body)
    assert set(body) == {"type", "title", "status", "code", "detail", "request_id"}
    (told,) = [line for line in caplog.records if line.exc_info]
    assert SECRET in str(told.exc_info[1])


def test_500_outside_any_door_is_a_problem_too(admin, monkeypatch):
    def broken(*args, **kwargs):
        raise RuntimeError(SECRET)

    monkeypatch.setattr("config.middleware.recognise", broken)
    admin.raise_request_exception = False
    answer = admin.get("/api/me")
    problem(answer, 500, "server_error")
    assert SECRET not in answer.content.decode()


def test_a_failure_leaves_nothing_half_done(admin, monkeypatch):
    def broken(*args, **kwargs):
        raise RuntimeError(SECRET)

    monkeypatch.setattr("shared_apps.identity.services.sign_in.record", broken)
    problem(post("/api/auth/password", {"current": "password123", "new": "another long one"}, client=admin), 500,
            "server_error")  # fmt: skip
    monkeypatch.undo()
    assert log_in(ADMIN).status_code == 200


def test_each_request_has_an_id_of_its_own(admin):
    ids = {admin.get("/api/me", headers={"X-Request-Id": "mine"})["X-Request-Id"] for _ in range(3)}
    assert len(ids) == 3 and "mine" not in ids
