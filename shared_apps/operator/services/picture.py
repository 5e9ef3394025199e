"""What the console and the health page show, read in a fixed number of statements, none of them per school."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.conf import settings

from shared_apps.audit.services import count_of
from shared_apps.deliveries.rules import Waiting
from shared_apps.deliveries.services import schools as lives
from shared_apps.deliveries.services import totals
from shared_apps.deliveries.services.providers import Provider, providers
from shared_apps.deliveries.services.totals import Cause, Deliveries
from shared_apps.groups.services import EVERYWHERE
from shared_apps.identity.services.refusals import Refused, refused
from tenants.actor import Actor
from tenants.jobs import last_beat

SWEEP = "events.sweep"  # ends every minute while the background work runs
PROVISIONER = "provisioner"  # the process that builds new schools; says so every few seconds
HOUR, DAY = timedelta(hours=1), timedelta(hours=24)
SIGN_IN_FAILED = "identity.sign_in_failed"


@dataclass(frozen=True)
class Picture:
    """The schools within the reader's reach at one moment. `beat`: when the background work last went round,
    `provisioner_beat`: when what builds new schools did.

    `dead_then`: what schools that are silent now told last to be dead.
    """

    actor: Actor
    now: datetime
    schools: lives.Overview
    hour: Deliveries
    day: Deliveries
    by_hour: list[tuple[datetime, int, int]]
    dead: list[Cause]
    dead_then: list[Cause]
    retrying: list[Cause]
    providers: list[Provider]
    beat: datetime | None
    provisioner_beat: datetime | None

    @property
    def working(self) -> bool:
        """Whether the background work runs; without it every figure grows old."""
        return self._lately(self.beat)

    @property
    def provisioning(self) -> bool:
        """Whether what builds new schools runs, by the measure of preflight."""
        return self._lately(self.provisioner_beat)

    @property
    def healthy(self) -> bool:
        return self.working and self.provisioning

    def _lately(self, beat: datetime | None) -> bool:
        return beat is not None and self.now - beat <= timedelta(seconds=settings.WORKER_STALE_SECONDS)

    @property
    def to_review(self) -> Waiting | None:
        """Deliveries that were given up and that nobody has replayed or discarded; None when no school told."""
        return totals.together(self.dead, handler=totals.DELIVER) if self.schools.known else None

    @property
    def to_review_then(self) -> Waiting:
        return totals.together(self.dead_then, handler=totals.DELIVER)

    @property
    def all_dead(self) -> Waiting | None:
        """None when no school told and the platform's own mail, which is always known, has none."""
        return totals.together(self.dead) if self.schools.known or self.dead else None

    @property
    def all_dead_then(self) -> Waiting:
        return totals.together(self.dead_then)


def picture(actor: Actor, *, now: datetime) -> Picture:
    schools, troubles = lives.overview(actor, now=now), totals.troubles(actor, now=now)
    day = totals.last_day(actor, now=now, known=schools.known)
    return Picture(
        actor=actor,
        now=now,
        schools=schools,
        hour=day.within(totals.HOUR),
        day=day.within(totals.DAY),
        by_hour=day.by_hour(),
        dead=troubles["dead"],
        dead_then=troubles["dead_then"],
        retrying=troubles["retrying"],
        providers=[
            replace(one, last_sent=day.last(one.channel, sent=True), last_failed=day.last(one.channel, sent=False))
            for one in providers()
        ],
        beat=last_beat(SWEEP),
        provisioner_beat=last_beat(PROVISIONER),
    )


def refused_sign_ins(actor: Actor, *, now: datetime, span: timedelta = HOUR) -> Refused | None:
    """Tries the throttle refused unlooked at: in no count of the failed ones. None for those who reach a part."""
    return refused(since=now - span, until=now) if actor.roles & EVERYWHERE else None


def failed_sign_ins(actor: Actor, *, now: datetime, span: timedelta = HOUR) -> int | None:
    """As the history has them, which proves the figure. Of the whole platform, so None for those who reach a part."""
    return count_of(SIGN_IN_FAILED, since=now - span, until=now) if actor.roles & EVERYWHERE else None
