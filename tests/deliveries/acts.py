"""Things that happen in a school, for tests of what it tells the platform."""

from datetime import datetime
from typing import Any

from shared_apps.deliveries.for_schools import count_from, publish
from tenant_apps.events.models import Reaction, ReactionState
from tenant_apps.gate.models import Scan
from tenant_apps.messaging.services import figures
from tenants.ids import new_id
from tenants.scope import school_scope
from tests.world import Cast


def tell(cast: Cast, now: datetime) -> None:
    """What the job does, at `now`."""
    since = count_from(cast.ref.id, now=now)
    with school_scope(cast.ref):
        told = figures.told(since=since, now=now)
    publish(told, school=cast.ref.id)


def seen_at_gate(cast: Cast, at: datetime) -> None:
    with school_scope(cast.ref):
        Scan.objects.create(
            id=new_id(), badge_code="X", learner=cast.learners[0], gate=cast.gates[0], asked="auto", direction="in",
            verdict="admitted", code="ok", answer_on_site=True, scanned_at=at, recorded_at=at, digest="x",
        )  # fmt: skip


def die(cast: Cast, *, handler: str, reason: str, at: datetime, **changed: Any) -> list[Any]:
    """Give up everything that waits for `handler`; the ids of it."""
    with school_scope(cast.ref):
        rows = Reaction.objects.filter(handler=handler, state=ReactionState.WAITING)
        ids = list(rows.values_list("id", flat=True))
        rows.update(state=ReactionState.DEAD, error=reason, done_at=at, attempts=8, **changed)
    return ids
