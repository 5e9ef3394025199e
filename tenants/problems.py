"""Refusals: every way the product says no, with the stable code an outside caller can rely on."""

from dataclasses import dataclass, field

from django.http import HttpRequest, JsonResponse
from django.utils.translation import gettext


@dataclass(frozen=True)
class FieldError:
    field: str
    code: str
    message: str


@dataclass
class Refusal(Exception):
    """A refusal with an HTTP status and a stable `code`.

    `extra` joins the top level of the JSON; `headers` the response. Doors let it pass, so a scope rolls back.
    """

    status: int
    code: str
    detail: str = ""
    errors: list[FieldError] = field(default_factory=list)
    extra: dict[str, object] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.status} {self.code}: {self.detail}"


TITLES = {
    400: "Bad request",
    401: "Not signed in",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
    409: "Conflict",
    413: "Too large",
    422: "Invalid",
    423: "School suspended",
    429: "Too many requests",
    500: "Server error",
    503: "Unavailable",
}


def not_found(detail: str = "There is nothing here under that id.") -> Refusal:
    return Refusal(404, "not_found", detail)


def forbidden(detail: str = "") -> Refusal:
    return Refusal(403, "forbidden", detail or gettext("Your role does not allow this."))


def token_invalid() -> Refusal:
    detail = "Sign in: the token is missing, wrong, expired or revoked."
    return Refusal(401, "token_invalid", detail, headers={"WWW-Authenticate": "Bearer"})


def invalid(field_name: str, code: str, message: str) -> Refusal:
    return Refusal(422, "invalid", message, [FieldError(field_name, code, message)])


def conflict(detail: str, code: str = "conflict") -> Refusal:
    return Refusal(409, code, detail)


def suspended() -> Refusal:
    return Refusal(423, "school_suspended", "This school is suspended. Sign-ins and gate scans are blocked.")


def unavailable() -> Refusal:
    detail = "This school is being repaired after an update. Try again in a few minutes."
    return Refusal(503, "school_unavailable", detail, headers={"Retry-After": "60"})


def cell_down() -> Refusal:
    detail = "This school cannot be reached at the moment. Nothing is lost: try again in a minute."
    return Refusal(503, "unavailable", detail, headers={"Retry-After": "30"})


def problem(request: HttpRequest, refusal: Refusal) -> JsonResponse:
    """`refusal` as application/problem+json."""
    body: dict[str, object] = {
        "type": f"urn:mysentinel:problem:{refusal.code}",
        "title": TITLES.get(refusal.status, "Error"),
        "status": refusal.status,
        "code": refusal.code,
        "detail": refusal.detail,
        "request_id": getattr(request, "request_id", ""),
        **refusal.extra,
    }
    if refusal.errors:
        body["errors"] = [vars(error) for error in refusal.errors]
    response = JsonResponse(body, status=refusal.status, content_type="application/problem+json")
    for name, value in refusal.headers.items():
        response[name] = value
    return response
