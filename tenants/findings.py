"""What looks for drift have found, as the operator sees it."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Min, Q, QuerySet

from tenants.models import DriftFinding, SchoolPlacement


@dataclass(frozen=True)
class Finding:
    """A school that differs, as the operator sees it. `differences`: `-` is missing, `+` is too much."""

    school: UUID
    slug: str
    name: str
    differences: tuple[str, ...]
    number: int
    found_at: datetime
    seen_at: datetime


@dataclass(frozen=True)
class Standing:
    """How much is known: `oldest` is the longest ago that a looked-at school was looked at."""

    schools: int
    differing: int
    never_looked_at: int
    oldest: datetime | None


def open_findings() -> list[Finding]:
    """Every school that differed when it was last looked at, longest first. One query."""
    rows = DriftFinding.objects.filter(resolved_at=None).select_related("school").order_by("found_at")
    return [_finding(row) for row in rows]


def drifted() -> QuerySet[DriftFinding, UUID]:
    """The ids of the schools that differ, to be asked within another query."""
    return DriftFinding.objects.filter(resolved_at=None).values_list("school", flat=True)


def open_finding(school: UUID) -> Finding | None:
    """What the last look at this school found that is still so; None when nothing is."""
    row = DriftFinding.objects.filter(school=school, resolved_at=None).select_related("school").first()
    return _finding(row) if row else None


def _finding(row: DriftFinding) -> Finding:
    return Finding(
        school=row.school_id, slug=row.school.slug, name=row.school.name, differences=tuple(row.differences),
        number=row.number, found_at=row.found_at, seen_at=row.seen_at,
    )  # fmt: skip


def standing() -> Standing:
    """What is known of all schools together: a school that was never looked at is not a school without drift."""
    known = SchoolPlacement.objects.aggregate(
        schools=Count("pk"),
        never_looked_at=Count("pk", filter=Q(drift_checked_at=None)),
        oldest=Min("drift_checked_at"),
    )
    return Standing(differing=DriftFinding.objects.filter(resolved_at=None).count(), **known)
