"""How the schools within reach are: live, onboarding, gone quiet, disabled, or not known. Decided by the database."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import Case, Count, Max, Min, Q, QuerySet, Sum, Value, When

from shared_apps.deliveries.rules import STALE_AFTER, Life, Waiting, rate
from shared_apps.groups.services import within_reach
from tenants.actor import Actor
from tenants.models import School, SchoolState

ORDER = {life: place for place, life in enumerate(Life)}


@dataclass(frozen=True)
class Group:
    """Schools of one kind: how many, and the deliveries in seven days of those `told` of them that are known now.

    None where there are schools and not one is known: nobody can say that they sent nothing.
    """

    life: Life
    count: int
    told: int
    sent: int | None
    failed: int | None

    @property
    def known(self) -> bool:
        return self.sent is not None

    @property
    def rate(self) -> float | None:
        return None if self.sent is None or self.failed is None else rate(self.sent, self.failed)


@dataclass(frozen=True)
class Overview:
    """All schools within reach at once. Sums are over those whose figures are known now; None when not one is.

    `stuck_schools`: those the stuck work is in. `last_told`: when any of them told last, however long ago.
    """

    groups: dict[Life, Group]
    by_state: dict[str, int]
    waiting: Waiting | None
    stuck: Waiting | None
    stuck_schools: int
    last_told: datetime | None

    @property
    def total(self) -> int:
        return sum(self.by_state.values())

    @property
    def told(self) -> int:
        """How many of them are known now."""
        return sum(group.told for group in self.groups.values())

    @property
    def known(self) -> bool:
        """Whether anything can be said at all: somebody told, or there is nobody who could."""
        return bool(self.told or not self.total)

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
            stuck_schools=Count("pk", filter=known & Q(figures__stuck__gt=0)), last_told=Max("figures__as_of"),
        )
    )  # fmt: skip
    return Overview(
        groups={life: _group(life, [row for row in rows if row["life"] == life]) for life in Life},
        by_state={state: _sum(rows, "count", state=state) for state in SchoolState.values},
        waiting=_work(rows, "waiting"),
        stuck=_work(rows, "stuck"),
        stuck_schools=_sum(rows, "stuck_schools"),
        last_told=max((row["last_told"] for row in rows if row["last_told"]), default=None),
    )


def _group(life: Life, rows: list[dict[str, Any]]) -> Group:
    count, told = _sum(rows, "count"), _sum(rows, "told")
    if count and not told:
        return Group(life, count, 0, None, None)
    return Group(life, count, told, _sum(rows, "sent"), _sum(rows, "failed"))


def _work(rows: list[dict[str, Any]], name: str) -> Waiting | None:
    """None when there are schools and nobody told."""
    told = _sum(rows, "told") or not rows
    return Waiting(_sum(rows, name), _oldest(rows, f"{name}_since")) if told else None


def _sum(rows: list[dict[str, Any]], name: str, **wanted: str) -> int:
    return sum(row[name] or 0 for row in rows if all(row[key] == value for key, value in wanted.items()))


def _oldest(rows: list[dict[str, Any]], name: str) -> datetime | None:
    return min((row[name] for row in rows if row[name]), default=None)
