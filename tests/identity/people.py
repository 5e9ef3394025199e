"""Ways to speak to the identity doors as an outside caller would."""

import json
from typing import Any

from django.conf import settings
from django.test import Client
from django.utils import timezone

from shared_apps.identity.models import Login, Session
from shared_apps.identity.services import sign_in
from tenants import token
from tenants.models import School
from tests import world

ADMIN, OFFICER, TEACHER = (f"{role}@greenfield.example" for role in ("admin", "officer", "teacher"))
OPERATOR = "operator@example.com"
STRANGER = "nobody@nowhere.example"


def post(path: str, body: Any = None, *, client: Client | None = None, **headers: str) -> Any:
    text = body if isinstance(body, str | bytes) else json.dumps(body if body is not None else {})
    return (client or Client()).post(path, text, content_type="application/json", headers=headers)


def log_in(email: str, password: str = world.PASSWORD, **more: Any) -> Any:
    return post("/api/auth/login", {"email": email, "password": password, **more})


def tokens_of(email: str, **more: Any) -> dict[str, Any]:
    answer = log_in(email, **more)
    assert answer.status_code == 200, answer.content
    return dict(answer.json())


def bearer(access_token: str) -> Client:
    return Client(headers={"Authorization": f"Bearer {access_token}"})


def login_of(email: str) -> Login:
    return Login.objects.get(email_hash=sign_in.email_hash(email))


def browser(email: str, *, enforce_csrf_checks: bool = False) -> Client:
    """Somebody signed in with the browser's cookie."""
    now = timezone.now()
    opened = sign_in.sign_in(
        email=email, password=world.PASSWORD, school=None, device="browser", network="127.0.0.1", now=now
    )
    client = Client(enforce_csrf_checks=enforce_csrf_checks)
    client.cookies[settings.SESSION_COOKIE] = opened.token(token.BROWSER, now)
    return client


def suspend(slug: str, state: str = "disabled") -> None:
    School.objects.filter(slug=slug).update(state=state)


def sessions_of(email: str) -> list[Session]:
    return list(Session.objects.filter(login=login_of(email)).order_by("created_at", "id"))


def problem(answer: Any, status: int, code: str) -> dict[str, Any]:
    """The body of a refusal, once its shape is right."""
    assert (answer.status_code, answer["Content-Type"]) == (status, "application/problem+json"), answer.content[:500]
    body = dict(answer.json())
    assert {"type", "title", "status", "code", "detail", "request_id"} <= set(body), body
    assert (body["status"], body["code"]) == (status, code), body
    assert body["request_id"] and body["request_id"] == answer["X-Request-Id"]
    assert body["type"].endswith(code) and body["title"]
    for error in body.get("errors", []):
        assert set(error) == {"field", "code", "message"}
    return body
