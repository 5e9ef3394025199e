"""Where a batch of dead letters stands: who may see it, how far it is, and what became of its letters."""

from uuid import UUID

from django.db.models import F, QuerySet, Sum

from shared_apps.deliveries.models import Batch, BatchPart, PartState
from shared_apps.deliveries.services.places import sees_post
from shared_apps.groups.services import within_reach
from tenants.actor import Actor
from tenants.problems import not_found


def batches_within(actor: Actor) -> QuerySet[Batch]:
    """Those of which every part lies within reach; the platform's own mail only for those who reach everything."""
    if sees_post(actor):
        return Batch.objects.all()
    beyond = BatchPart.objects.exclude(school__in=within_reach(actor).values("pk"))
    return Batch.objects.exclude(pk__in=beyond.values("batch"))


def batch_within(actor: Actor, batch_id: UUID) -> Batch:
    """Raises Refusal 404."""
    found = batches_within(actor).filter(pk=batch_id).first()
    if found is None:
        raise not_found()
    return found


def progress(batch: Batch) -> dict[str, int]:
    """How far a batch is: its parts (`schools`; `places` without the platform's own mail), those counted, done and
    failed, and the sums of what was counted."""
    rows = batch.parts.order_by().values_list("state").annotate(
        fresh=Sum("fresh"), expired=Sum("expired"), people=Sum("people"), schools=Sum(1)
    )  # fmt: skip
    told = {
        "places": batch.parts.exclude(school=None).count(),
        "schools": 0,
        "counted": 0,
        "acted": 0,
        "failed": 0,
        "fresh": 0,
        "expired": 0,
        "people": 0,
    }
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
    """The schools of a batch by name, the platform's own mail behind them."""
    return list(
        batch.parts.select_related("school")
        .defer("reactions", "chosen")
        .order_by(F("school__name").asc(nulls_last=True))[:limit]
    )
