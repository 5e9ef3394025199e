"""What Today answers: who is here, who left, who is missing, and what needs somebody."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from tenant_apps.attendance.models import Mark
from tenant_apps.attendance.services.overview import Progress, marked_away, progress, seen_not_in_class
from tenant_apps.gate.models import Presence, Scan
from tenant_apps.gate.rules import day_bounds, local_day
from tenant_apps.gate.services.flow import flow_of
from tenant_apps.people.models import Learner, LearnerState
from tenant_apps.people.services.calendar import is_school_day
from tenant_apps.people.services.profile import profile
from tenant_apps.roster.rules import Chart, chart
from tenants.actor import Actor
from tenants.current import current_school

LAST_MOVEMENTS = 10


@dataclass(frozen=True)
class Tally:
    """Where the learners are. `away` were marked so and not seen; of `unseen` nothing is known."""

    on_site: int
    enrolled: int
    left: int
    away: int
    unseen: int


@dataclass(frozen=True)
class Today:
    day: date
    school_day: bool
    after_bell: bool
    tally: Tally
    chart: Chart
    flow: list[tuple[object, int, int]]
    movements: list[Scan]
    not_in_class: list[Mark]
    open_registers: list[Progress]


def today(actor: Actor, *, now: datetime) -> Today:
    """The whole page in a dozen statements, none of them per learner."""
    zone = current_school().zone
    day = local_day(now, zone)
    school_day = is_school_day(day)
    after_bell = now.astimezone(zone).time() > profile().bell
    late = progress(actor, day) if school_day and after_bell else []
    flow = flow_of(day)
    return Today(
        day=day, school_day=school_day, after_bell=after_bell, tally=tally(day), chart=chart(flow), flow=[*flow],
        movements=movements(day, limit=LAST_MOVEMENTS), not_in_class=seen_not_in_class(day),
        open_registers=[one for one in late if one.learners and not one.submitted],
    )  # fmt: skip


def tally(day: date) -> Tally:
    """Presence decides who is on site, whatever a register says (law.md A10)."""
    first, after = day_bounds(day, current_school().zone)
    rows = Presence.objects.filter(since__gte=first, since__lt=after).values_list("learner", "on_site")
    seen: dict[UUID, bool] = dict(rows)
    enrolled = set(Learner.objects.filter(state=LearnerState.ACTIVE).values_list("id", flat=True))
    away = (marked_away(day) & enrolled) - seen.keys()
    return Tally(
        on_site=sum(seen.values()), enrolled=len(enrolled), left=len(seen) - sum(seen.values()), away=len(away),
        unseen=len(enrolled - seen.keys() - away),
    )  # fmt: skip


def movements(day: date, *, learner: Learner | None = None, limit: int = 100) -> list[Scan]:
    """A day's scans, refused ones too, the newest first."""
    first, after = day_bounds(day, current_school().zone)
    found = Scan.objects.filter(scanned_at__gte=first, scanned_at__lt=after)
    if learner is not None:
        found = found.filter(learner=learner)
    return list(found.select_related("learner__class_group", "gate").order_by("-scanned_at", "-id")[:limit])
