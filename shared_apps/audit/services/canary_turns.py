"""Whose turn it is in the search for leaks, and keeping what a turn came to."""

import logging
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import F, OuterRef, Subquery

from shared_apps.audit.models import (
    CanaryCheck,
)
from shared_apps.audit.services import record
from tenants.current import SchoolRef
from tenants.models import School, SchoolState

log = logging.getLogger(__name__)
PLACES_KEPT = 20


def next_for_canaries(count: int) -> list[SchoolRef]:
    """Active schools to ask next: never asked first, then those that waited longest."""
    last = CanaryCheck.objects.filter(school=OuterRef("pk")).values("at")
    due = _searchable().annotate(last=Subquery(last)).order_by(F("last").asc(nulls_first=True), "pk")
    return [school.ref() for school in due[:count]]


def others_for_canaries(school: UUID, count: int) -> list[SchoolRef]:
    """Other active schools by lot, so that in time every pair has its turn."""
    return [other.ref() for other in _searchable().exclude(pk=school).order_by("?")[:count]]


def _searchable() -> Any:
    active = School.objects.select_related("placement").filter(state=SchoolState.ACTIVE)
    return active.filter(placement__quarantined=False)


def note_canaries(
    school: UUID, *, by: str, now: datetime, others: int, asked: int, failed: Sequence[str], found: Sequence[str]
) -> None:
    """Keep what one turn came to. A leak goes into the history and the log too: names of our routes, nothing else."""
    told = {"at": now, "others": others, "asked": asked, "failed": len(failed), "found": len(found)}
    places = [*(f"found: {place}" for place in found), *(f"failed: {place}" for place in failed)][:PLACES_KEPT]
    CanaryCheck.objects.update_or_create(school_id=school, defaults={**told, "places": places})
    if found:
        record(
            "wall.canary_found", by=by, now=now, school=school,
            facts={"found": len(found), "places": sorted(set(found))[:PLACES_KEPT]},
        )  # fmt: skip
        log.error("%s answers of school %s held another school's canary: %s", len(found), school, "; ".join(found))
