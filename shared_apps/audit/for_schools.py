"""The second place of a school's checkpoints, which that school's role cannot reach. Plain data only."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from shared_apps.audit.models import SchoolCheckpoint, SealedUntil
from tenants.seals import Statement


def keep_checkpoints(statements: Sequence[Statement]) -> None:
    """Keep these; those that are kept already stay as they are."""
    rows = [
        SchoolCheckpoint(
            school=UUID(one.whose), size=one.size, root=one.root, chain=one.chain, at=one.at, kid=one.kid,
            signature=one.signature,
        )
        for one in statements
    ]  # fmt: skip
    SchoolCheckpoint.objects.bulk_create(rows, ignore_conflicts=True)


def newest_checkpoint(school: UUID) -> Statement | None:
    row = SchoolCheckpoint.objects.filter(school=school).order_by("-size").first()
    return _statement(row) if row else None


def checkpoints(school: UUID) -> list[Statement]:
    """All that are kept of a school, by size."""
    return [_statement(row) for row in SchoolCheckpoint.objects.filter(school=school).order_by("size")]


def _statement(row: SchoolCheckpoint) -> Statement:
    return Statement(
        str(row.school), row.size, bytes(row.root), bytes(row.chain), row.at, row.kid, bytes(row.signature)
    )  # fmt: skip


def all_sealed_until(moment: datetime) -> None:
    """Every event that any school wrote down before `moment` is sealed."""
    SealedUntil.objects.update_or_create(world="schools", defaults={"at": moment})
