"""Deliveries of the last hour and day over many schools, from counts that were added up as each school told."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import Count, Min, Sum

from shared_apps.deliveries.models import DeliveryCount, Trouble
from shared_apps.deliveries.rules import Waiting, rate, window
from shared_apps.deliveries.services.places import POST, sees_post
from shared_apps.groups.services import EVERYWHERE, within_reach
from shared_apps.post.services import dead
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


@dataclass(frozen=True)
class LastDay:
    """The delivery counts of the last day, read once; everything else about deliveries is added up from them."""

    now: datetime
    rows: list[tuple[datetime, str, str, int]]  # slot, channel, reason, how many

    def within(self, span: timedelta) -> Deliveries:
        """The deliveries of the last `span`, a day at most."""
        since = window(self.now, span)
        reasons: Counter[str] = Counter()
        sent: Counter[str] = Counter()
        failed: Counter[str] = Counter()
        for starts, channel, reason, count in self.rows:
            if starts >= since:
                (failed if reason else sent)[channel] += count
                reasons[reason] += count
        channels = {channel: (sent[channel], failed[channel]) for channel in sent | failed}
        del reasons[""]
        return Deliveries(since, sent.total(), failed.total(), reasons.most_common(), channels)

    def by_hour(self) -> list[tuple[datetime, int, int]]:
        """`(start, sent, failed)` of each hour of the last day in order, hours without any included.

        Exactly what `within(DAY)` counts: 25 parts, of which the first begins where the day does and the last is now.
        """
        since, last = window(self.now, DAY), self.now.replace(minute=0, second=0, microsecond=0)
        sent: Counter[datetime] = Counter()
        failed: Counter[datetime] = Counter()
        for starts, _channel, reason, count in self.rows:
            if starts >= since:  # told beside this reading, a slot may begin after `now`
                (failed if reason else sent)[min(starts.replace(minute=0), last)] += count
        hours = [last - number * HOUR for number in range(24, -1, -1)]
        return [(max(hour, since), sent[hour], failed[hour]) for hour in hours]


def last_day(actor: Actor, *, now: datetime) -> LastDay:
    """The deliveries in the schools `actor` reaches: everybody's sum for who reaches every school. One statement."""
    counts = DeliveryCount.objects.filter(starts__gte=window(now, DAY)).exclude(count=0)
    if actor.roles & EVERYWHERE:
        return LastDay(now, list(counts.filter(school=None).values_list("starts", "channel", "reason", "count")))
    within = counts.filter(school__in=within_reach(actor).values("pk")).values_list("starts", "channel", "reason")
    return LastDay(now, list(within.annotate(all=Sum("count"))))


# -- what was given up or is tried again -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Cause:
    """Reactions of one handler in trouble for one reason, over how many schools, and since when the oldest.

    Over no school at all: mail of the platform's own.
    """

    handler: str
    reason: str
    count: int
    schools: int
    since: datetime


def troubles(actor: Actor) -> dict[str, list[Cause]]:
    """Everything `dead` and everything `retrying` in the schools `actor` reaches, the most first. Two statements.

    Mail of the platform's own that was given up stands among the dead, of no school.
    """
    rows = Trouble.objects.filter(school__in=within_reach(actor).values("pk")).values("state", "handler", "reason")
    found = rows.annotate(all=Sum("count"), schools=Count("school"), oldest=Min("since"))
    told: dict[str, list[Cause]] = {"dead": [], "retrying": []}
    for state, *cause in found.order_by("-all", "handler", "reason").values_list(
        "state", "handler", "reason", "all", "schools", "oldest"
    ):
        told[state].append(Cause(*cause))
    if sees_post(actor):
        told["dead"] += [Cause(POST, reason, count, 0, since) for reason, count, since in dead.causes()]
        told["dead"].sort(key=lambda cause: -cause.count)
    return told


def together(found: list[Cause], *, handler: str = "") -> Waiting:
    """How many there are in all, of one handler when it is named, and since when the oldest."""
    wanted = [cause for cause in found if not handler or cause.handler == handler]
    return Waiting(sum(cause.count for cause in wanted), min((cause.since for cause in wanted), default=None))
