"""Reading what schools told: figures of one school or of many, in a fixed number of statements. Unknown is said."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from shared_apps.deliveries.models import DeadLetter, SchoolFigures, Trouble
from shared_apps.deliveries.rules import Figures, Letter, TroubleCount, Waiting, fresh
from tenants.ask import Unavailable

NEVER_TOLD = "never_told"
TOLD_TOO_LONG_AGO = "stale"


def figures_of(schools: Iterable[UUID], *, now: datetime) -> dict[UUID, Figures | Unavailable]:
    """Each school's figures, or Unavailable (`never_told`, `stale`) for what is not known now. One statement."""
    wanted = list(schools)
    rows = {row.school_id: row for row in SchoolFigures.objects.filter(school__in=wanted)}
    return {school: _known(rows.get(school), now) for school in wanted}


def last_known(school: UUID) -> Figures | None:
    """What this school told last, however long ago: to be shown greyed, with its time."""
    row = SchoolFigures.objects.filter(school=school).first()
    return plain(row) if row else None


def troubles_of(school: UUID) -> list[TroubleCount]:
    """What this school gave up or tries again, as it told last: kinds and codes, the most first."""
    rows = Trouble.objects.filter(school=school).order_by("state", "-count", "handler", "reason")
    return [TroubleCount(row.state, row.handler, row.reason, row.count, row.since) for row in rows]


def last_errors_of(school: UUID, *, limit: int) -> list[Letter]:
    """The newest dead letters this school told of."""
    rows = DeadLetter.objects.filter(school=school).order_by("-died_at", "-id")[:limit]
    return [
        Letter(
            id=row.reaction, handler=row.handler, kind=row.kind, reason=row.reason, attempts=row.attempts,
            happened_at=row.happened_at, died_at=row.died_at, expires_at=row.expires_at,
        )
        for row in rows
    ]  # fmt: skip


def _known(row: SchoolFigures | None, now: datetime) -> Figures | Unavailable:
    if row is None:
        return Unavailable(NEVER_TOLD)
    return plain(row) if fresh(row.as_of, now) else Unavailable(TOLD_TOO_LONG_AGO)


def plain(row: SchoolFigures) -> Figures:
    return Figures(
        as_of=row.as_of, learners=row.learners, active_learners=row.active_learners, classes=row.classes,
        staff=row.staff, last_gate_activity=row.last_gate_activity, quiet_days=row.quiet_days,
        sent_week=row.sent_week, failed_week=row.failed_week, waiting=Waiting(row.waiting, row.waiting_since),
        stuck=Waiting(row.stuck, row.stuck_since), dead=Waiting(row.dead, row.dead_since),
        gate_days=row.gate_days, gate_days_used=row.gate_days_used,
    )  # fmt: skip
