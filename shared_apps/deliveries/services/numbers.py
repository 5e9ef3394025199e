"""What all schools together told about their lanes and dead letters, for machines. No school in any of it."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Min, Q, Sum

from shared_apps.deliveries.models import LaneDepth, SchoolFigures, Trouble
from shared_apps.deliveries.rules import STALE_AFTER
from tenants.lanes import Lane
from tenants.models import School, SchoolState

KINDS = ("waiting", "stuck", "dead")


@dataclass(frozen=True)
class Numbers:
    """`schools`: how many told lately and how many did not. The rest is over the former; empty when there are none.

    `oldest` and `lane_oldest` are ages in seconds, without those of which there are none.
    """

    schools: dict[str, int]
    reactions: dict[str, int]
    oldest: dict[str, float]
    lanes: dict[str, int]
    lane_oldest: dict[str, float]
    dead: dict[str, int]  # by handler


def numbers(now: datetime) -> Numbers:
    """Four statements, however many schools there are."""
    fresh = now - STALE_AFTER
    schools = School.objects.exclude(state=SchoolState.DISABLED).aggregate(
        all=Count("pk"), known=Count("pk", filter=Q(figures__as_of__gte=fresh))
    )
    told = {"known": schools["known"], "unknown": schools["all"] - schools["known"]}
    sums = {kind: Sum(kind) for kind in KINDS} | {f"{kind}_oldest": Min(f"{kind}_since") for kind in KINDS}
    one = SchoolFigures.objects.filter(as_of__gte=fresh).aggregate(**sums)
    if one["dead"] is None:  # nobody told: nothing is known
        return Numbers(told, {}, {}, {}, {}, {})
    rows = LaneDepth.objects.filter(school__figures__as_of__gte=fresh).values_list("lane")
    depths = {lane: (count, since) for lane, count, since in rows.annotate(Sum("count"), Min("since"))}
    dead = Trouble.objects.filter(state="dead", school__figures__as_of__gte=fresh).values_list("handler")
    return Numbers(
        schools=told,
        reactions={kind: one[kind] for kind in KINDS},
        oldest={kind: _age(one[f"{kind}_oldest"], now) for kind in KINDS if one[f"{kind}_oldest"]},
        lanes={lane.value: depths.get(lane.value, (0, None))[0] for lane in Lane},
        lane_oldest={lane: _age(since, now) for lane, (_, since) in depths.items()},
        dead=dict(dead.annotate(Sum("count"))),
    )


def _age(since: datetime, now: datetime) -> float:
    return max(0.0, (now - since).total_seconds())
