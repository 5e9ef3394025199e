"""Failures per account stop guessing; failures per network only slow it, so a school behind one address goes on."""

from datetime import datetime, timedelta
from math import ceil
from uuid import UUID

from django.db import transaction

from shared_apps.identity.models import SignInFailure
from tenants.problems import Refusal
from tenants.sealing import platform_digest
from tenants.turns import wait_for

WINDOW = timedelta(minutes=15)
PER_ACCOUNT = 10
PER_NETWORK = 1000  # far above what a whole school mistypes
PER_ACCOUNT_WHEN_BUSY = 3  # beyond PER_NETWORK: guessing slows, and whoever mistypes less still gets in


def account_key(email: str) -> bytes:
    return platform_digest("throttle-account", email)


def login_key(login: UUID) -> bytes:
    """For guesses at the current password of somebody who is already signed in."""
    return platform_digest("throttle-login", str(login))


def network_key(address: str) -> bytes:
    return platform_digest("throttle-network", address)


def refuse_when_spent(account: bytes, network: bytes, *, now: datetime) -> None:
    """Raise 429 once an account failed too often in WINDOW, whether or not it exists."""
    busy = _spent(network=network, limit=PER_NETWORK, now=now)
    first = _spent(account=account, limit=PER_ACCOUNT_WHEN_BUSY if busy else PER_ACCOUNT, now=now)
    if first:
        wait = max(1, ceil((first + WINDOW - now).total_seconds()))
        raise Refusal(
            429, "too_many_requests", "Too many failed sign-ins. Wait, then try again.",
            headers={"Retry-After": str(wait)},
        )  # fmt: skip


def _spent(*, limit: int, now: datetime, **key: bytes) -> datetime | None:
    """When the oldest of the last `limit` failures of WINDOW was; None when there were fewer."""
    recent = SignInFailure.objects.filter(**key, at__gt=now - WINDOW).order_by("-at")
    return recent.values_list("at", flat=True)[limit - 1 : limit].first()


def failed(account: bytes, network: bytes, *, now: datetime) -> None:
    """Count a failure. Raises 429 instead, when others that ran beside this one have spent the account.

    Guesses at one account are decided one after the other, so racing buys none; the lock is taken after the slow
    check of the password and held for two statements, so nobody can hold connections with it.
    """
    with transaction.atomic():
        wait_for(account)
        refuse_when_spent(account, network, now=now)
        SignInFailure.objects.create(account=account, network=network, at=now)
