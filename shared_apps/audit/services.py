"""Recording on the platform, sealing what was recorded, and how the search for other schools' canaries stands."""

import json
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import rfc8785
from django.db import transaction
from django.db.models import F, OuterRef, Subquery

from shared_apps.audit.models import (
    CanaryCheck,
    ChainCheck,
    PlatformCheckpoint,
    PlatformEvent,
    PlatformSeal,
    SealedUntil,
)
from tenants.ask import Unavailable
from tenants.current import SchoolRef
from tenants.ledger import BATCH, Book, checkpoints_after, newest, seal_next, unsealed_since
from tenants.models import School, SchoolState
from tenants.seals import PLATFORM, Statement, verifying_keys
from tenants.verification import Report, Sealed, check

log = logging.getLogger(__name__)
PAGE = 5_000


def record(
    kind: str, *, by: str, now: datetime, school: UUID | None = None, facts: dict[str, Any] | None = None
) -> PlatformEvent:
    """Append one event. `by` is `Actor.name_in_audit`; `facts` are ids and codes, never a person's particulars."""
    event = PlatformEvent(kind=kind, at=now, actor=by, school=school, body="")
    event.body = rfc8785.dumps(
        {
            "v": 1,
            "id": str(event.id),
            "kind": kind,
            "at": now.isoformat(),
            "actor": by,
            "school": str(school) if school else None,
            "facts": facts or {},
        }
    ).decode()
    event.save(force_insert=True)
    return event


# -- seals ------------------------------------------------------------------------------------------------------------


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
            log.info("platform checkpoint %s", json.dumps(words.plain(), sort_keys=True))
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


def page(after: int, upto: int) -> list[Sealed]:
    """The platform's sealed events behind number `after`, up to number `upto`."""
    rows = PlatformSeal.objects.filter(seq__gt=after, seq__lte=upto).order_by("seq")
    seals = list(rows.values_list("seq", "event_id", "leaf", "chain"))
    events = {event.id: event for event in PlatformEvent.objects.filter(seal__seq__gt=after, seal__seq__lte=upto)}
    return [_sealed(number, key, bytes(leaf), bytes(chain), events.get(key)) for number, key, leaf, chain in seals]


def _sealed(number: int, key: UUID, leaf: bytes, chain: bytes, event: PlatformEvent | None) -> Sealed:
    if event is None:
        return Sealed(number, str(key), None, leaf, chain)
    return Sealed(number, str(key), event.body, leaf, chain, wrong=_at_odds(event))


def _at_odds(event: PlatformEvent) -> str:
    try:
        body = json.loads(event.body)
        told = body["id"], body["kind"], body["actor"], body["school"], datetime.fromisoformat(body["at"])
    except (KeyError, TypeError, ValueError):
        return "its body cannot be read"
    school = str(event.school) if event.school else None
    if told != (str(event.id), event.kind, event.actor, school, event.at):
        return "its columns are not what was sealed"
    return ""


def history() -> tuple[int, list[Statement]]:
    """The last number the platform gave, and all its checkpoints."""
    tail = PlatformSeal.objects.order_by("-seq").values_list("seq", flat=True).first()
    return tail or 0, checkpoints_after(BOOK, 0)


def rows(upto: int) -> Iterator[Sealed]:
    """Every sealed event up to a number, in order, a page at a time."""
    after = 0
    while found := page(after, min(upto, after + PAGE)):
        yield from found
        after = found[-1].number


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


# -- canaries ---------------------------------------------------------------------------------------------------------


PLACES_KEPT = 20
STALE = timedelta(hours=1)  # the clock starts a turn every quarter of an hour


@dataclass(frozen=True)
class Canaries:
    """What the standing search for leaks found, over the active schools.

    `waiting` schools were never asked: `found` says nothing about them. `oldest` is when the school was asked whose
    turn lies furthest back.
    """

    schools: int
    waiting: int
    asked: int
    failed: int
    found: int
    places: tuple[str, ...]
    newest: datetime
    oldest: datetime


def canaries(now: datetime) -> Canaries | Unavailable:
    """How the search stands. Unavailable `never` or `too_old`, so that nothing unknown is shown as zero; a leak that
    was found is told however old it is."""
    active = School.objects.filter(state=SchoolState.ACTIVE)
    rows = list(CanaryCheck.objects.filter(school__in=active))
    if not rows:
        return Unavailable("never")
    newest, found = max(row.at for row in rows), sum(row.found for row in rows)
    if now - newest > STALE and not found:
        return Unavailable("too_old")
    schools = active.count()
    return Canaries(
        schools=schools,
        waiting=schools - len(rows),
        asked=sum(row.asked for row in rows),
        failed=sum(row.failed for row in rows),
        found=found,
        places=tuple(sorted({place for row in rows for place in row.places})),
        newest=newest,
        oldest=min(row.at for row in rows),
    )


def canary_numbers(now: datetime) -> dict[str, float]:
    """The same for machines; empty when it is not known."""
    told = canaries(now)
    if isinstance(told, Unavailable):
        return {}
    return {
        "schools": told.schools, "waiting": told.waiting, "asked": told.asked, "failed": told.failed,
        "found": told.found, "age_seconds": (now - told.newest).total_seconds(),
        "oldest_seconds": (now - told.oldest).total_seconds(),
    }  # fmt: skip


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
