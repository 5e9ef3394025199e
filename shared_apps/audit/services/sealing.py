"""Sealing what the platform recorded, and how far that is behind."""

import json
import logging
from datetime import datetime, timedelta

from django.db import transaction

from shared_apps.audit.models import (
    PlatformCheckpoint,
    PlatformEvent,
    PlatformSeal,
    SealedUntil,
)
from tenants.ledger import BATCH, Book, newest, seal_next, unsealed_since
from tenants.seals import PLATFORM

log = logging.getLogger(__name__)
LOGGED = "platform checkpoint"  # before each of them: by these words they are found in the log again
BOOK = Book(PLATFORM, PlatformEvent, PlatformSeal, PlatformCheckpoint, heard="at")


def seal(*, now: datetime, all_of_it: bool = False) -> int:
    """Seal what the platform recorded, all of it, batch by batch; how many. Raises Torn.

    The platform has no second place of its own: each checkpoint is written to the log, which lies elsewhere.
    """
    total = 0
    while True:
        with transaction.atomic():
            count = seal_next(BOOK, now=now, all_of_it=all_of_it)
            words = newest(BOOK)
        if count and words:
            log.info("%s %s", LOGGED, json.dumps(words.plain(), sort_keys=True))
        total += count
        if count < BATCH:
            break
    since = unsealed_since(BOOK)
    SealedUntil.objects.update_or_create(world=PLATFORM, defaults={"at": since or now})
    return total


def lag(now: datetime) -> timedelta:
    """How long the platform's oldest unsealed event has been waiting."""
    since = unsealed_since(BOOK)
    return max(now - since, timedelta(0)) if since else timedelta(0)


def sealing_lags(now: datetime) -> dict[str, float]:
    """Seconds of history that may not be sealed yet, for the platform and for the slowest of all schools."""
    return {row.world: max(0.0, (now - row.at).total_seconds()) for row in SealedUntil.objects.all()}
