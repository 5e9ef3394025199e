"""What the school tells the platform about itself: counts, codes and times. No name, no text of a message."""

from datetime import date, datetime, timedelta
from typing import Any

from django.db import connections
from django.db.models import Count, Max, Min, Q
from django.db.models.functions import Left

from shared_apps.deliveries.for_schools import (
    LETTERS_TOLD,
    SLOT,
    WEEK,
    Figures,
    LaneDepth,
    Letter,
    Outcomes,
    Told,
    TroubleCount,
    Waiting,
)
from tenant_apps.events.models import Event, Reaction, ReactionState
from tenant_apps.events.services.dead_letters import TOLD_REASON
from tenant_apps.gate.models import Flow, Scan
from tenant_apps.gate.rules import local_day
from tenant_apps.people.models import AcademicYear, ClassGroup, Learner, LearnerState, Staff
from tenant_apps.people.services.calendar import school_days
from tenant_apps.people.services.profile import profile
from tenants.current import current_school

SENT, FAILED = "messaging.message_sent", "messaging.delivery_failed"
STUCK_AFTER = timedelta(minutes=15)  # due for so long and still not done
LOOKED_BACK = timedelta(days=400)  # for school days without anybody at the gate
GATE_DAYS = 10
GATE_LOOKED_BACK = timedelta(days=70)  # ten school days, with the longest holidays between them

# By the school's history, whose index finds them: a delivery's row does not say when it failed.
OUTCOMES = """
SELECT date_bin(%s::interval, at, 'epoch'::timestamptz), body::jsonb -> 'facts' ->> 'channel',
       left(coalesce(body::jsonb -> 'facts' ->> 'reason', ''), %s), count(*)
FROM events_event WHERE kind = ANY(%s) AND at >= %s GROUP BY 1, 2, 3
"""


def told(*, since: datetime, now: datetime) -> Told:
    """Everything the open school tells, its deliveries counted from `since` on. A dozen statements, none per person."""
    return Told(figures(now), since, outcomes(since), troubles(), letters(), lanes())


def figures(now: datetime) -> Figures:
    last = Scan.objects.aggregate(last=Max("scanned_at"))["last"]
    learners = Learner.objects.aggregate(all=Count("id"), active=Count("id", filter=Q(state=LearnerState.ACTIVE)))
    week = Event.objects.filter(at__gte=now - WEEK)
    days = gate_days(now)
    return Figures(
        as_of=now,
        learners=learners["all"],
        active_learners=learners["active"],
        classes=ClassGroup.objects.filter(year=_year(now)).count(),
        staff=Staff.objects.filter(active=True).count(),
        last_gate_activity=last,
        quiet_days=quiet_days(last, now) if last else None,
        sent_week=week.filter(kind=SENT).count(),
        failed_week=week.filter(kind=FAILED).count(),
        waiting=_waiting(Reaction.objects.filter(state=ReactionState.WAITING), "event__recorded_at"),
        stuck=_waiting(_stuck(now), "next_at"),
        dead=_waiting(Reaction.objects.filter(state=ReactionState.DEAD), "done_at"),
        gate_days=len(days),
        gate_days_used=Flow.objects.filter(day__in=days).values("day").distinct().count(),
    )


def _year(now: datetime) -> AcademicYear | None:
    """The school year of today, or the last one before it."""
    year = local_day(now, current_school().zone).year
    found: AcademicYear | None = AcademicYear.objects.filter(year__lte=year).order_by("-year").first()
    return found


def quiet_days(last: datetime, now: datetime) -> int:
    """The school's own days gone by since the day of `last`; today is one of them once the school has closed."""
    final = _last_whole_day(now)
    first = max(local_day(last, current_school().zone) + timedelta(days=1), final - LOOKED_BACK)
    return len(school_days(first, final)) if first <= final else 0


def gate_days(now: datetime) -> list[date]:
    """The school's own last ten days that are over, none from before it was here."""
    begun, final = Event.objects.order_by("id").first(), _last_whole_day(now)
    if begun is None:
        return []
    first = max(local_day(begun.at, current_school().zone), final - GATE_LOOKED_BACK)
    return school_days(first, final)[-GATE_DAYS:] if first <= final else []


def _last_whole_day(now: datetime) -> date:
    """Today once the school has closed, yesterday before."""
    local = now.astimezone(current_school().zone)
    return local.date() if local.time() > profile().close_time else local.date() - timedelta(days=1)


def _stuck(now: datetime) -> Any:
    nobody = Q(state=ReactionState.WAITING) | Q(state=ReactionState.RUNNING, leased_until__lt=now)
    return Reaction.objects.filter(nobody, next_at__lt=now - STUCK_AFTER)


def _waiting(rows: Any, since: str) -> Waiting:
    found = rows.aggregate(count=Count("id"), since=Min(since))
    return Waiting(found["count"], found["since"])


def outcomes(since: datetime) -> list[Outcomes]:
    """What went out and what failed from `since` on, by slot, channel and reason."""
    with connections[current_school().alias].cursor() as cursor:
        cursor.execute(OUTCOMES, [f"{SLOT.total_seconds()} seconds", TOLD_REASON, [SENT, FAILED], since])
        return [Outcomes(*row) for row in cursor.fetchall()]


def lanes() -> list[LaneDepth]:
    """What waits in each lane that something waits in."""
    rows = Reaction.objects.filter(state=ReactionState.WAITING).values("lane")
    found = rows.annotate(count=Count("id"), since=Min("event__recorded_at"))
    return [LaneDepth(one["lane"], one["count"], one["since"]) for one in found]


def troubles() -> list[TroubleCount]:
    """What was given up, and what failed and waits for another try, counted by handler and reason."""
    dead, retrying = Q(state=ReactionState.DEAD), Q(state=ReactionState.WAITING, attempts__gt=0)
    found = []
    for name, which, since in (("dead", dead, "done_at"), ("retrying", retrying, "event__recorded_at")):
        rows = Reaction.objects.filter(which).annotate(cause=Left("error", TOLD_REASON)).values("handler", "cause")
        for one in rows.annotate(count=Count("id"), since=Min(since)):
            found.append(TroubleCount(name, one["handler"], one["cause"], one["count"], one["since"]))
    return found


def letters() -> list[Letter]:
    """The newest of the dead."""
    dead = Reaction.objects.filter(state=ReactionState.DEAD).select_related("event").order_by("-done_at", "-id")
    return [
        Letter(
            id=row.id, handler=row.handler, kind=row.event.kind, reason=row.error[:TOLD_REASON], attempts=row.attempts,
            happened_at=row.event.at, died_at=row.done_at, expires_at=row.expires_at,
        )
        for row in dead[:LETTERS_TOLD]
    ]  # fmt: skip
