"""The dead letters' calls: the same services, counts and refusals as the pages."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.utils import timezone
from ninja import Query, Router, Status

from shared_apps.deliveries.models import Batch
from shared_apps.deliveries.schemas import (
    ConfirmIn,
    LetterBatchIn,
    LetterBatchOut,
    LettersOut,
    LettersQuery,
    PayloadOut,
)
from shared_apps.deliveries.services import batches, letters, standing, totals
from tenants.door import Within, actor_of, api
from tenants.ids import parse_id
from tenants.permissions import Permission
from tenants.problems import invalid

router = Router(tags=["operator"])
ROOT = "/operator/dead-letters"


@api(
    router, "GET", ROOT, permission=Permission.DEAD_LETTERS, within=Within.PLATFORM, audit=None, response=LettersOut,
)  # fmt: skip
def dead_letters(request: HttpRequest, query: Query[LettersQuery]) -> dict[str, Any]:
    """What was given up, by cause, and the newest letters one by one; ids, codes and times."""
    actor, causes = actor_of(request), totals.troubles(actor_of(request))["dead"]
    after = parse_id(query.cursor)
    if query.cursor and after is None:
        raise invalid("cursor", "unreadable", "This cursor is not one of ours.")
    page = letters.listed(actor, limit=query.limit + 1, handler=query.handler, reason=query.reason, after=after)
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


def letter_out(one: letters.Listed) -> dict[str, Any]:
    return {
        "id": one.pk, "school": {"id": one.school.pk, "name": one.school.name} if one.school else None,
        "handler": one.handler, "kind": one.kind, "reason": one.reason, "attempts": one.attempts,
        "happened_at": one.happened_at, "died_at": one.died_at, "expires_at": one.expires_at,
        "replayable": letters.replayable(one, timezone.now()),
    }  # fmt: skip


# -- one letter --------------------------------------------------------------------------------------------------------


@api(
    router, "GET", ROOT + "/letters/{uuid:letter_id}", permission=Permission.DEAD_LETTERS, within=Within.PLATFORM,
    audit=None, response=PayloadOut,
)  # fmt: skip
def letter(request: HttpRequest, letter_id: UUID) -> dict[str, Any]:
    """One letter with its payload; what concerns people is named and masked."""
    return payload_out(request, letter_id, reveal=False)


@api(
    router, "POST", ROOT + "/letters/{uuid:letter_id}/reveal", permission=Permission.DEAD_LETTERS,
    within=Within.PLATFORM, audit="deliveries.letter_revealed", response=PayloadOut,
)  # fmt: skip
def reveal(request: HttpRequest, letter_id: UUID) -> dict[str, Any]:
    """The same with what concerns people, written down here and at the school."""
    return payload_out(request, letter_id, reveal=True)


def payload_out(request: HttpRequest, letter_id: UUID, *, reveal: bool) -> dict[str, Any]:
    actor = actor_of(request)
    row = letters.letter_within(actor, letter_id)
    told = batches.payload(row, reveal_to=actor if reveal else None, now=timezone.now())
    if told is None:
        return {**letter_out(row), "facts": None, "about": None}
    about = told["about"] if reveal else dict.fromkeys(told["about"])
    return {**letter_out(row), "facts": told["facts"], "about": about}


# -- replay and discard ------------------------------------------------------------------------------------------------


@api(
    router, "POST", ROOT + "/batches", permission=Permission.DEAD_LETTERS, within=Within.PLATFORM,
    audit="deliveries.batch_previewed", response={202: LetterBatchOut},
)  # fmt: skip
def begin(request: HttpRequest, body: LetterBatchIn) -> Status[dict[str, Any]]:
    """Count what a replay or a discard would come to, and who would be told; nothing is set off before a confirm."""
    batch = batches.begin(
        by=actor_of(request), now=timezone.now(), act=body.act, letters=body.letters, handler=body.handler,
        reason=body.reason,
    )  # fmt: skip
    return Status(202, batch_out(batch))


@api(
    router, "GET", ROOT + "/batches/{uuid:batch_id}", permission=Permission.DEAD_LETTERS, within=Within.PLATFORM,
    audit=None, response=LetterBatchOut,
)  # fmt: skip
def batch(request: HttpRequest, batch_id: UUID) -> dict[str, Any]:
    """Where a batch stands, and what became of its letters."""
    return batch_out(standing.batch_within(actor_of(request), batch_id))


@api(
    router, "POST", ROOT + "/batches/{uuid:batch_id}/confirm", permission=Permission.DEAD_LETTERS,
    within=Within.PLATFORM, audit="deliveries.letters_replayed", response=LetterBatchOut,
)  # fmt: skip
def confirm(request: HttpRequest, batch_id: UUID, body: ConfirmIn | None = None) -> dict[str, Any]:
    """Do what was counted: whose time has run out since stays dead. A discard needs its reason."""
    found, actor = standing.batch_within(actor_of(request), batch_id), actor_of(request)
    batches.confirm(found, by=actor, now=timezone.now(), why=body.why if body else "")
    return batch_out(found)


@api(
    router, "POST", ROOT + "/batches/{uuid:batch_id}/cancel", permission=Permission.DEAD_LETTERS,
    within=Within.PLATFORM, audit="deliveries.batch_left", response=LetterBatchOut,
)  # fmt: skip
def cancel(request: HttpRequest, batch_id: UUID) -> dict[str, Any]:
    """Leave everything as it is, as long as nothing was done."""
    found = standing.batch_within(actor_of(request), batch_id)
    batches.cancel(found, by=actor_of(request), now=timezone.now())
    return batch_out(found)


def batch_out(found: Batch) -> dict[str, Any]:
    far = standing.progress(found)
    return {
        "id": found.pk, "act": found.act, "state": found.state, "handler": found.handler, "reason": found.reason,
        "why": found.why, "asked_at": found.asked_at, "acted_at": found.acted_at, "parts": far["schools"],
        "counted": far["counted"], "acted": far["acted"], "failed": far["failed"], "unsure": far["unsure"],
        "unheard": far["unheard"], "fresh": far["fresh"], "expired": far["expired"], "beyond": far["beyond"],
        "people": far["people"], "outcome": standing.outcome(found),
    }  # fmt: skip
