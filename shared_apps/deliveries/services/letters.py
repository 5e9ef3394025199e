"""Listing dead letters as the schools told them: by cause, and one by one the newest first."""

from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet, Sum

from shared_apps.deliveries.models import Batch, BatchPart, DeadLetter, PartState
from shared_apps.groups.services import within_reach
from tenants.actor import Actor


def listed(
    actor: Actor, *, handler: str = "", reason: str | None = None, after: UUID | None = None
) -> QuerySet[DeadLetter]:
    """The letters within reach, the newest told first, behind `after`; of one cause when it is named."""
    found = DeadLetter.objects.filter(school__in=within_reach(actor).values("pk")).select_related("school")
    if handler:
        found = found.filter(handler=handler)
    if reason is not None:
        found = found.filter(reason=reason)
    if after is not None:
        found = found.filter(pk__lt=after)
    return found.order_by("-pk")


def replayable(letter: DeadLetter, now: datetime) -> bool:
    """Whether there is time: nobody hears of this morning's arrival tomorrow."""
    return letter.expires_at is None or letter.expires_at > now


def progress(batch: Batch) -> dict[str, int]:
    """How far a batch is: schools, those counted, done and failed, and the sums of what was counted."""
    rows = batch.parts.order_by().values_list("state").annotate(
        fresh=Sum("fresh"), expired=Sum("expired"), people=Sum("people"), schools=Sum(1)
    )  # fmt: skip
    told = {"schools": 0, "counted": 0, "acted": 0, "failed": 0, "fresh": 0, "expired": 0, "people": 0}
    for state, fresh, expired, people, schools in rows:
        for name, count in (("schools", schools), ("fresh", fresh), ("expired", expired), ("people", people)):
            told[name] += count
        if state != PartState.WAITING:
            told["counted"] += schools
        if state in (PartState.ACTED, PartState.FAILED):
            told["acted"] += schools
        if state == PartState.FAILED:
            told["failed"] += schools
    return told


def outcome(batch: Batch) -> dict[str, int]:
    """What became of the letters of a batch: how many are in each state, as it was last asked."""
    found: dict[str, int] = {}
    for states in batch.parts.filter(state=PartState.ACTED).values_list("outcome", flat=True):
        for state, count in states.items():
            found[state] = found.get(state, 0) + count
    return found


def parts(batch: Batch, *, limit: int) -> list[BatchPart]:
    """The schools of a batch by name."""
    return list(batch.parts.select_related("school").defer("reactions", "chosen").order_by("school__name")[:limit])
