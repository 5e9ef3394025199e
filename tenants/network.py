"""From where a request comes: the one place that knows, and the one way to ask."""

from django.conf import settings
from django.http import HttpRequest

from tenants.addresses import caller


def network_of(request: HttpRequest) -> str:
    """The caller's address; of an IPv6 address the network of whoever holds it."""
    peer = str(request.META.get("REMOTE_ADDR", ""))
    return caller(peer, request.headers.get("X-Forwarded-For", ""), settings.TRUSTED_PROXIES)
