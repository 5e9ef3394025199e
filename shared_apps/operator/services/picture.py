"""What the console and the health page show, read in a fixed number of statements, none of them per school."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings

from shared_apps.deliveries.rules import Waiting
from shared_apps.deliveries.services import schools as lives
from shared_apps.deliveries.services import totals
from shared_apps.deliveries.services.totals import Cause, Deliveries
from shared_apps.groups.services import EVERYWHERE
from shared_apps.identity.services.throttle import failures_since
from shared_apps.operator.services.providers import Provider, providers
from tenants.actor import Actor
from tenants.jobs import last_beat

SWEEP = "events.sweep"  # ends every minute while the background work runs
HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Picture:
    """The schools within the reader's reach at one moment. `beat`: when the background work last went round."""

    actor: Actor
    now: datetime
    schools: lives.Overview
    hour: Deliveries
    day: Deliveries
    dead: list[Cause]
    retrying: list[Cause]
    providers: list[Provider]
    beat: datetime | None

    @property
    def working(self) -> bool:
        """Whether the background work runs; without it every figure grows old."""
        limit = timedelta(seconds=settings.WORKER_STALE_SECONDS)
        return self.beat is not None and self.now - self.beat <= limit

    @property
    def to_review(self) -> Waiting:
        """Deliveries that were given up and that nobody has replayed or discarded."""
        return totals.together(self.dead, handler=totals.DELIVER)

    @property
    def all_dead(self) -> Waiting:
        return totals.together(self.dead)


def picture(actor: Actor, *, now: datetime) -> Picture:
    return Picture(
        actor=actor,
        now=now,
        schools=lives.overview(actor, now=now),
        hour=totals.deliveries(actor, span=totals.HOUR, now=now),
        day=totals.deliveries(actor, span=totals.DAY, now=now),
        dead=totals.causes(actor, "dead"),
        retrying=totals.causes(actor, "retrying"),
        providers=providers(),
        beat=last_beat(SWEEP),
    )


def failed_sign_ins(actor: Actor, *, now: datetime, span: timedelta = HOUR) -> int | None:
    """Of the whole platform, so None for those who reach only some of its schools."""
    return failures_since(now - span) if actor.roles & EVERYWHERE else None
