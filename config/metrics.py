"""What the web process counts: requests by route, never by path, so that no school and no id shows."""

import os
import time
from collections.abc import Callable, Iterator

from django.http import HttpRequest, HttpResponse
from prometheus_client import REGISTRY, CollectorRegistry, Histogram, Metric, generate_latest, multiprocess
from prometheus_client.core import GaugeMetricFamily

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
requests = Histogram(
    "mysentinel_request_seconds", "Time to answer a request.", ["method", "route", "status"], buckets=BUCKETS
)


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


class Told:
    """Numbers that other processes left in the database, as they stood at this question; absent where unknown."""

    def __init__(self, ends: dict[str, float], lags: dict[str, float], canaries: dict[str, float]) -> None:
        self.ends, self.lags, self.canaries = ends, lags, canaries

    def collect(self) -> Iterator[Metric]:
        name, about = "mysentinel_job_last_end_seconds", "When a job of the worker last came to its end, since 1970."
        yield _gauge(name, about, "job", self.ends)
        name, about = "mysentinel_sealing_lag_seconds", "Age of the oldest history that may not be sealed yet."
        yield _gauge(name, about, "world", self.lags)
        name, about = "mysentinel_canaries", "The search for one school's things in another: places, schools, seconds."
        yield _gauge(name, about, "what", self.canaries)


def _gauge(name: str, about: str, label: str, values: dict[str, float]) -> Metric:
    family = GaugeMetricFamily(name, about, labels=[label])
    for key, value in values.items():
        family.add_metric([key], value)
    return family


def text(ends: dict[str, float], lags: dict[str, float], canaries: dict[str, float]) -> bytes:
    """Everything in Prometheus' text: what the web processes counted, and what was told."""
    told = CollectorRegistry()
    told.register(Told(ends, lags, canaries))
    return generate_latest(registry()) + generate_latest(told)


def registry() -> CollectorRegistry:
    """This process's numbers, or those of all web processes where PROMETHEUS_MULTIPROC_DIR says that they share."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return REGISTRY
    shared = CollectorRegistry()
    multiprocess.MultiProcessCollector(shared)  # type: ignore[no-untyped-call]
    return shared
