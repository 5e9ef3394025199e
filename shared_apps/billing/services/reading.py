"""A month as finance reads it: the total first, then the schools by name."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery, Sum

from shared_apps.billing.models import Adjustment, ClosedCount, ClosedMonth, LearnerCount
from shared_apps.billing.rules import CHANNELS, State
from shared_apps.billing.services.presence import here_by, old_before
from shared_apps.billing.services.proving import is_whole
from shared_apps.groups.services import within_reach
from tenants.actor import Actor
from tenants.models import School, SchoolState
from tenants.problems import invalid

PART = 500  # rows read at once for an export
LATEST = 100  # adjustments named above the rows; each school's own stands in its row, too


@dataclass(frozen=True)
class Row:
    """One school in a month. `billable` is None where the school has not counted (or was left out), and so are its
    channels. `adjustment`: by how much its count changed after the month was closed."""

    school: UUID
    name: str
    billable: int | None
    channels: dict[str, int | None]
    adjustment: int


@dataclass(frozen=True)
class Month:
    """What stands above the rows.

    `total` is over the schools that have a count, and None while none has. `silent`: schools without a count, which are
    missing from the total. `stale`: schools whose count is in the total and old.
    """

    month: date
    closed: ClosedMonth | None
    whole: bool  # a closed month's rows are those it was closed with
    total: int | None
    channels: dict[str, int | None]
    silent: int
    stale: int
    adjustment: int
    adjusted: int  # how many adjustments there are
    adjustments: list[Adjustment]  # the newest of them

    @property
    def state(self) -> State:
        return state_of(self.closed, whole=self.whole)


def state_of(closed: ClosedMonth | None, *, whole: bool) -> State:
    if closed is None:
        return State.OPEN
    return State.CLOSED if whole else State.CHANGED


def month(actor: Actor, at: date, *, now: datetime) -> Month:
    """The month's figures over every school within reach."""
    closed = closed_month(at)
    rows = _closed(actor, at) if closed else _open(actor, at)
    sums = rows.aggregate(
        rows=Count("pk"), told=Count("billable"), total=Sum("billable"),
        **{f"all_{channel}": Sum(channel, filter=Q(billable__isnull=False)) for channel in CHANNELS},
    )  # fmt: skip
    late = Adjustment.objects.filter(month=at, school__in=within_reach(actor).values("pk"))
    changed = late.aggregate(count=Count("pk"), sum=Sum("difference"))
    return Month(
        month=at,
        closed=closed,
        whole=is_whole(closed) if closed else True,
        total=sums["total"],
        channels={channel: sums[f"all_{channel}"] for channel in CHANNELS},
        silent=sums["rows"] - sums["told"],
        stale=0 if closed else rows.filter(as_of__lt=old_before(at, now)).count(),
        adjustment=changed["sum"] or 0,
        adjusted=changed["count"],
        adjustments=list(late.order_by("-noticed_at", "-pk")[:LATEST]),
    )


def closed_month(at: date) -> ClosedMonth | None:
    return ClosedMonth.objects.filter(pk=at).first()


def page(actor: Actor, at: date, *, search: str = "", cursor: str = "", limit: int = 100) -> tuple[list[Row], str]:
    """Rows by name behind `cursor`, and the cursor of the next page ("" at the end). Raises 422 for a bad cursor."""
    closed = closed_month(at) is not None
    rows = _closed(actor, at) if closed else _open(actor, at)
    if search:
        rows = rows.filter(name__icontains=search)
    if cursor:
        name, key = _place(rows, cursor, closed)
        rows = rows.filter(Q(name__gt=name) | Q(name=name, **{f"{_key(closed)}__gt": key}))
    found = list(rows.order_by("name", _key(closed))[: limit + 1])
    late = adjustments_of(at, [getattr(one, _key(closed)) for one in found[:limit]]) if closed else {}
    shown = [_row(one, getattr(one, _key(closed)), late) for one in found[:limit]]
    return shown, str(shown[-1].school) if len(found) > limit else ""


def adjustments_of(at: date, schools: list[UUID]) -> dict[UUID, int]:
    """By how much the counts of these schools changed after closing."""
    late = Adjustment.objects.filter(month=at, school__in=schools).order_by()
    return dict(late.values_list("school").annotate(sum=Sum("difference")))


def every_row(actor: Actor, at: date, *, search: str = "") -> Iterator[Row]:
    """All rows, a part at a time."""
    cursor = ""
    while True:
        rows, cursor = page(actor, at, search=search, cursor=cursor, limit=PART)
        yield from rows
        if not cursor:
            return


def _closed(actor: Actor, at: date) -> QuerySet[Any]:
    """The rows of a closed month; those of schools that are not live yet only once they have counted."""
    rows = ClosedCount.objects.filter(month=at, school__in=within_reach(actor).values("pk"))
    pending = School.objects.filter(state=SchoolState.PENDING).values("pk")
    return rows.exclude(billable__isnull=True, school__in=pending)


def _open(actor: Actor, at: date) -> QuerySet[Any]:
    """Schools that were there in the month, each with its count if it has told."""
    told = LearnerCount.objects.filter(school=OuterRef("pk"), month=at)
    counts = {name: Subquery(told.values(name)[:1]) for name in ("billable", "as_of", *CHANNELS)}
    there = within_reach(actor).filter(here_by(at)).exclude(state=SchoolState.PENDING)
    rows: QuerySet[Any] = there.annotate(**counts)
    return rows


def _key(closed: bool) -> str:
    return "school" if closed else "pk"


def _place(rows: QuerySet[Any], cursor: str, closed: bool) -> tuple[str, UUID]:
    try:
        key = UUID(cursor)
    except ValueError:
        raise invalid("cursor", "unreadable", "This cursor is not one of ours.") from None
    name = rows.filter(**{_key(closed): key}).values_list("name", flat=True).first()
    if name is None:
        raise invalid("cursor", "unreadable", "This cursor is not one of ours.")
    return name, key


def _row(one: Any, school: UUID, late: dict[UUID, int]) -> Row:
    """Whoever has no count has sent nothing that is known."""
    channels = {channel: getattr(one, channel) if one.billable is not None else None for channel in CHANNELS}
    return Row(school, one.name, one.billable, channels, late.get(school, 0))
