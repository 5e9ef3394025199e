"""Where a batch of dead letters stands: who may see it, how far it is, and what became of its letters."""

from typing import Any
from uuid import UUID

from django.db.models import BooleanField, Count, ExpressionWrapper, F, Q, QuerySet, Sum

from shared_apps.deliveries.models import Batch, BatchPart, PartState
from shared_apps.deliveries.services.places import sees_post
from shared_apps.groups.services import within_reach
from tenants.actor import Actor
from tenants.problems import not_found

# Shares that were counted and, once it came to doing it, did not say what became of them.
UNHEARD = Q(outcome={}) & ~Q(reactions=[])


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
    """How far a batch is: its parts (`schools`; `places` without the platform's own mail), those counted and done, and
    the sums of what was counted.

    `failed` could not be asked. Those of them that failed only when it was done are `unsure`: it may have happened.
    `unheard` did it and could not say what became of it. `beyond`: how many more there are than one batch takes.
    """
    rows = batch.parts.order_by().values("state").annotate(
        told_fresh=Sum("fresh"), told_expired=Sum("expired"), told_beyond=Sum("beyond"),
        told_people=Sum("people"), schools=Count("pk"), places=Count("school"), unheard=Count("pk", filter=UNHEARD),
    )  # fmt: skip
    found: list[Any] = list(rows)

    def total(name: str, *states: str) -> int:
        return sum(row[name] for row in found if row["state"] in (states or PartState.values))

    return {
        "places": total("places"), "schools": total("schools"),
        "counted": total("schools", PartState.COUNTED, PartState.ACTED, PartState.FAILED),
        "acted": total("schools", PartState.ACTED, PartState.FAILED), "failed": total("schools", PartState.FAILED),
        "unsure": total("unheard", PartState.FAILED), "unheard": total("unheard", PartState.ACTED),
        "fresh": total("told_fresh"), "expired": total("told_expired"), "beyond": total("told_beyond"),
        "people": total("told_people"),
    }  # fmt: skip


def is_chosen(batch: Batch) -> bool:
    """Whether somebody named its letters one by one. Otherwise it holds all of its cause, or simply all."""
    return batch.parts.exclude(chosen=None).exists()


def outcome(batch: Batch) -> dict[str, int]:
    """What became of the letters of a batch: how many are in each state, as it was last asked."""
    found: dict[str, int] = {}
    for states in batch.parts.filter(state=PartState.ACTED).values_list("outcome", flat=True):
        for state, count in states.items():
            found[state] = found.get(state, 0) + count
    return found


def parts(batch: Batch, *, limit: int) -> list[BatchPart]:
    """The schools of a batch by name, the platform's own mail behind them."""
    unsure = ExpressionWrapper(Q(state=PartState.FAILED) & UNHEARD, output_field=BooleanField())
    return list(
        batch.parts.select_related("school")
        .annotate(unsure=unsure)
        .defer("reactions", "chosen")
        .order_by(F("school__name").asc(nulls_last=True))[:limit]
    )
