"""Deliveries of the last hour and day over many schools, from counts that were added up as each school told."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import Case, Count, Min, Q, Sum, Value, When

from shared_apps.deliveries.models import DeliveryCount, Trouble
from shared_apps.deliveries.rules import STALE_AFTER, Waiting, rate, window
from shared_apps.deliveries.services.places import POST, sees_post
from shared_apps.groups.services import EVERYWHERE, within_reach
from shared_apps.post.services import dead
from tenants.actor import Actor

HOUR = timedelta(hours=1)
DAY = timedelta(hours=24)
DELIVER = "messaging.deliver"


@dataclass(frozen=True)
class Deliveries:
    """What went out and what failed since `since`; `reasons` are those of the failures, the commonest first.

    None where nobody knows.
    """

    since: datetime
    sent: int | None
    failed: int | None
    reasons: list[tuple[str, int]] = field(default_factory=list)
    channels: dict[str, "Deliveries"] = field(default_factory=dict)

    @property
    def known(self) -> bool:
        return self.sent is not None

    @property
    def rate(self) -> float | None:
        return None if self.sent is None or self.failed is None else rate(self.sent, self.failed)

    def over(self, channel: str) -> "Deliveries":
        """The part that went over one channel."""
        none = 0 if self.known else None
        return self.channels.get(channel) or Deliveries(self.since, none, none)


@dataclass(frozen=True)
class LastDay:
    """The delivery counts of the last day, read once; everything else about deliveries is added up from them.

    `known`: whether any school told lately; without one nothing is said about deliveries.
    """

    now: datetime
    rows: list[tuple[datetime, str, str, int]]  # slot, channel, reason, how many
    known: bool = True

    def within(self, span: timedelta) -> Deliveries:
        """The deliveries of the last `span`, a day at most."""
        since = window(self.now, span)
        if not self.known:
            return Deliveries(since, None, None)
        reasons: Counter[str] = Counter()
        sent: Counter[str] = Counter()
        failed: Counter[str] = Counter()
        for starts, channel, reason, count in self.rows:
            if starts >= since:
                (failed if reason else sent)[channel] += count
                reasons[reason] += count
        channels = {channel: Deliveries(since, sent[channel], failed[channel]) for channel in sent | failed}
        del reasons[""]
        return Deliveries(since, sent.total(), failed.total(), reasons.most_common(), channels)

    def last(self, channel: str, *, sent: bool) -> datetime | None:
        """The slot of the day in which something last went out over a channel, or last failed; None without any."""
        return max((row[0] for row in self.rows if row[1] == channel and bool(row[2]) is not sent), default=None)

    def by_hour(self) -> list[tuple[datetime, int, int]]:
        """`(start, sent, failed)` of each hour of the last day in order, hours without any included.

        Exactly what `within(DAY)` counts: 25 parts, of which the first begins where the day does and the last is now.
        Empty when it is not known.
        """
        if not self.known:
            return []
        since, last = window(self.now, DAY), self.now.replace(minute=0, second=0, microsecond=0)
        sent: Counter[datetime] = Counter()
        failed: Counter[datetime] = Counter()
        for starts, _channel, reason, count in self.rows:
            if starts >= since:  # told beside this reading, a slot may begin after `now`
                (failed if reason else sent)[min(starts.replace(minute=0), last)] += count
        hours = [last - number * HOUR for number in range(24, -1, -1)]
        return [(max(hour, since), sent[hour], failed[hour]) for hour in hours]


def last_day(actor: Actor, *, now: datetime, known: bool) -> LastDay:
    """The deliveries in the schools `actor` reaches: everybody's sum for who reaches every school. One statement."""
    if not known:
        return LastDay(now, [], known=False)
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


def troubles(actor: Actor, *, now: datetime | None = None) -> dict[str, list[Cause]]:
    """Everything `dead` and everything `retrying` in the schools `actor` reaches, the most first. Two statements.

    Mail of the platform's own that was given up stands among the dead, of no school. With `now`, what was told by
    schools that are silent since stands apart, as `dead_then` and `retrying_then`: nobody knows whether it still holds.
    """
    rows = Trouble.objects.filter(school__in=within_reach(actor).values("pk"))
    lately = Q(school__figures__as_of__gte=now - STALE_AFTER) if now else ~Q(pk=None)
    kinds = rows.annotate(when=Case(When(lately, then=Value("")), default=Value("_then")))
    found = kinds.values("state", "handler", "reason", "when").annotate(
        all=Sum("count"), schools=Count("school"), oldest=Min("since")
    )
    told: dict[str, list[Cause]] = {"dead": [], "retrying": [], "dead_then": [], "retrying_then": []}
    for state, when, *cause in found.order_by("-all", "handler", "reason").values_list(
        "state", "when", "handler", "reason", "all", "schools", "oldest"
    ):
        told[state + when].append(Cause(*cause))
    if sees_post(actor):
        told["dead"] += [Cause(POST, reason, count, 0, since) for reason, count, since in dead.causes()]
        told["dead"].sort(key=lambda cause: -cause.count)
    return told


def together(found: list[Cause], *, handler: str = "") -> Waiting:
    """How many there are in all, of one handler when it is named, and since when the oldest."""
    wanted = [cause for cause in found if not handler or cause.handler == handler]
    return Waiting(sum(cause.count for cause in wanted), min((cause.since for cause in wanted), default=None))
