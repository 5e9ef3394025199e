"""What strangers may ask for, and how often: counted for an address and for a network, known or not."""

from datetime import datetime, timedelta
from math import ceil

from django.db import transaction

from shared_apps.identity.models import Asking
from tenants.problems import Refusal
from tenants.sealing import platform_digest
from tenants.turns import wait_for

KEPT = timedelta(days=2)


def spend(what: str, *, of: str, limit: int, per: timedelta, now: datetime) -> None:
    """Count one `what` for `of` (an address, a network). Raises 429 after `limit` of them in `per`.

    One after the other for the same `of`, so that racing buys none.
    """
    key = platform_digest(f"asking-{what}", of)
    with transaction.atomic():
        wait_for(key)
        recent = Asking.objects.filter(key=key, at__gt=now - per).order_by("-at").values_list("at", flat=True)
        first = recent[limit - 1 : limit].first()
        if first is None:
            Asking.objects.create(key=key, at=now)
            return
    wait = max(1, ceil((first + per - now).total_seconds()))
    raise Refusal(
        429, "too_many_requests", "Asked for too often. Wait, then try again.", headers={"Retry-After": str(wait)}
    )


def tidy(*, now: datetime) -> None:
    Asking.objects.filter(at__lt=now - KEPT).delete()
