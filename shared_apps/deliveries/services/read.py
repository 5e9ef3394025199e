"""Reading what schools told: figures of one school or of many, in a fixed number of statements. Unknown is said."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from shared_apps.deliveries.models import SchoolFigures
from shared_apps.deliveries.rules import Figures, Waiting, fresh
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
    )  # fmt: skip
