"""Where somebody is signed in, and ending it."""

import pytest
from django.utils import timezone

from shared_apps.audit.models import PlatformEvent
from shared_apps.identity.models import Session
from tests.identity.people import ADMIN, OFFICER, bearer, browser, log_in, post, problem, sessions_of, tokens_of
from tests.world import PASSWORD

pytestmark = pytest.mark.django_db(databases=["default", "schools"])
NOBODYS = "00000000-0000-7000-8000-000000000000"


def test_the_list_shows_each_device_and_marks_this_one():
    tokens_of(ADMIN)
    answer = post("/api/auth/login", {"email": ADMIN, "password": PASSWORD}, **{"User-Agent": "Gate phone 2"})
    items = bearer(answer.json()["access_token"]).get("/api/auth/sessions").json()["items"]
    assert [set(item) for item in items] == [{"id", "device", "created_at", "last_seen_at", "current"}] * 2
    assert [item["device"] for item in items if item["current"]] == ["Gate phone 2"]


def test_ending_a_session_is_felt_at_its_next_request():
    here, there = tokens_of(ADMIN), tokens_of(ADMIN)
    client, other = bearer(here["access_token"]), bearer(there["access_token"])
    other_id = next(row["id"] for row in client.get("/api/auth/sessions").json()["items"] if not row["current"])
    answer = client.delete(f"/api/auth/sessions/{other_id}")
    assert (answer.status_code, answer.content) == (204, b"")
    problem(other.get("/api/me"), 401, "token_invalid")
    problem(post("/api/auth/refresh", {"refresh_token": there["refresh_token"]}), 401, "token_invalid")
    assert client.get("/api/me").status_code == 200
    assert PlatformEvent.objects.filter(kind="identity.session_revoked").count() == 1
    problem(client.delete(f"/api/auth/sessions/{other_id}"), 404, "not_found")  # twice


def test_ones_own_current_session_may_be_ended_too():
    client = bearer(tokens_of(ADMIN)["access_token"])
    (row,) = client.get("/api/auth/sessions").json()["items"]
    assert client.delete(f"/api/auth/sessions/{row['id']}").status_code == 204
    problem(client.get("/api/me"), 401, "token_invalid")


def test_another_persons_session_is_nowhere():
    theirs = tokens_of(OFFICER)
    client = bearer(tokens_of(ADMIN)["access_token"])
    (session,) = sessions_of(OFFICER)
    known = problem(client.delete(f"/api/auth/sessions/{session.id}"), 404, "not_found")
    unknown = problem(client.delete(f"/api/auth/sessions/{NOBODYS}"), 404, "not_found")
    assert {**known, "request_id": ""} == {**unknown, "request_id": ""}
    assert bearer(theirs["access_token"]).get("/api/me").status_code == 200


@pytest.mark.parametrize("text", ["7", "abc", "%00", "..%2f", "' OR 1=1", "0" * 500])
def test_an_id_that_is_no_uuid_is_nowhere(text):
    client = bearer(tokens_of(ADMIN)["access_token"])
    problem(client.delete(f"/api/auth/sessions/{text}"), 404, "not_found")


def test_sessions_that_ended_are_not_listed():
    tokens_of(ADMIN)
    Session.objects.update(expires_at=timezone.now())
    client = bearer(tokens_of(ADMIN)["access_token"])
    assert len(client.get("/api/auth/sessions").json()["items"]) == 1


def test_signing_out_ends_this_session_alone():
    here, there = (bearer(tokens_of(ADMIN)["access_token"]) for _ in range(2))
    assert here.post("/api/auth/logout").status_code == 204
    problem(here.get("/api/me"), 401, "token_invalid")
    problem(here.post("/api/auth/logout"), 401, "token_invalid")  # twice
    assert there.get("/api/me").status_code == 200


def test_signing_out_in_the_browser_ends_the_cookies_session():
    inside = browser(ADMIN)
    assert inside.post("/api/auth/logout").status_code == 204
    problem(inside.get("/api/me"), 401, "token_invalid")


def test_a_person_of_two_schools_has_one_list_and_two_sessions():
    tokens_of("both@example.com", school="greenfield")
    client = bearer(tokens_of("both@example.com", school="riverside")["access_token"])
    assert len(client.get("/api/auth/sessions").json()["items"]) == 2


def test_a_very_long_device_name_is_cut():
    body = {"email": ADMIN, "password": PASSWORD}
    assert post("/api/auth/login", body, **{"User-Agent": "x" * 4000}).status_code == 200
    assert log_in(ADMIN).status_code == 200
    assert max(len(row.device) for row in sessions_of(ADMIN)) == 120
