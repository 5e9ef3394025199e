"""Checking the platform's whole history, and what the last check found."""

import logging
from datetime import datetime

from shared_apps.audit.models import (
    ChainCheck,
)
from shared_apps.audit.services.history import history, rows
from tenants.seals import PLATFORM, verifying_keys
from tenants.verification import Report, check

log = logging.getLogger(__name__)


def check_chain(*, now: datetime) -> Report:
    """Check the platform's whole history and keep what came out of it; a torn one is an error in the log as well."""
    tail, here = history()
    report = check(PLATFORM, rows(max(tail, max((one.size for one in here), default=0))), here, [], verifying_keys())
    kept = {"at": now, "size": report.size, "bad": report.bad, "why": report.why[:200]}
    ChainCheck.objects.update_or_create(world=PLATFORM, defaults=kept)
    if not report.good:
        log.error("the platform's history is not proven from number %s on: %s", report.bad, report.why)
    return report


def last_check() -> ChainCheck | None:
    """What the last check of the platform's history found; None when it never ran."""
    return ChainCheck.objects.filter(pk=PLATFORM).first()
