"""What the web process counts: requests by route, never by path, so that no school and no id shows."""

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from django.http import HttpRequest, HttpResponse
from prometheus_client import REGISTRY, CollectorRegistry, Histogram, Metric, generate_latest, multiprocess
from prometheus_client.core import GaugeMetricFamily

from config.numbers import Family

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

    def __init__(self, families: list[Family]) -> None:
        self.families = families

    def collect(self) -> Iterator[Metric]:
        for one in self.families:
            gauge = GaugeMetricFamily(one.name, one.about, labels=one.labels)
            for labels, value in one.values.items():
                gauge.add_metric(labels, value)
            yield gauge


def text(families: list[Family]) -> bytes:
    """Everything in Prometheus' text: what the web processes counted, and what was told."""
    told = CollectorRegistry()
    told.register(Told(families))
    return generate_latest(registry()) + generate_latest(told)


def registry() -> CollectorRegistry:
    """This process's numbers, or those of all web processes where PROMETHEUS_MULTIPROC_DIR says that they share."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return REGISTRY
    _forget_the_dead(Path(os.environ["PROMETHEUS_MULTIPROC_DIR"]))
    shared = CollectorRegistry()
    multiprocess.MultiProcessCollector(shared)  # type: ignore[no-untyped-call]
    return shared


def _forget_the_dead(folder: Path) -> None:
    """Of a web process that is gone its counts stay, but not what it holds: that went with it."""
    for kept in folder.glob("gauge_live*_*.db"):
        pid = kept.stem.rpartition("_")[2]
        if not Path(f"/proc/{pid}").exists():
            kept.unlink(missing_ok=True)
