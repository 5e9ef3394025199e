"""Whether /metrics speaks to whoever asks from outside."""

from collections.abc import Iterator
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import urlsplit

from django.conf import settings

from config.probes.lines import Line, missing, ready

ABOUT = "/metrics"


def strangers() -> Iterator[Line]:
    """Asked over the network as anybody could, with no token and through whatever stands in front."""
    if settings.ENVIRONMENT != "production":
        yield ready(ABOUT, "not asked from outside, as this is no production")
        return
    try:
        status = _status(f"{settings.PUBLIC_URL}/metrics")
    except (OSError, HTTPException):
        yield missing(ABOUT, "PUBLIC_URL did not answer, so whether strangers are is not known", needed=False)
        return
    if status == 200:
        yield missing(ABOUT, "strangers are answered: set METRICS_TOKEN, or keep the path to the inner network")
    else:
        yield ready(ABOUT, f"strangers get {status}")


def _status(address: str) -> int:
    """Of the very answer: where a stranger is sent on is not looked at."""
    place = urlsplit(address)
    connection = (HTTPSConnection if place.scheme == "https" else HTTPConnection)(place.netloc, timeout=5)
    try:
        connection.request("GET", place.path)
        return connection.getresponse().status
    finally:
        connection.close()
