"""What the web process counts: requests by route, never by path, so that no school and no id shows."""

import os
import time
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from prometheus_client import REGISTRY, CollectorRegistry, Gauge, Histogram, multiprocess

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
requests = Histogram(
    "mysentinel_request_seconds", "Time to answer a request.", ["method", "route", "status"], buckets=BUCKETS
)
beats = Gauge(
    "mysentinel_job_last_end_seconds", "When a job of the worker last came to its end, since 1970.", ["job"],
    multiprocess_mode="mostrecent",
)  # fmt: skip
lag = Gauge(
    "mysentinel_sealing_lag_seconds", "Age of the oldest history that may not be sealed yet.", ["world"],
    multiprocess_mode="mostrecent",
)  # fmt: skip


class Measure:
    """Times every request under the route it came to; `none` where there is no such address."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        began = time.perf_counter()
        status = "500"
        try:
            response = self.get_response(request)
            status = str(response.status_code)
            return response
        finally:
            match = request.resolver_match
            method = request.method if request.method in METHODS else "other"
            requests.labels(method, match.route if match else "none", status).observe(time.perf_counter() - began)


def show_heartbeats(ends: dict[str, float]) -> None:
    beats.clear()
    for name, at in ends.items():
        beats.labels(name).set(at)


def show_sealing(lags: dict[str, float]) -> None:
    lag.clear()
    for world, seconds in lags.items():
        lag.labels(world).set(seconds)


def registry() -> CollectorRegistry:
    """This process's numbers, or those of all web processes where PROMETHEUS_MULTIPROC_DIR says that they share."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return REGISTRY
    shared = CollectorRegistry()
    multiprocess.MultiProcessCollector(shared)  # type: ignore[no-untyped-call]
    return shared
