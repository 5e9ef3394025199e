"""Deliveries of the last hour and day over many schools, from counts that were added up as each school told."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import Count, Min, QuerySet, Sum

from shared_apps.deliveries.models import DeliveryCount, Trouble
from shared_apps.deliveries.rules import Waiting, rate, window
from shared_apps.groups.services import EVERYWHERE, within_reach
from tenants.actor import Actor

HOUR = timedelta(hours=1)
DAY = timedelta(hours=24)
DELIVER = "messaging.deliver"


@dataclass(frozen=True)
class Deliveries:
    """What went out and what failed since `since`; `reasons` are those of the failures, the commonest first."""

    since: datetime
    sent: int
    failed: int
    reasons: list[tuple[str, int]] = field(default_factory=list)
    channels: dict[str, tuple[int, int]] = field(default_factory=dict)

    @property
    def rate(self) -> float | None:
        return rate(self.sent, self.failed)


def _counts(actor: Actor, since: datetime) -> QuerySet[DeliveryCount]:
    """Everybody's sum for whoever reaches every school; else the counts of the schools within reach."""
    counts = DeliveryCount.objects.filter(starts__gte=since).exclude(count=0)
    if actor.roles & EVERYWHERE:
        return counts.filter(school=None)
    return counts.filter(school__in=within_reach(actor).values("pk"))


def deliveries(actor: Actor, *, span: timedelta, now: datetime) -> Deliveries:
    """The deliveries of the last `span` in the schools `actor` reaches. One statement."""
    since = window(now, span)
    rows = list(_counts(actor, since).values_list("channel", "reason").annotate(all=Sum("count")))
    reasons: Counter[str] = Counter()
    channels: dict[str, tuple[int, int]] = {}
    for channel, reason, count in rows:
        sent, failed = channels.get(channel, (0, 0))
        channels[channel] = (sent, failed + count) if reason else (sent + count, failed)
        if reason:
            reasons[reason] += count
    sent = sum(count for _channel, reason, count in rows if not reason)
    return Deliveries(since, sent, reasons.total(), reasons.most_common(), channels)


def by_hour(actor: Actor, *, now: datetime) -> list[tuple[datetime, int, int]]:
    """`(start of the hour, sent, failed)` of the last 24 hours in order, hours without any included."""
    last = now.replace(minute=0, second=0, microsecond=0)
    hours = [last - number * HOUR for number in range(23, -1, -1)]
    sent: Counter[datetime] = Counter()
    failed: Counter[datetime] = Counter()
    for starts, reason, count in _counts(actor, hours[0]).values_list("starts", "reason").annotate(all=Sum("count")):
        (failed if reason else sent)[starts.replace(minute=0)] += count
    return [(hour, sent[hour], failed[hour]) for hour in hours]


# -- what was given up or is tried again -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Cause:
    """Reactions of one handler in trouble for one reason, over how many schools, and since when the oldest."""

    handler: str
    reason: str
    count: int
    schools: int
    since: datetime


def causes(actor: Actor, state: str) -> list[Cause]:
    """Everything `dead` or `retrying` in the schools `actor` reaches, the most first. One statement."""
    rows = Trouble.objects.filter(state=state, school__in=within_reach(actor).values("pk")).values("handler", "reason")
    found = rows.annotate(all=Sum("count"), schools=Count("school"), oldest=Min("since"))
    found = found.order_by("-all", "handler", "reason")
    return [Cause(*row) for row in found.values_list("handler", "reason", "all", "schools", "oldest")]


def together(found: list[Cause], *, handler: str = "") -> Waiting:
    """How many there are in all, of one handler when it is named, and since when the oldest."""
    wanted = [cause for cause in found if not handler or cause.handler == handler]
    return Waiting(sum(cause.count for cause in wanted), min((cause.since for cause in wanted), default=None))
