"""The gate's API doors: gates, scans, who is on site."""

from collections.abc import Callable
from typing import Any, TypeVar

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Router
from pydantic import ValidationError

from tenant_apps.gate.schemas import (
    ErrorOut,
    FailedItemOut,
    GatesOut,
    ItemOut,
    OnSiteItemOut,
    OnSiteOut,
    ScanIn,
    ScanOut,
    ScansIn,
    ScansOut,
    gate_out,
    learner_out,
)
from tenant_apps.gate.services.gates import open_gates
from tenant_apps.gate.services.ground import Tap
from tenant_apps.gate.services.presence import who_is_on_site
from tenant_apps.gate.services.scans import NO_GATE, Outcome, Status, record_scans
from tenants.door import Within, actor_of, api, chunk
from tenants.permissions import Permission
from tenants.problems import Refusal, conflict, not_found

router = Router(tags=["gate"])
CHUNK = 250
TRIES = 4
CROSSED = ("23505", "40P01")  # the same id committed by somebody else in this moment; two batches in a ring
Result = TypeVar("Result")


@api(router, "GET", "/gates", permission=Permission.GATE_READ, within=Within.SCHOOL, audit=None, response=GatesOut)
def gates(request: HttpRequest) -> GatesOut:
    """The gates in use."""
    return GatesOut(items=[gate_out(gate) for gate in open_gates()])


@api(
    router, "POST", "/gate/scans", permission=Permission.GATE_SCAN, within=Within.CHUNKS, audit="gate.scan_recorded",
    response={200: ScanOut, 201: ScanOut}, by_alias=True,
)  # fmt: skip
def scan(request: HttpRequest, body: ScanIn) -> HttpResponse:
    """Record one scan and say what it came to; the same id again gives the same answer."""
    (outcome,) = _recorded(request, [body.tap()])
    if outcome.error == NO_GATE:
        raise not_found(NO_GATE.message)
    if outcome.status is Status.CONFLICT:
        raise conflict("This scan_id was used for another scan.")
    if outcome.error:
        raise Refusal(422, "invalid", outcome.error.message, [outcome.error])
    # Written out here: the answer's shape is checked once, not once more on its way through the API.
    text = ScanOut(**_answer(outcome)).model_dump_json(by_alias=True)
    return HttpResponse(text, "application/json", 201 if outcome.status is Status.RECORDED else 200)


@api(
    router, "POST", "/gate/scans/batch", permission=Permission.GATE_SCAN, within=Within.CHUNKS,
    audit="gate.scan_recorded", response=ScansOut, by_alias=True,
)  # fmt: skip
def batch(request: HttpRequest, body: ScansIn) -> ScansOut:
    """Record what a phone saved up, in the order sent; each scan stands alone."""
    read = [_read(item) for item in body.scans]
    results: list[ItemOut | FailedItemOut] = []
    for start in range(0, len(read), CHUNK):
        part = read[start : start + CHUNK]
        outcomes = iter(_recorded(request, [item for item in part if isinstance(item, Tap)]))
        results += [_result(next(outcomes)) if isinstance(item, Tap) else item for item in part]
    return ScansOut(results=results)


@api(
    router, "GET", "/gate/on-site", permission=Permission.GATE_READ, within=Within.SCHOOL, audit=None,
    response=OnSiteOut, by_alias=True,
)  # fmt: skip
def on_site(request: HttpRequest) -> OnSiteOut:
    """Who is on site today, the first to arrive first."""
    found = who_is_on_site(now=timezone.now())
    items = [
        OnSiteItemOut(learner=learner_out(row.learner), since=row.since, gate=gate_out(row.gate)) for row in found.rows
    ]
    return OnSiteOut(count=len(items), items=items, as_of=found.as_of)


def _recorded(request: HttpRequest, taps: list[Tap]) -> list[Outcome]:
    """Record in one transaction; once more when another connection brought the same id in this moment."""
    if not taps:
        return []
    return _again_when_crossed(
        lambda: _in_scope(request, lambda: record_scans(taps, by=actor_of(request), now=timezone.now()))
    )


def _in_scope(request: HttpRequest, work: Callable[[], Result]) -> Result:
    with chunk(request, pipelined=True):
        return work()


def _again_when_crossed(work: Callable[[], Result]) -> Result:
    for _ in range(TRIES - 1):
        try:
            return work()
        except DatabaseError as error:
            if getattr(error.__cause__, "sqlstate", "") not in CROSSED:
                raise
    return work()


def _read(item: Any) -> Tap | FailedItemOut:
    try:
        return ScanIn.model_validate(item).tap()
    except ValidationError as error:
        sent = item.get("scan_id") if isinstance(item, dict) else None
        errors = [
            ErrorOut(field=".".join(str(part) for part in one["loc"]), code=one["type"], message=one["msg"])
            for one in error.errors(include_url=False, include_input=False, include_context=False)
        ]
        return FailedItemOut(scan_id=_echo(sent), status="invalid", errors=errors)


def _echo(scan_id: object) -> str | None:
    """What the caller may find its item by; nothing long, nothing that is no text."""
    return scan_id if isinstance(scan_id, str) and len(scan_id) <= 64 and scan_id.isprintable() else None


def _result(outcome: Outcome) -> ItemOut | FailedItemOut:
    if outcome.error:
        return FailedItemOut(
            scan_id=str(outcome.tap.scan_id),
            status="conflict" if outcome.status is Status.CONFLICT else "invalid",
            errors=[ErrorOut(**vars(outcome.error))],
        )
    return ItemOut(status="replayed" if outcome.status is Status.REPLAYED else "recorded", **_answer(outcome))


def _answer(outcome: Outcome) -> dict[str, Any]:
    """The fields of the single call, from the row alone, so that a replay cannot differ."""
    found = outcome.scan
    if found is None:
        raise LookupError("A recorded scan has its row.")
    return {
        "scan_id": found.id, "verdict": found.verdict, "code": found.code, "direction": found.direction,
        "learner": learner_out(outcome.learner) if outcome.learner else None, "on_site": found.answer_on_site,
        "scanned_at": found.scanned_at, "recorded_at": found.recorded_at,
        "skew_seconds": round((found.recorded_at - found.scanned_at).total_seconds()),
    }  # fmt: skip
