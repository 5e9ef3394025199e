"""Whether /metrics speaks to whoever asks from outside."""

from collections.abc import Iterator

import httpx
from django.conf import settings

from config.probes.lines import Line, missing, ready

ABOUT = "/metrics"


def strangers() -> Iterator[Line]:
    """Asked over the network as anybody could, with no token and through whatever stands in front."""
    if settings.ENVIRONMENT != "production":
        yield ready(ABOUT, "not asked from outside, as this is no production")
        return
    try:
        status = httpx.get(f"{settings.PUBLIC_URL}/metrics", timeout=5).status_code
    except httpx.HTTPError:
        yield missing(ABOUT, "PUBLIC_URL did not answer, so whether strangers are is not known", needed=False)
        return
    if status == httpx.codes.OK:
        yield missing(ABOUT, "strangers are answered: set METRICS_TOKEN, or keep the path to the inner network")
    else:
        yield ready(ABOUT, f"strangers get {status}")
