"""The first thirty days of a school: when they begin, what it has done already, and when something is due."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Q, QuerySet

from shared_apps.deliveries.models import SchoolFigures
from shared_apps.deliveries.services.read import figures_of
from shared_apps.schools import rules
from shared_apps.schools.models import Milestone, Standing, Welcome
from shared_apps.workflows.models import RunState
from shared_apps.workflows.services import control, runs
from tenants.ask import Unavailable
from tenants.models import SchoolState

WORKFLOW = "schools.welcome"
BY = "system:welcome"
LOOKED_AT_FOR = timedelta(days=120)  # milestones reached later than that interest nobody
SEEN = {
    "class": Q(classes__gt=0),
    "roster": Q(active_learners__gt=0),
    "scan": ~Q(last_gate_activity=None),
    "delivery": Q(sent_week__gt=0),
}


def begin(run: UUID, now: datetime, *, by: str = BY) -> None:
    """The school of an onboarding is there: its first thirty days begin, once; those that were stopped go on."""
    made, new = runs.start(WORKFLOW, key=str(run), by=by, now=now)
    Welcome.objects.get_or_create(onboarding_id=run, defaults={"run": made, "started_at": made.created_at})
    if not new and made.state == RunState.CANCELLED:
        control.take_up(made.id, by=by, now=now)


def notice(*, now: datetime, only: UUID | None = None) -> int:
    """Write down what new schools were seen to have done for the first time; how much was looked through.

    A fixed number of statements, however many schools there are. An old figure proves it as well as a new one.
    """
    young = Welcome.objects.filter(started_at__gte=now - LOOKED_AT_FOR)
    found = _unwritten(young.filter(pk=only) if only else young)
    Milestone.objects.bulk_create(found, ignore_conflicts=True)
    return len(found)


def _unwritten(welcomes: QuerySet[Welcome]) -> list[Milestone]:
    """What the published figures show and nobody has written down yet."""
    found = []
    for name, seen in SEEN.items():
        missing = welcomes.exclude(milestones__name=name).values_list("onboarding__school", "pk")
        school_of = dict(missing)
        told = SchoolFigures.objects.filter(seen, school__in=school_of).values_list("school", "as_of")
        found += [Milestone(welcome_id=school_of[school], name=name, seen_at=at) for school, at in told]
    return found


def milestones(welcome: Welcome, *, now: datetime) -> dict[str, datetime]:
    """What a school has done for the first time, and when that was seen. A look alone: the clock writes it down."""
    young = Welcome.objects.filter(pk=welcome.pk, started_at__gte=now - LOOKED_AT_FOR)
    found = [*_unwritten(young), *welcome.milestones.all()]
    return {one.name: one.seen_at for one in found}


def reached(welcome: Welcome, name: str, *, now: datetime) -> bool | None:
    """Whether the school has done `name`; None when that is not known now."""
    notice(now=now, only=welcome.pk)
    if Milestone.objects.filter(welcome=welcome, name=name).exists():
        return True
    school = welcome.onboarding.school
    return None if isinstance(figures_of([school], now=now)[school], Unavailable) else False


def due(welcome: Welcome, after: timedelta, *, now: datetime) -> datetime:
    """When something is due `after` the start, the time in which the school was suspended not counted."""
    rows = Standing.objects.filter(school=welcome.onboarding.school).order_by("at", "id")
    changes = [(at, state == SchoolState.DISABLED) for at, state in rows.values_list("at", "state")]
    return welcome.started_at + after + rules.time_off(changes, since=welcome.started_at, now=now)
