"""The one NinjaAPI: mounts every app's router and words every refusal."""

import logging
from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError

from shared_apps.access.api import router as access
from shared_apps.billing.api import router as billing
from shared_apps.deliveries.api import router as deliveries
from shared_apps.identity.api import router as identity
from shared_apps.operator.api import router as operator
from shared_apps.schools.api import first_days, onboardings, schools, setup
from tenant_apps.attendance.api import router as attendance
from tenant_apps.gate.api import router as gate
from tenant_apps.roster.api import router as roster
from tenants.cells import CellDown
from tenants.problems import FieldError, Refusal, cell_down, problem

log = logging.getLogger("mysentinel.api")

api = NinjaAPI(title="MySentinel", version="1", docs_url="/docs", openapi_url="/openapi.json", urls_namespace="api")
api.add_router("/", gate)  # first: addresses are tried in turn, and most requests are scans
api.add_router("/", identity)
api.add_router("/", access)
api.add_router("/", schools)
api.add_router("/", onboardings)
api.add_router("/", setup)
api.add_router("/", first_days)
api.add_router("/", operator)
api.add_router("/", deliveries)
api.add_router("/", billing)
api.add_router("/", attendance)
api.add_router("/", roster)


@api.exception_handler(Refusal)
def refused(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    return problem(request, refusal)


@api.exception_handler(CellDown)
def away(request: HttpRequest, error: CellDown) -> HttpResponse:
    log.warning("%s", error)
    return problem(request, cell_down())


@api.exception_handler(HttpError)
def http_error(request: HttpRequest, error: HttpError) -> HttpResponse:
    # Ninja's own: a body that is no JSON.
    code = "malformed" if error.status_code == 400 else "error"
    return problem(request, Refusal(error.status_code, code, "The body is not valid JSON."))


@api.exception_handler(ValidationError)
def invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    errors = [field_error(one) for one in error.errors]
    return problem(request, Refusal(422, "invalid", "Some fields are not right.", errors))


def field_error(one: dict[str, Any]) -> FieldError:
    """Ninja's location: `("body", "body", "scan_id")` in a body, but `("query", "limit")` in a query."""
    inside = one["loc"][2:] if one["loc"][0] == "body" else one["loc"][1:]
    return FieldError(".".join(str(part) for part in inside), str(one["type"]), str(one["msg"]))


@api.exception_handler(Exception)
def unforeseen(request: HttpRequest, error: Exception) -> HttpResponse:
    log.exception("unforeseen failure")
    return problem(request, Refusal(500, "server_error", "Something failed here. Give the request id to support."))
