"""What machines ask: is it alive, is it ready, how does it do. No school and no person in any answer."""

import hmac

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.utils.cache import add_never_cache_headers
from prometheus_client import CONTENT_TYPE_LATEST

from config import metrics as measured
from config.numbers import gathered
from config.statics import static_is_there
from tenants import cells
from tenants.door import Within, page
from tenants.health import unready
from tenants.problems import Refusal, problem, token_invalid


@page(permission=None, within=Within.OPEN, audit=None)
def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers. Nothing else is looked at, so that a database away restarts nobody."""
    return _fresh(HttpResponse("ok\n", content_type="text/plain"))


@page(permission=None, within=Within.OPEN, audit=None)
def readyz(request: HttpRequest) -> HttpResponse:
    """Requests can be served: 200, or 503 with the reasons as codes.

    A cell that is away is named, and no reason: this process serves the schools of the others.
    """
    reasons = [*unready(), *([] if static_is_there() else ["static_files_missing"])]
    if reasons:
        said: dict[str, object] = {"reasons": reasons}
        return _fresh(problem(request, Refusal(503, "not_ready", "Not ready: " + ", ".join(reasons), extra=said)))
    return _fresh(JsonResponse({"ready": True, "cells_unavailable": cells.silent()}))


@page(permission=None, within=Within.OPEN, audit=None)
def metrics(request: HttpRequest) -> HttpResponse:
    """Prometheus' text, for whoever holds METRICS_TOKEN where there is one. An unknown number is absent, never zero."""
    if settings.METRICS_TOKEN and not _carries(request, settings.METRICS_TOKEN):
        refused = _fresh(problem(request, token_invalid()))
        refused["WWW-Authenticate"] = "Bearer"
        return refused
    families = gathered(timezone.now())
    return _fresh(HttpResponse(measured.text(families), content_type=CONTENT_TYPE_LATEST))


def _carries(request: HttpRequest, token: str) -> bool:
    scheme, _, carried = request.headers.get("Authorization", "").partition(" ")
    return scheme.lower() == "bearer" and hmac.compare_digest(carried.strip().encode(), token.encode())


def _fresh(response: HttpResponse) -> HttpResponse:
    add_never_cache_headers(response)
    return response
