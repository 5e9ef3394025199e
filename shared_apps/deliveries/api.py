"""The dead letters' call."""

from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from ninja import Query, Router

from shared_apps.deliveries.models import DeadLetter
from shared_apps.deliveries.schemas import LettersOut, LettersQuery
from shared_apps.deliveries.services import letters, totals
from tenants.door import Within, actor_of, api
from tenants.ids import parse_id
from tenants.permissions import Permission
from tenants.problems import invalid

router = Router(tags=["operator"])


@api(
    router, "GET", "/operator/dead-letters", permission=Permission.DEAD_LETTERS, within=Within.PLATFORM, audit=None,
    response=LettersOut,
)  # fmt: skip
def dead_letters(request: HttpRequest, query: Query[LettersQuery]) -> dict[str, Any]:
    """What was given up, by cause, and the newest letters one by one; ids, codes and times."""
    actor, causes = actor_of(request), totals.troubles(actor_of(request))["dead"]
    after = parse_id(query.cursor)
    if query.cursor and after is None:
        raise invalid("cursor", "unreadable", "This cursor is not one of ours.")
    found = letters.listed(actor, handler=query.handler, reason=query.reason, after=after)
    page = list(found[: query.limit + 1])
    shown = page[: query.limit]
    together = totals.together(causes)
    return {
        "total": together.count,
        "oldest": together.since,
        "causes": [
            {
                "handler": one.handler, "reason": one.reason, "count": one.count, "schools": one.schools,
                "oldest": one.since,
            }
            for one in causes
        ],
        "items": [letter_out(one) for one in shown],
        "next": str(shown[-1].pk) if len(page) > query.limit else None,
    }  # fmt: skip


def letter_out(one: DeadLetter) -> dict[str, Any]:
    return {
        "id": one.pk, "school": {"id": one.school_id, "name": one.school.name}, "handler": one.handler,
        "kind": one.kind, "reason": one.reason, "attempts": one.attempts, "happened_at": one.happened_at,
        "died_at": one.died_at, "expires_at": one.expires_at,
        "replayable": letters.replayable(one, timezone.now()),
    }  # fmt: skip
