"""What names a school besides the token changes nothing; what is not our address is refused."""

import pytest
from django.test import Client

from tests.identity.people import ADMIN, OPERATOR, STRANGER, bearer, log_in, post, problem, tokens_of

pytestmark = pytest.mark.django_db(databases=["default", "schools"])
PATHS = ["/api/me", "/api/auth/sessions", "/api/nowhere", "/api/auth/sessions/x"]


def told(client: Client, path: str, **more) -> tuple[int, object]:
    """Status and body, without what is new in every answer."""
    answer = client.get(path, **more)
    body = answer.json() if answer.content else None
    if isinstance(body, dict):
        body.pop("request_id", None)
    return answer.status_code, body


def carriers(riverside) -> list[dict]:
    """Every way somebody might try to name the other school."""
    names = [str(riverside.ref.id), riverside.slug, riverside.ref.schema, "public", "", "'"]
    headers = ["X-School-Id", "X-Tenant", "X-Tenant-Id", "X-Schema", "X-Forwarded-Host", "X-Original-URL", "Referer"]
    tried = [{"headers": {header: name}} for header in headers for name in names]
    tried += [{"headers": {"Host": host}} for host in ("localhost", "127.0.0.1", "127.0.0.1:8123", "[::1]")]
    return tried


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("email", [ADMIN, OPERATOR])
def test_headers_and_hosts_change_nothing(email, path, riverside):
    client = bearer(tokens_of(email)["access_token"])
    plain = told(client, path)
    for carrier in carriers(riverside):
        assert told(client, path, **carrier) == plain, carrier


@pytest.mark.parametrize("path", PATHS)
def test_cookies_change_nothing(path, riverside):
    client = bearer(tokens_of(ADMIN)["access_token"])
    plain = told(client, path)
    for name in ("school", "tenant", "schema", "language", "theme", "sessionid"):
        for value in (str(riverside.ref.id), riverside.slug, "zu", "af", "x" * 500):
            client.cookies.clear()
            client.cookies[name] = value
            assert told(client, path) == plain, (name, value)


@pytest.mark.parametrize("name", ["school", "school_id", "tenant", "schema"])
def test_a_query_that_names_a_school_is_refused_whichever_it_names(name, greenfield, riverside):
    client = bearer(tokens_of(ADMIN)["access_token"])
    answers = [told(client, f"/api/me?{name}={cast.ref.id}") for cast in (greenfield, riverside)]
    assert answers[0] == answers[1] and answers[0][0] == 422


def test_a_stranger_with_carriers_stays_a_stranger(greenfield, riverside):
    plain = told(Client(), "/api/me")
    assert plain[0] == 401
    for carrier in carriers(riverside):
        assert told(Client(), "/api/me", **carrier) == plain


def test_signing_in_does_not_listen_to_them_either(riverside):
    for carrier in ({"X-School-Id": str(riverside.ref.id)}, {"Host": "127.0.0.1"}, {"X-Tenant": "riverside"}):
        body = {"email": ADMIN, "password": "password123"}
        assert post("/api/auth/login", body, **carrier).json()["school"]["slug"] == "greenfield"
    problem(log_in(STRANGER), 401, "sign_in_failed")


@pytest.mark.parametrize("host", ["evil.example", "greenfield.example", "localhost.evil.example", "", "a b", "[::2]"])
def test_a_host_that_is_not_ours_is_refused(host):
    client = bearer(tokens_of(ADMIN)["access_token"])
    problem(client.get("/api/me", headers={"Host": host}), 400, "unknown_host")
    page = client.get("/", headers={"Host": host})
    assert page.status_code == 400 and host.encode() not in page.content or not host
