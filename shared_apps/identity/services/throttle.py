"""Failures per account stop guessing; failures per network only slow it, so a school behind one address goes on."""

from datetime import datetime, timedelta
from uuid import UUID

from shared_apps.identity.models import SignInFailure
from tenants.problems import Refusal
from tenants.sealing import platform_digest

WINDOW = timedelta(minutes=15)
PER_ACCOUNT = 10
PER_NETWORK = 1000  # a slow guard: far above what a whole school mistypes


def account_key(email: str) -> bytes:
    return platform_digest("throttle-account", email)


def login_key(login: UUID) -> bytes:
    """For guesses at the current password of somebody who is already signed in."""
    return platform_digest("throttle-login", str(login))


def network_key(address: str) -> bytes:
    return platform_digest("throttle-network", address)


def refuse_when_spent(account: bytes, network: bytes, *, now: datetime) -> None:
    """Raise 429 once an account failed PER_ACCOUNT times in WINDOW, whether or not it exists."""
    since = now - WINDOW
    for field, key, limit in (("account", account, PER_ACCOUNT), ("network", network, PER_NETWORK)):
        times = list(
            SignInFailure.objects.filter(**{field: key}, at__gt=since)
            .order_by("-at")
            .values_list("at", flat=True)[:limit]
        )
        if len(times) == limit:
            wait = max(1, int((times[-1] + WINDOW - now).total_seconds()))
            raise Refusal(
                429, "too_many_requests", "Too many failed sign-ins. Wait, then try again.",
                headers={"Retry-After": str(wait)},
            )  # fmt: skip


def failed(account: bytes, network: bytes, *, now: datetime) -> None:
    SignInFailure.objects.create(account=account, network=network, at=now)
