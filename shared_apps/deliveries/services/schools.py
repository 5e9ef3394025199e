"""How the schools within reach are: live, onboarding, gone quiet, disabled, or not known. Decided by the database."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import Case, Count, Min, Q, QuerySet, Sum, Value, When

from shared_apps.deliveries.rules import STALE_AFTER, Life, Waiting, rate
from shared_apps.groups.services import within_reach
from tenants.actor import Actor
from tenants.models import School, SchoolState

ORDER = {life: place for place, life in enumerate(Life)}


@dataclass(frozen=True)
class Group:
    """Schools of one kind: how many, and their deliveries of seven days. `told` of them are known now."""

    life: Life
    count: int
    told: int
    sent: int
    failed: int

    @property
    def rate(self) -> float | None:
        return rate(self.sent, self.failed)


@dataclass(frozen=True)
class Overview:
    """All schools within reach at once. Sums are over those whose figures are known now."""

    groups: dict[Life, Group]
    by_state: dict[str, int]
    waiting: Waiting
    stuck: Waiting
    stuck_schools: int

    @property
    def total(self) -> int:
        return sum(self.by_state.values())

    @property
    def unknown(self) -> int:
        return self.groups[Life.UNKNOWN].count


def with_life(actor: Actor, *, now: datetime) -> QuerySet[School, Any]:
    """The schools `actor` reaches, each with its `life` and its `place` in the order of looking, figures joined."""
    known = Q(figures__as_of__gte=now - STALE_AFTER)
    quiet = Q(figures__quiet_days__gte=settings.QUIET_SCHOOL_DAYS)
    cases = (
        (Q(state=SchoolState.DISABLED), Life.DISABLED),
        (Q(state=SchoolState.PENDING), Life.ONBOARDING),
        (~known | Q(figures=None), Life.UNKNOWN),
        (Q(figures__last_gate_activity=None), Life.ONBOARDING),
        (quiet, Life.QUIET),
    )
    life = Case(*(When(when, then=Value(then)) for when, then in cases), default=Value(Life.LIVE))
    place = Case(*(When(when, then=Value(ORDER[then])) for when, then in cases), default=Value(ORDER[Life.LIVE]))
    found: QuerySet[School, Any] = within_reach(actor).annotate(life=life, place=place)
    return found.select_related("figures")


def overview(actor: Actor, *, now: datetime) -> Overview:
    """Counts and sums over the schools within reach, in one statement."""
    known = Q(figures__as_of__gte=now - STALE_AFTER)
    rows = list(
        with_life(actor, now=now)
        .order_by()
        .values("life", "state")
        .annotate(
            count=Count("pk"), told=Count("pk", filter=known), sent=Sum("figures__sent_week", filter=known),
            failed=Sum("figures__failed_week", filter=known), waiting=Sum("figures__waiting", filter=known),
            waiting_since=Min("figures__waiting_since", filter=known), stuck=Sum("figures__stuck", filter=known),
            stuck_since=Min("figures__stuck_since", filter=known),
            stuck_schools=Count("pk", filter=known & Q(figures__stuck__gt=0)),
        )
    )  # fmt: skip
    return Overview(
        {life: _group(life, [row for row in rows if row["life"] == life]) for life in Life},
        {state: _sum(rows, "count", state=state) for state in SchoolState.values},
        Waiting(_sum(rows, "waiting"), _oldest(rows, "waiting_since")),
        Waiting(_sum(rows, "stuck"), _oldest(rows, "stuck_since")),
        _sum(rows, "stuck_schools"),
    )


def _group(life: Life, rows: list[dict[str, Any]]) -> Group:
    return Group(life, *(_sum(rows, name) for name in ("count", "told", "sent", "failed")))


def _sum(rows: list[dict[str, Any]], name: str, **wanted: str) -> int:
    return sum(row[name] or 0 for row in rows if all(row[key] == value for key, value in wanted.items()))


def _oldest(rows: list[dict[str, Any]], name: str) -> datetime | None:
    return min((row[name] for row in rows if row[name]), default=None)
