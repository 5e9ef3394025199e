"""POST /api/auth/login and what it opens."""

import jwt
import pytest

from shared_apps.audit.models import PlatformEvent
from shared_apps.identity.models import Session
from tests import world
from tests.identity.people import ADMIN, OPERATOR, STRANGER, bearer, log_in, post, problem, suspend, tokens_of

pytestmark = pytest.mark.django_db(databases=["default", "schools"])


def test_an_admin_signs_in_and_is_known(signed_in, greenfield):
    me = signed_in(ADMIN).get("/api/me").json()
    assert me["school"]["slug"] == "greenfield"
    assert me["roles"] == ["school_admin"]
    assert greenfield.canary in me["name"]


def test_the_answer_is_the_contracts():
    opened = tokens_of(ADMIN)
    assert set(opened) == {"access_token", "refresh_token", "expires_in", "scope", "roles", "school"}
    assert (opened["expires_in"], opened["scope"], opened["roles"]) == (900, "school", ["school_admin"])
    assert set(opened["school"]) == {"id", "slug", "name"}
    header, claims = (
        jwt.get_unverified_header(opened["access_token"]),
        jwt.decode(opened["access_token"], options={"verify_signature": False}),
    )
    assert header["typ"] == "at+jwt" and header["alg"] == "EdDSA" and header["kid"]
    assert set(claims) >= {"iss", "aud", "sub", "sid", "scope", "school", "roles", "iat", "exp", "jti"}
    assert claims["exp"] - claims["iat"] == 900 and claims["school"] == opened["school"]["id"]


def test_an_operator_signs_in_to_no_school():
    opened = tokens_of(OPERATOR)
    assert (opened["scope"], opened["roles"], opened["school"]) == ("platform", ["operator"], None)


def test_a_wrong_password_and_an_unknown_address_get_the_same_answer():
    answers = []
    for email in (ADMIN, STRANGER):
        body = problem(log_in(email, "wrong"), 401, "sign_in_failed")
        body.pop("request_id")
        answers.append(body)
    assert answers[0] == answers[1]


def test_an_address_is_known_however_it_is_written():
    assert log_in("  Admin@GREENFIELD.example ").status_code == 200


def test_somebody_at_two_schools_chooses_one():
    body = problem(log_in("both@example.com"), 409, "choose_school")
    assert [school["slug"] for school in body["schools"]] == ["greenfield", "riverside"]
    assert all(set(school) == {"id", "slug", "name"} for school in body["schools"])
    for slug in ("greenfield", "riverside"):
        opened = tokens_of("both@example.com", school=slug)
        assert opened["school"]["slug"] == slug
        assert bearer(opened["access_token"]).get("/api/me").json()["school"]["slug"] == slug


def test_schools_are_named_only_after_a_right_password():
    assert "greenfield" not in log_in("both@example.com", "wrong").content.decode()


@pytest.mark.parametrize("slug", ["atlantis", "", "Greenfield'--"])
@pytest.mark.parametrize("email", ["both@example.com", ADMIN, OPERATOR])
def test_a_school_that_is_not_ones_own_opens_nothing(email, slug):
    problem(log_in(email, school=slug), 401, "sign_in_failed")
    problem(log_in(ADMIN, school="riverside"), 401, "sign_in_failed")
    assert not Session.objects.exists()


def test_a_suspended_school_is_told_only_after_the_right_password():
    suspend("greenfield")
    problem(log_in(ADMIN), 423, "school_suspended")
    problem(log_in(ADMIN, "wrong"), 401, "sign_in_failed")
    problem(log_in("both@example.com", school="greenfield"), 423, "school_suspended")
    assert tokens_of("both@example.com", school="riverside")["school"]["slug"] == "riverside"


def test_a_login_that_was_closed_does_not_open():
    from_admin = tokens_of(ADMIN)
    Session.objects.get().login.__class__.objects.filter(sessions__isnull=False).update(active=False)
    problem(log_in(ADMIN), 401, "sign_in_failed")
    problem(bearer(from_admin["access_token"]).get("/api/me"), 401, "token_invalid")


def test_a_role_that_was_taken_away_is_felt_at_once():
    opened = tokens_of(ADMIN)
    Session.objects.get().login.memberships.update(active=False)
    problem(bearer(opened["access_token"]).get("/api/me"), 401, "token_invalid")
    problem(post("/api/auth/refresh", {"refresh_token": opened["refresh_token"]}), 401, "token_invalid")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"email": ADMIN}, "password"),
        ({"email": ADMIN, "password": 7}, "password"),
        ({"email": ADMIN, "password": "a\0b"}, "password"),
        ({"email": "\ud800", "password": "x"}, "email"),
        ({"email": ADMIN, "password": "x", "role": "operator"}, "role"),
        ({"email": "a" * 300, "password": "x"}, "email"),
        ({"email": [["x"]] * 3, "password": "x"}, "email"),
    ],
)
def test_bad_input_names_the_field(body, field):
    errors = problem(post("/api/auth/login", body), 422, "invalid")["errors"]
    assert field in {error["field"] for error in errors}


@pytest.mark.parametrize("text", ["", "{", "\xff\xfe", b"\xff\xfe", "[" * 100_000, "nul"])
def test_what_is_no_json_is_malformed(text):
    problem(post("/api/auth/login", text), 400, "malformed")


@pytest.mark.parametrize(
    "text", ["[]", "null", "7", '"text"', '{"email":' + "[" * 300 + "]" * 300 + ',"password":"x"}']
)
def test_json_of_another_shape_is_invalid(text):
    problem(post("/api/auth/login", text), 422, "invalid")


def test_signing_in_is_recorded_without_a_name():
    opened = tokens_of(ADMIN)
    log_in(ADMIN, "wrong")
    kinds = list(PlatformEvent.objects.order_by("at").values_list("kind", flat=True))
    assert kinds[-2:] == ["identity.signed_in", "identity.sign_in_failed"]
    text = " ".join(PlatformEvent.objects.values_list("body", flat=True))
    assert ADMIN not in text and opened["refresh_token"] not in text and world.PASSWORD not in text


def test_the_answer_with_tokens_is_stored_nowhere():
    assert log_in(ADMIN)["Cache-Control"] == "no-store"
