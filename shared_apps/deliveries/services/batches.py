"""Replaying and discarding dead letters of many schools: counted first, confirmed, done school by school, followed.

Each school is asked in a scope of its own and its share is written down at once, so that a kill loses no more than one
school's turn, and that turn is safe to repeat: what is not dead any more is left alone.
"""

import logging
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext

from shared_apps.audit.services import record
from shared_apps.deliveries.models import Batch, BatchPart, BatchState, DeadLetter, PartState, Trouble
from shared_apps.deliveries.services import publish as publishing
from shared_apps.deliveries.services.letters import Listed
from shared_apps.deliveries.services.places import POST, asked, sees_post
from shared_apps.deliveries.services.standing import UNHEARD
from shared_apps.groups.services import within_reach
from shared_apps.post.services import dead
from tenants.actor import Actor
from tenants.jobs import later
from tenants.models import school_ref
from tenants.problems import conflict, invalid
from tenants.traces import without_text

log = logging.getLogger(__name__)
WORK = "deliveries.batch"
KINDS = {"replay": "deliveries.letters_replayed", "discard": "deliveries.letters_discarded"}  # in the history
WHY = ("told_otherwise", "no_longer_true", "wrong_address", "sent_twice")  # reasons to discard
AT_ONCE = 5_000  # dead letters of one school in one batch
TURN = 100  # schools before others get their turn
LOOKS = 1_000  # schools of one batch that are asked in one minute what became of it
TAKEN_FOR = timedelta(minutes=2)
FOLLOWED_FOR = timedelta(days=1)
OPEN = {BatchState.COUNTING: PartState.WAITING, BatchState.RUNNING: PartState.COUNTED}
NEXT = {BatchState.COUNTING: BatchState.READY, BatchState.RUNNING: BatchState.FOLLOWING}
UNSETTLED = ["waiting", "running"]
Shares = dict[UUID | None, list[str] | None]  # school, or the platform's own mail -> the letters, or all of the cause


def begin(
    *,
    by: Actor,
    now: datetime,
    act: str,
    letters: list[UUID] | None = None,
    handler: str = "",
    reason: str | None = None,
) -> Batch:
    """Ask about the letters with these ids, of a handler (for one reason when it is named), or all within reach.

    Nothing is set off. Raises Refusal: 422 for no such act, and for a reason without its handler, as that would mean
    everything; 409 `nothing_dead` when there are none.
    """
    if act not in KINDS:
        raise invalid("act", "unknown", "Replay or discard.")
    if reason is not None and not handler:
        raise invalid("reason", "without_handler", "A reason is of one handler: name it, too.")
    chosen = _chosen(by, letters) if letters is not None else _of_cause(by, handler, reason)
    if not chosen:
        raise conflict(gettext("None of these is a dead letter any more."), "nothing_dead")
    with transaction.atomic():
        batch = Batch.objects.create(act=act, handler=handler, reason=reason, asked_by=by.name_in_audit, asked_at=now)
        BatchPart.objects.bulk_create(
            BatchPart(batch=batch, school_id=school, chosen=ids) for school, ids in chosen.items()
        )
        _note("deliveries.batch_previewed", batch, by=by, now=now)
    _go_on(batch, now)
    return batch


def _chosen(by: Actor, letters: list[UUID]) -> Shares:
    found: Shares = {}
    for row in DeadLetter.objects.filter(pk__in=letters, school__in=within_reach(by).values("pk")):
        ids = found.setdefault(row.school_id, [])
        if ids is not None:
            ids.append(str(row.reaction))
    mail = [str(one) for one in dead.dead().filter(pk__in=letters).values_list("pk", flat=True)]
    return found | {None: mail} if mail and sees_post(by) else found


def _of_cause(by: Actor, handler: str, reason: str | None) -> Shares:
    rows = Trouble.objects.filter(state="dead", school__in=within_reach(by).values("pk"))
    if handler:
        rows = rows.filter(handler=handler)
    if reason is not None:
        rows = rows.filter(reason=reason)
    found: Shares = dict.fromkeys(rows.values_list("school", flat=True).distinct())
    mail = dead.dead() if reason is None else dead.dead().filter(error=reason)
    if handler in ("", POST) and sees_post(by) and mail.exists():
        found[None] = None
    return found


def confirm(batch: Batch, *, by: Actor, now: datetime, why: str = "") -> None:
    """Do what was counted. Raises Refusal: 422 for a discard without a reason, 409 when it is not waiting for this."""
    if batch.act == "discard" and why not in WHY:
        raise invalid("why", "required", gettext("Say why these are discarded."))
    with transaction.atomic():
        waiting = Batch.objects.filter(pk=batch.pk, state=BatchState.READY)
        if not waiting.update(state=BatchState.RUNNING, acted_by=by.name_in_audit, acted_at=now, why=why):
            raise conflict(gettext("This has been decided already."), "already_decided")
        _note(KINDS[batch.act], batch, by=by, now=now, why=why)
    batch.refresh_from_db()
    _go_on(batch, now)


def cancel(batch: Batch, *, by: Actor, now: datetime) -> None:
    """Leave everything as it is. Raises Refusal 409 once something was done."""
    with transaction.atomic():
        waiting = Batch.objects.filter(pk=batch.pk, state__in=(BatchState.COUNTING, BatchState.READY))
        if not waiting.update(state=BatchState.CANCELLED):
            raise conflict(gettext("This has been decided already."), "already_decided")
        _note("deliveries.batch_left", batch, by=by, now=now)
    batch.refresh_from_db()


def _note(kind: str, batch: Batch, *, by: Actor, now: datetime, **more: str) -> None:
    facts = {"batch": str(batch.pk), "act": batch.act, "handler": batch.handler, "reason": batch.reason or "", **more}
    record(kind, by=by.name_in_audit, now=now, facts=facts)


def _go_on(batch: Batch, now: datetime) -> None:
    """One school is asked at once, so that the next page has the answer; more of them are work for later."""
    if batch.parts.count() == 1:
        work(batch.pk, now=now)
        batch.refresh_from_db()
    else:
        later(WORK, str(batch.pk))


# -- the work ----------------------------------------------------------------------------------------------------------


def work(batch_id: UUID, *, now: datetime) -> None:
    """One turn of a batch: some of its schools; what is left queues again. Called outside any scope."""
    batch = Batch.objects.filter(pk=batch_id, state__in=OPEN).first()
    if batch is None:
        return
    for _ in range(TURN):
        part = _take(batch, now)
        if part is None:
            break
        _do(batch, part, now)
    else:
        later(WORK, str(batch.pk))
    if not batch.parts.filter(state=OPEN[BatchState(batch.state)]).exists():
        Batch.objects.filter(pk=batch.pk, state=batch.state).update(state=NEXT[BatchState(batch.state)])


def _take(batch: Batch, now: datetime) -> BatchPart | None:
    """The next school's share, marked as in hand; one that a lost worker had in hand is free again after a while."""
    with transaction.atomic():
        free = batch.parts.filter(Q(taken_at=None) | Q(taken_at__lt=now - TAKEN_FOR))
        part = free.filter(state=OPEN[BatchState(batch.state)]).select_for_update(skip_locked=True).first()
        if part is not None:
            part.taken_at = now
            part.save(update_fields=["taken_at"])
    return part


def _do(batch: Batch, part: BatchPart, now: datetime) -> None:
    try:
        if batch.state == BatchState.COUNTING:
            _count(batch, part, now)
        else:
            _act(batch, part, now)
    except Exception as error:  # one broken school stops nobody else's
        log.error("batch %s passed over school %s\n%s", batch.pk, part.school_id, without_text(error))
        part.state = PartState.FAILED
    told = {
        name: getattr(part, name) for name in ("state", "reactions", "fresh", "expired", "beyond", "people", "outcome")
    }
    # Whoever was so slow that another took the share over has nothing more to say about it.
    mine = BatchPart.objects.filter(pk=part.pk, taken_at=part.taken_at).update(**told, taken_at=None)
    if mine and part.state == PartState.ACTED and part.school_id:
        _bring_up_to_date(part.school_id, now)


def _count(batch: Batch, part: BatchPart, now: datetime) -> None:
    ids = None if part.chosen is None else [UUID(one) for one in part.chosen]
    told = asked(
        part.school_id, "count", now=now, limit=AT_ONCE, ids=ids, handler=batch.handler,
        reason=batch.reason if batch.handler else None,
    )  # fmt: skip
    discard = batch.act == "discard"
    taken = told["fresh"] + (told["expired"] if discard else [])
    part.reactions = [str(one) for one in taken]
    part.fresh, part.people = len(told["fresh"]), told["people"]
    part.expired = len(told["expired"]) if discard else told["too_late"]
    part.beyond = told["in_time"] + (told["too_late"] if discard else 0) - len(taken)
    part.state = PartState.COUNTED


def _act(batch: Batch, part: BatchPart, now: datetime) -> None:
    ids = [UUID(one) for one in part.reactions]
    if batch.act == "replay":
        asked(part.school_id, "replay", ids=ids, by=batch.acted_by, now=now)
    else:
        asked(part.school_id, "discard", ids=ids, by=batch.acted_by, why=batch.why, now=now)
    part.state = PartState.ACTED  # and stays so, whatever a question about it comes to
    _look(part)


def _bring_up_to_date(school: UUID, now: datetime) -> None:
    """What left the list is seen to leave it; a school that cannot say so now says so later."""
    try:
        publishing.refresh(school_ref(school), now=now)
    except Exception as error:
        log.error("school %s did not tell how it is after a batch\n%s", school, without_text(error))


def follow(*, now: datetime) -> None:
    """Ask what became of replayed letters until nothing waits any more; take up what a lost worker left behind."""
    for batch in Batch.objects.filter(state__in=OPEN):
        later(WORK, str(batch.pk))
    Batch.objects.filter(state=BatchState.READY, asked_at__lt=now - FOLLOWED_FOR).update(state=BatchState.CANCELLED)
    for batch in Batch.objects.filter(state=BatchState.FOLLOWING):
        _follow(batch, now)


def _follow(batch: Batch, now: datetime) -> None:
    """Some of the schools at a time, those in front that were not asked for longest; over when none is open."""
    for key in _open(batch).order_by(F("taken_at").asc(nulls_first=True)).values_list("pk", flat=True)[:LOOKS]:
        part = BatchPart.objects.get(pk=key)
        _look(part)
        part.taken_at = now
        part.save(update_fields=["state", "outcome", "taken_at"])
    if not _open(batch).exists() or now - (batch.acted_at or now) > FOLLOWED_FOR:
        Batch.objects.filter(pk=batch.pk).update(state=BatchState.DONE)


def _open(batch: Batch) -> QuerySet[BatchPart]:
    """Shares of which something still waits, and those of which it is not known whether anything was done."""
    parts = batch.parts.filter(state__in=(PartState.ACTED, PartState.FAILED))
    return parts.filter(Q(outcome__has_any_keys=UNSETTLED) | UNHEARD)


def _look(part: BatchPart) -> None:
    """Ask what became of a share. One that failed while it was done is known again by the answer."""
    try:
        part.outcome = asked(part.school_id, "outcome", ids=[UUID(one) for one in part.reactions])
        part.state = PartState.ACTED
    except Exception as error:
        log.error("what became of a batch in school %s is not known\n%s", part.school_id, without_text(error))


# -- one letter --------------------------------------------------------------------------------------------------------


def payload(letter: Listed, *, reveal_to: Actor | None, now: datetime) -> dict[str, Any] | None:
    """What a dead letter carries, its particulars by name alone unless revealed; None once it is no dead letter.

    A look at the particulars is written down on the platform before, and in the school with it.
    """
    told: dict[str, Any] | None
    if reveal_to is None:
        told = asked(letter.place, "read", reaction=letter.reaction)
        return told
    by, facts = reveal_to.name_in_audit, {"reaction": str(letter.reaction)}
    if letter.place is not None:
        record("deliveries.letter_revealed", by=by, now=now, school=letter.place, facts=facts)
    told = asked(letter.place, "reveal", reaction=letter.reaction, by=by, now=now)
    return told
