"""A month as finance reads it: the total first, then the schools by name."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db.models import OuterRef, Q, QuerySet, Subquery, Sum

from shared_apps.billing.models import Adjustment, ClosedCount, ClosedMonth, LearnerCount
from shared_apps.billing.rules import CHANNELS
from shared_apps.billing.services.closing import is_whole
from shared_apps.billing.services.counting import here_by, missing
from shared_apps.groups.services import within_reach
from tenants.actor import Actor
from tenants.models import School, SchoolState
from tenants.problems import invalid, not_found

PART = 500  # rows read at once for an export


@dataclass(frozen=True)
class Row:
    """One school in a month. `billable` is None where the school has not counted yet, and so are its channels."""

    school: UUID
    name: str
    billable: int | None
    channels: dict[str, int | None]


@dataclass(frozen=True)
class Month:
    """What stands above the rows. `total` counts the schools that have told; `silent` is how many have not."""

    month: date
    closed: ClosedMonth | None
    whole: bool  # a closed month's rows are those it was closed with
    total: int
    channels: dict[str, int]
    silent: int
    adjustments: list[Adjustment]


def month(actor: Actor, at: date, *, now: datetime) -> Month:
    """The month's figures over every school within reach."""
    closed = ClosedMonth.objects.filter(pk=at).first()
    rows = _closed(actor, at) if closed else _open(actor, at).filter(billable__isnull=False)
    sums = rows.aggregate(total=Sum("billable"), **{f"all_{channel}": Sum(channel) for channel in CHANNELS})
    reached = within_reach(actor)
    return Month(
        month=at,
        closed=closed,
        whole=is_whole(closed) if closed else True,
        total=sums["total"] or 0,
        channels={channel: sums[f"all_{channel}"] or 0 for channel in CHANNELS},
        silent=0 if closed else missing(at, now).filter(pk__in=reached).count(),
        adjustments=list(
            Adjustment.objects.filter(month=at, school__in=reached.values("pk")).order_by("-noticed_at", "-pk")[:100]
        ),
    )


def is_closed(at: date) -> bool:
    return ClosedMonth.objects.filter(pk=at).exists()


def page(actor: Actor, at: date, *, search: str = "", cursor: str = "", limit: int = 100) -> tuple[list[Row], str]:
    """Rows by name behind `cursor`, and the cursor of the next page ("" at the end). Raises 422 for a bad cursor."""
    closed = is_closed(at)
    rows = _closed(actor, at) if closed else _open(actor, at)
    if search:
        rows = rows.filter(name__icontains=search)
    if cursor:
        name, key = _place(rows, cursor, closed)
        rows = rows.filter(Q(name__gt=name) | Q(name=name, **{f"{_key(closed)}__gt": key}))
    found = list(rows.order_by("name", _key(closed))[: limit + 1])
    shown = [_row(one, closed) for one in found[:limit]]
    return shown, str(shown[-1].school) if len(found) > limit else ""


def every_row(actor: Actor, at: date, *, search: str = "") -> Iterator[Row]:
    """All rows, a part at a time."""
    cursor = ""
    while True:
        rows, cursor = page(actor, at, search=search, cursor=cursor, limit=PART)
        yield from rows
        if not cursor:
            return


def why(actor: Actor, at: date, school: UUID) -> tuple[School, LearnerCount | None, ClosedCount | None]:
    """How a school's number came about: what it last told, and its row of the closed month. Raises 404."""
    found = within_reach(actor).filter(pk=school).first()
    if found is None:
        raise not_found()
    told = LearnerCount.objects.filter(school=school, month=at).first()
    return found, told, ClosedCount.objects.filter(month=at, school=school).first()


def _closed(actor: Actor, at: date) -> QuerySet[Any]:
    return ClosedCount.objects.filter(month=at, school__in=within_reach(actor).values("pk"))


def _open(actor: Actor, at: date) -> QuerySet[Any]:
    """Schools that were there in the month, each with its count if it has told."""
    told = LearnerCount.objects.filter(school=OuterRef("pk"), month=at)
    counts = {name: Subquery(told.values(name)[:1]) for name in ("billable", *CHANNELS)}
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


def _row(one: Any, closed: bool) -> Row:
    channels = {channel: getattr(one, channel) for channel in CHANNELS}
    return Row(one.school if closed else one.pk, one.name, one.billable, channels)
