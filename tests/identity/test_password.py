"""POST /api/auth/password, and what a temporary password keeps shut."""

import pytest

from tests.architecture.routes import every_route, sample
from tests.identity.people import ADMIN, bearer, log_in, login_of, post, problem, tokens_of
from tests.world import PASSWORD

pytestmark = pytest.mark.django_db(databases=["default", "schools"])
NEW = "another long password"
OPEN_WITH_A_TEMPORARY_ONE = {"GET /api/me", "POST /api/auth/logout", "POST /api/auth/password"}


def change(client, current=PASSWORD, new=NEW):
    return post("/api/auth/password", {"current": current, "new": new}, client=client)


def temporary(email: str = ADMIN):
    login_of(email).__class__.objects.filter(pk=login_of(email).pk).update(must_change_password=True)
    return bearer(tokens_of(email)["access_token"])


def test_the_new_password_opens_and_the_old_one_does_not():
    client = bearer(tokens_of(ADMIN)["access_token"])
    answer = change(client)
    assert (answer.status_code, answer.content) == (204, b"")
    assert log_in(ADMIN, NEW).status_code == 200
    problem(log_in(ADMIN), 401, "sign_in_failed")


def test_every_other_session_ends_and_this_one_goes_on():
    other, here = tokens_of(ADMIN), bearer(tokens_of(ADMIN)["access_token"])
    change(here)
    assert here.get("/api/me").status_code == 200
    problem(bearer(other["access_token"]).get("/api/me"), 401, "token_invalid")
    problem(post("/api/auth/refresh", {"refresh_token": other["refresh_token"]}), 401, "token_invalid")


def test_a_wrong_current_password_changes_nothing():
    other, here = tokens_of(ADMIN), bearer(tokens_of(ADMIN)["access_token"])
    errors = problem(change(here, current="wrong"), 422, "invalid")["errors"]
    assert [error["field"] for error in errors] == ["current"]
    assert bearer(other["access_token"]).get("/api/me").status_code == 200
    assert log_in(ADMIN).status_code == 200


@pytest.mark.parametrize("weak", ["short", "aaaaaaaaaaaa", "", PASSWORD])
def test_a_weak_or_unchanged_password_is_refused(weak):
    client = bearer(tokens_of(ADMIN)["access_token"])
    errors = problem(change(client, new=weak), 422, "invalid")["errors"]
    assert [error["field"] for error in errors] == ["new"]
    assert log_in(ADMIN).status_code == 200


def test_a_stranger_changes_nobodys_password():
    problem(post("/api/auth/password", {"current": PASSWORD, "new": NEW}), 401, "token_invalid")


def test_a_temporary_password_opens_three_doors_alone(greenfield):
    client = temporary()
    shut = []
    for route in every_route():
        if route.policy.permission is None or route.method == "PAGE" or route.name in OPEN_WITH_A_TEMPORARY_ONE:
            continue
        problem(client.generic(route.method, sample(route)), 403, "password_change_required")
        shut.append(route.name)
    assert "GET /api/auth/sessions" in shut
    assert {route.name for route in every_route() if route.policy.with_temporary_password and route.method != "PAGE"} \
        == OPEN_WITH_A_TEMPORARY_ONE  # fmt: skip


def test_after_the_change_everything_is_open():
    client = temporary()
    assert client.get("/api/me").status_code == 200
    problem(client.get("/api/auth/sessions"), 403, "password_change_required")
    assert change(client).status_code == 204
    assert client.get("/api/auth/sessions").status_code == 200


def test_a_temporary_password_cannot_be_kept():
    client = temporary()
    problem(change(client, new=PASSWORD), 422, "invalid")
    problem(client.get("/api/auth/sessions"), 403, "password_change_required")


def test_somebody_with_a_temporary_password_may_leave():
    assert temporary().post("/api/auth/logout").status_code == 204


def test_a_refreshed_token_does_not_get_round_a_temporary_password():
    client = temporary()
    opened = tokens_of(ADMIN)
    renewed = post("/api/auth/refresh", {"refresh_token": opened["refresh_token"]}).json()
    problem(bearer(renewed["access_token"]).get("/api/auth/sessions"), 403, "password_change_required")
    assert client.get("/api/me").status_code == 200
