"""Listing dead letters as the schools told them: by cause, and one by one the newest first."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext

from shared_apps.deliveries.models import DeadLetter
from shared_apps.deliveries.services.places import POST, sees_post
from shared_apps.groups.services import within_reach
from shared_apps.post.models import Letter
from shared_apps.post.services import dead
from tenants.actor import Actor
from tenants.models import School
from tenants.problems import Refusal


@dataclass(frozen=True)
class Listed:
    """A dead letter of a school, or (no school) a mail of the platform's own. `kind` is then the name of its text."""

    pk: UUID
    school: School | None
    reaction: UUID
    handler: str
    kind: str
    reason: str
    attempts: int
    happened_at: datetime
    died_at: datetime
    expires_at: datetime | None

    @property
    def place(self) -> UUID | None:
        return self.school.pk if self.school else None


def listed(
    actor: Actor, *, limit: int, handler: str = "", reason: str | None = None, after: UUID | None = None
) -> list[Listed]:
    """Up to `limit` letters within reach, the newest told first, behind `after`; of one cause when it is named."""
    rows: list[Listed] = []
    if handler != POST:
        rows += [_of_school(row) for row in _sought(_of_schools(actor, handler), "reason", reason, after)[:limit]]
    if handler in ("", POST) and sees_post(actor):
        rows += [_of_post(row) for row in _sought(dead.dead(), "error", reason, after)[:limit]]
    return sorted(rows, key=lambda row: row.pk, reverse=True)[:limit]


def letter_within(actor: Actor, letter_id: UUID) -> Listed:
    """A listed dead letter within reach. Raises Refusal 404."""
    letter = _of_schools(actor).filter(pk=letter_id).first()
    if letter is not None:
        return _of_school(letter)
    mail = dead.dead().filter(pk=letter_id).first() if sees_post(actor) else None
    if mail is None:
        raise Refusal(404, "not_found", gettext("This is no dead letter any more."))
    return _of_post(mail)


def _of_schools(actor: Actor, handler: str = "") -> QuerySet[DeadLetter]:
    found = DeadLetter.objects.filter(school__in=within_reach(actor).values("pk")).select_related("school")
    return found.filter(handler=handler) if handler else found


def _sought(found: QuerySet[Any], column: str, reason: str | None, after: UUID | None) -> QuerySet[Any]:
    if reason is not None:
        found = found.filter(**{column: reason})
    if after is not None:
        found = found.filter(pk__lt=after)
    return found.order_by("-pk")


def _of_school(row: DeadLetter) -> Listed:
    return Listed(
        pk=row.pk, school=row.school, reaction=row.reaction, handler=row.handler, kind=row.kind, reason=row.reason,
        attempts=row.attempts, happened_at=row.happened_at, died_at=row.died_at, expires_at=row.expires_at,
    )  # fmt: skip


def _of_post(row: Letter) -> Listed:
    return Listed(
        pk=row.pk, school=None, reaction=row.pk, handler=POST, kind=row.template, reason=row.error,
        attempts=row.attempts, happened_at=row.created_at, died_at=row.died_at or row.created_at,
        expires_at=row.expires_at,
    )  # fmt: skip


def replayable(letter: Listed, now: datetime) -> bool:
    """Whether there is time: nobody hears of this morning's arrival tomorrow."""
    return letter.expires_at is None or letter.expires_at > now
