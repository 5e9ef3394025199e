"""The platform's own mail that was given up: listed, counted, sent again while there is time, or closed for good.

Asked in the words in which a school is asked about its dead letters. What fills a text is told to nobody: it may hold
a link that lets in.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Count, Min, QuerySet
from django.db.models.functions import Coalesce

from shared_apps.audit.services import record
from shared_apps.post.models import Letter, LetterState
from shared_apps.post.services import unsealed
from tenants.jobs import later

# The words for a reaction's states, so that one list holds both.
STATES = {LetterState.QUEUED: "waiting", LetterState.SENT: "done"}


def dead() -> QuerySet[Letter]:
    """Those given up whose address is still known; later nothing can be done about them."""
    return Letter.objects.filter(state=LetterState.DEAD).exclude(to_sealed=b"")


def causes() -> list[tuple[str, int, datetime]]:
    """(why, how many, since when the oldest), the most first. One statement."""
    since = Min(Coalesce("died_at", "created_at"))
    rows = dead().values_list("error").annotate(count=Count("pk"), since=since)
    return sorted(rows, key=lambda row: (-row[1], row[0]))


def count(
    *, now: datetime, limit: int, ids: list[UUID] | None = None, handler: str = "", reason: str | None = None
) -> dict[str, Any]:
    """Which ones could be sent again, which are past their time, up to `limit` together and the former first; how many
    there are of each in all; and to how many addresses the former go."""
    found = dead() if ids is None else dead().filter(pk__in=ids)
    if reason is not None:
        found = found.filter(error=reason)
    in_time, too_late = (
        found.filter(expires_at__gt=now).order_by("pk"),
        found.filter(expires_at__lte=now).order_by("pk"),
    )
    fresh = list(in_time[:limit])
    return {
        "fresh": [row.pk for row in fresh],
        "expired": list(too_late.values_list("pk", flat=True)[: limit - len(fresh)]),
        "in_time": in_time.count(),
        "too_late": too_late.count(),
        "people": len({unsealed(row, "to_sealed").casefold() for row in fresh}),
    }


def replay(*, ids: list[UUID], by: str, now: datetime) -> int:
    """Queue those for which there is still time; how many. A second call finds nothing dead and does nothing."""
    with transaction.atomic():
        fresh = dead().filter(pk__in=ids, expires_at__gt=now)
        again = fresh.update(state=LetterState.QUEUED, attempts=0, due_at=now, error="", died_at=None, lease=None)
        if again:
            record("post.letters_sent_again", by=by, now=now, facts={"count": again})
            later("post.drain")
    return again


def discard(*, ids: list[UUID], by: str, why: str, now: datetime) -> int:
    """Close these for good and forget whom they were to; how many. `why` is a code."""
    with transaction.atomic():
        closed = dead().filter(pk__in=ids).update(state=LetterState.DISCARDED, to_sealed=b"", facts_sealed=b"")
        if closed:
            record("post.letters_discarded", by=by, now=now, facts={"count": closed, "why": why})
    return closed


def outcome(*, ids: list[UUID]) -> dict[str, int]:
    """How many of these are in each state now."""
    rows = Letter.objects.filter(pk__in=ids).order_by().values_list("state").annotate(Count("pk"))
    return {STATES.get(LetterState(state), state): number for state, number in rows}


def read(*, reaction: UUID) -> dict[str, Any] | None:
    """One letter: which text in which language. None once it is no dead letter."""
    letter = dead().filter(pk=reaction).first()
    return {"facts": _facts(letter), "about": ["to"]} if letter else None


def reveal(*, reaction: UUID, by: str, now: datetime) -> dict[str, Any] | None:
    """Whom it was to, too, and a line in the history that somebody saw it."""
    letter = dead().filter(pk=reaction).first()
    if letter is None:
        return None
    record("post.letter_revealed", by=by, now=now, facts={"letter": str(reaction)})
    return {"facts": _facts(letter), "about": {"to": unsealed(letter, "to_sealed")}}


def _facts(letter: Letter) -> dict[str, str]:
    return {"mail": letter.template, "language": letter.language}
