"""Dead letters: by cause, one by one, and what is done about them."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from shared_apps.deliveries.forms import SIZE, WHY, Cause, chosen
from shared_apps.deliveries.models import Batch
from shared_apps.deliveries.services import batches, letters, standing, totals
from shared_apps.deliveries.services.places import POST
from shared_apps.deliveries.services.words import STATES, handler_words, mail_words, reason_words
from tenants.door import Within, actor_of, page
from tenants.permissions import Permission, may
from tenants.problems import Refusal

ROOT = "/operator/dead-letters"
HISTORY = "/operator/audit?kind=deliveries,post"
SCHOOLS_SHOWN = 50
QUICK, USUAL = 2, 30  # seconds between two looks at a batch, while it works and while it waits
RECENT = 5


def show(request: HttpRequest, name: str, context: dict[str, Any]) -> HttpResponse:
    """The page whole, or, for a beat of an open page, its inside alone."""
    inside = "X-Live" in request.headers
    return render(request, f"deliveries/{'_' if inside else ''}{name}.html", {"root": ROOT, **context})


@page(permission=Permission.DEAD_LETTERS, within=Within.PLATFORM, audit=None)
def causes(request: HttpRequest) -> HttpResponse:
    """Everything that was given up, by cause."""
    actor = actor_of(request)
    found = totals.troubles(actor)["dead"]
    rows = [
        (one, handler_words(one.handler), reason_words(one.reason), Cause(one.handler, one.reason).address())
        for one in found
    ]
    recent = list(standing.batches_within(actor).exclude(state="cancelled").order_by("-pk")[:RECENT])
    context = {
        "rows": rows, "all": totals.together(found), "recent": recent,
        "last": next((one.act for one in recent if one.acted_at), ""),
        "history": HISTORY if may(actor, Permission.AUDIT_READ) else "",
    }  # fmt: skip
    return show(request, "causes", context)


@page(permission=Permission.DEAD_LETTERS, within=Within.PLATFORM, audit=None)
def cause(request: HttpRequest) -> HttpResponse:
    """The newest letters of one cause, to tick."""
    actor, now, sought = actor_of(request), timezone.now(), Cause.read(request.GET)
    found = [
        one for one in totals.troubles(actor)["dead"] if (one.handler, one.reason) == (sought.handler, sought.reason)
    ]
    listed = letters.listed(
        actor, limit=SIZE + 1, handler=sought.handler, reason=sought.reason, after=sought.after
    )  # fmt: skip
    rows = [(one, letters.replayable(one, now), _named(one)) for one in listed[:SIZE]]
    context = {
        "nothing": "nothing" in request.GET, "sought": sought, "cause": found[0] if found else None, "rows": rows,
        "what": handler_words(sought.handler), "why": reason_words(sought.reason), "post": sought.handler == POST,
        "following": sought.address(listed[SIZE - 1].pk) if len(listed) > SIZE else "",
    }  # fmt: skip
    return show(request, "cause", context)


@page(permission=Permission.DEAD_LETTERS, within=Within.PLATFORM, audit=None)
def letter(request: HttpRequest, letter_id: UUID) -> HttpResponse:
    """One letter with its payload; what concerns people is named and masked."""
    return _letter(request, letter_id, reveal=False)


@page(permission=Permission.DEAD_LETTERS, within=Within.PLATFORM, audit="deliveries.letter_revealed")
def reveal(request: HttpRequest, letter_id: UUID) -> HttpResponse:
    """The same with what concerns people, written down on both sides."""
    if request.method != "POST":
        return redirect(f"{ROOT}/letters/{letter_id}")
    return _letter(request, letter_id, reveal=True)


def _letter(request: HttpRequest, letter_id: UUID, *, reveal: bool) -> HttpResponse:
    actor, now = actor_of(request), timezone.now()
    row = letters.letter_within(actor, letter_id)
    told = batches.payload(row, reveal_to=actor if reveal else None, now=now)
    context = {
        "letter": row, "what": handler_words(row.handler) if row.school else _named(row),
        "why": reason_words(row.reason), "revealed": reveal,
        "replayable": letters.replayable(row, now), "told": told, "cause": Cause(row.handler, row.reason).address(),
    }  # fmt: skip
    return render(request, "deliveries/letter.html", {"root": ROOT, **context})


def _named(row: letters.Listed) -> str:
    """A letter's name in a list: its school, or which mail it is."""
    return row.school.name if row.school else mail_words(row.kind)


# -- replay and discard ------------------------------------------------------------------------------------------------


@page(permission=Permission.DEAD_LETTERS, within=Within.PLATFORM, audit="deliveries.batch_previewed")
def begin(request: HttpRequest) -> HttpResponse:
    """Count what a replay or a discard would come to; nothing is set off before that is confirmed."""
    if request.method != "POST":
        return redirect(ROOT)
    sought, ticked = Cause.read(request.POST), chosen(request.POST)
    if ticked == []:
        return redirect(f"{ROOT}/cause{sought.address()}&nothing=1")
    batch = batches.begin(
        by=actor_of(request), now=timezone.now(), act=request.POST.get("act", ""), letters=ticked,
        handler=sought.handler, reason=sought.reason if sought.handler or sought.reason else None,
    )  # fmt: skip
    return redirect(f"{ROOT}/batches/{batch.pk}")


@page(permission=Permission.DEAD_LETTERS, within=Within.PLATFORM, audit=None)
def batch(request: HttpRequest, batch_id: UUID) -> HttpResponse:
    """Where a batch stands: counting, waiting for a yes, at work, and what became of it."""
    return _batch(request, standing.batch_within(actor_of(request), batch_id))


@page(permission=Permission.DEAD_LETTERS, within=Within.PLATFORM, audit="deliveries.letters_replayed")
def confirm(request: HttpRequest, batch_id: UUID) -> HttpResponse:
    if request.method == "POST":
        found = standing.batch_within(actor_of(request), batch_id)
        try:
            batches.confirm(found, by=actor_of(request), now=timezone.now(), why=request.POST.get("why", ""))
        except Refusal as refusal:
            if refusal.status != 422:
                raise
            return _batch(request, found, problem=refusal.detail, status=422)
    return redirect(f"{ROOT}/batches/{batch_id}")


@page(permission=Permission.DEAD_LETTERS, within=Within.PLATFORM, audit="deliveries.batch_left")
def cancel(request: HttpRequest, batch_id: UUID) -> HttpResponse:
    if request.method == "POST":
        actor = actor_of(request)
        batches.cancel(standing.batch_within(actor, batch_id), by=actor, now=timezone.now())
        return redirect(f"{ROOT}?saved=left_dead")
    return redirect(f"{ROOT}/batches/{batch_id}")


def _batch(request: HttpRequest, found: Batch, *, problem: str = "", status: int = 200) -> HttpResponse:
    what, progress = standing.outcome(found), standing.progress(found)
    discarded = progress["fresh"] + progress["expired"]
    taken = progress["fresh"] if found.act == "replay" else discarded
    context = {
        "every": QUICK if found.state in ("counting", "running") else USUAL,
        "batch": found, "batch_path": f"{ROOT}/batches/{found.pk}", "progress": progress,
        "untouched": progress["failed"] - progress["unsure"],
        "discarded": discarded, "problem": problem,
        "taken": taken, "of_all": taken + progress["beyond"], "why": list(WHY.items()),
        "why_said": WHY.get(found.why, ""),
        "what": handler_words(found.handler) if found.handler else "",
        "reason": reason_words(found.reason) if found.handler and found.reason is not None else "",
        "chosen": standing.is_chosen(found),
        "outcome": [(state, words, what[state]) for state, words in STATES.items() if what.get(state)],
        "parts": standing.parts(found, limit=SCHOOLS_SHOWN),
    }  # fmt: skip
    response = show(request, "batch", context)
    response.status_code = status
    return response
