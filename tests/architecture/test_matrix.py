"""`tests/matrix.csv`, written by hand: every operation tried by every kind of person, both ways."""

import csv
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from shared_apps.identity.models import Login, Session
from shared_apps.identity.services.sign_in import SignedIn, email_hash, roles_of, scope_of
from tenants import token
from tests.architecture.routes import Route, every_route, sample

EMAILS = {
    "super_admin": "root@example.com",
    "operator": "operator@example.com",
    "regional_admin": "gauteng@example.com",
    "local_operator": "circle@example.com",
    "finance": "finance@example.com",
    "school_admin": "admin@greenfield.example",
    "gate_officer": "officer@greenfield.example",
    "teacher": "teacher@greenfield.example",
}
ACTORS = ("stranger", *EMAILS)


def read_matrix(path: Path = Path(__file__).parent.parent / "matrix.csv") -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


MATRIX = read_matrix()
ROUTES = {route.name: route for route in every_route()}


def test_every_operation_has_a_row_and_every_row_an_operation():
    rows = [row["operation"] for row in MATRIX]
    assert sorted(set(ROUTES) - set(rows)) == [], "operations without a row in tests/matrix.csv"
    assert sorted(set(rows) - set(ROUTES)) == [], "rows of tests/matrix.csv without an operation"
    assert len(rows) == len(set(rows)), "a row twice"


@pytest.mark.parametrize("row", MATRIX, ids=lambda row: row["operation"])
def test_only_those_let_in_are_let_in(row, greenfield):
    assert tuple(row)[1:] == ACTORS and set(row.values()) <= {"yes", "no", row["operation"]}
    route = ROUTES[row["operation"]]
    wrong = []
    for actor in ACTORS:
        answer = ask(route, client_of(actor, browser=route.method == "PAGE"))
        if let_in(answer) is not (row[actor] == "yes"):
            wrong.append(f"{actor}: {row[actor]} is written, {answer.status_code} came")
        assert answer.status_code != 500, f"{actor}: {answer.content!r}"
    assert wrong == []


def client_of(actor: str, *, browser: bool) -> Client:
    """Somebody with a real session: a cookie in the browser, a bearer token for the API."""
    client = Client()
    if actor == "stranger":
        return client
    now = timezone.now()
    login = Login.objects.get(email_hash=email_hash(EMAILS[actor]))
    held = login.memberships.select_related("school").get()
    session = Session.objects.create(
        login=login, school=held.school, scope=scope_of(held.school, (held.role,)), device="matrix",
        created_at=now, last_seen_at=now, expires_at=now + timedelta(hours=1),
    )  # fmt: skip
    opened = SignedIn(session, tuple(roles_of(session)), held.school, "")
    if browser:
        client.cookies[settings.SESSION_COOKIE] = opened.token(token.BROWSER, now)
    else:
        client.defaults["HTTP_AUTHORIZATION"] = f"Bearer {opened.token(token.ACCESS, now)}"
    return client


def ask(route: Route, client: Client) -> Any:
    """The route with plausible ids and an empty body: whether it lets in is decided before it reads either."""
    path = sample(route)
    if route.method != "PAGE":
        body = {} if route.method == "GET" else {"data": "{}", "content_type": "application/json"}
        return client.generic(route.method, path, **body)
    answer = client.get(path)
    return client.post(path) if answer.status_code == 405 else answer


def let_in(answer: Any) -> bool:
    """Not refused, nor sent away to sign in (which carries where one wanted to go)."""
    sent_away = answer.status_code == 302 and urlsplit(answer["Location"]).path == settings.LOGIN_URL
    return answer.status_code not in (401, 403) and not (sent_away and "next=" in answer["Location"])
