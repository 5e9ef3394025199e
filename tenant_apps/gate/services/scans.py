"""Recording scans: one path for a single tap and for what a phone saved up."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from tenant_apps.events.services.record import Fact, record_many
from tenant_apps.gate import rules
from tenant_apps.gate.services.ground import Carrier, Ground, Held, Recorded, Running, Tap, read_ground
from tenant_apps.gate.services.presence import put
from tenant_apps.people.models import Learner
from tenants.actor import Actor
from tenants.pipeline import send, together
from tenants.problems import FieldError


class Status(StrEnum):
    RECORDED = "recorded"
    REPLAYED = "replayed"
    CONFLICT = "conflict"
    INVALID = "invalid"


@dataclass(frozen=True)
class Outcome:
    """What became of one tap: its scan and learner, or the error that kept it from being stored."""

    tap: Tap
    status: Status
    scan: Recorded | None = None
    learner: Carrier | Learner | None = None
    error: FieldError | None = None


PUT = f"""
INSERT INTO {{s}}.gate_scan ({", ".join(Recorded._fields)})
SELECT * FROM unnest(%s::uuid[], %s::uuid[], %s::uuid[], %s::text[], %s::text[], %s::text[], %s::boolean[],
                     %s::timestamptz[], %s::timestamptz[], %s::text[], %s::text[], %s::text[], %s::uuid[])
"""

OTHER_CONTENT = FieldError("scan_id", "conflict", "This id was used for another scan.")
NO_GATE = FieldError("gate", "not_found", "There is no such gate here.")
TOO_FAR_AHEAD = FieldError("scanned_at", "ahead", "This is more than five minutes ahead of our clock.")


def record_scans(taps: Sequence[Tap], *, by: Actor, now: datetime, quiet: bool = False) -> list[Outcome]:
    """Judge and record these scans in the order given; each sees what those before it changed.

    A known id answers as it did the first time. `quiet` records history without setting anything off. Eight
    statements, whatever the number; keep a call to a few hundred. An IntegrityError (23505) means that the same id
    was committed by somebody else in this moment: run the whole transaction again and it is a replay.
    """
    ground = read_ground(taps)
    outcomes: list[Outcome] = []
    fresh: list[Recorded] = []
    for tap in taps:
        outcome = _known(tap, ground) or _unfit(tap, ground, now) or _judged(tap, ground, by, now)
        if outcome.status is Status.RECORDED and outcome.scan:
            fresh.append(outcome.scan)
            ground.add(outcome.scan)
        outcomes.append(outcome)
    if fresh:
        _store(fresh, ground, by, now, quiet)
    return outcomes


def _known(tap: Tap, ground: Ground) -> Outcome | None:
    scan = ground.recorded.get(tap.scan_id)
    if scan is None:
        return None
    if scan.digest != tap.digest:
        return Outcome(tap, Status.CONFLICT, error=OTHER_CONTENT)
    return Outcome(tap, Status.REPLAYED, scan, _whose(scan, ground))


def _whose(scan: Recorded, ground: Ground) -> Carrier | Learner | None:
    """The badge may have been read differently then; the row alone says whose scan it was."""
    if scan.learner_id is None:
        return None
    return ground.learners.get(scan.learner_id) or Learner.objects.get(pk=scan.learner_id)


def _unfit(tap: Tap, ground: Ground, now: datetime) -> Outcome | None:
    if tap.gate not in ground.gates:
        return Outcome(tap, Status.INVALID, error=NO_GATE)
    if tap.scanned_at > now + rules.AHEAD:
        return Outcome(tap, Status.INVALID, error=TOO_FAR_AHEAD)
    return None


def _judged(tap: Tap, ground: Ground, by: Actor, now: datetime) -> Outcome:
    running = ground.running
    if running is None:  # a known gate carries the profile
        raise LookupError("This school has no profile.")
    carried, code, badge = _read(tap, ground, running)
    holder = _holder(badge, tap, ground)
    verdict = rules.judge(
        asked=tap.asked, carried=carried, holder=holder, hours=_hours(tap, ground, running, holder),
        lockdown=running.lockdown,
    )  # fmt: skip
    learner = badge.learner if badge else None
    scan = Recorded(
        id=tap.scan_id, badge_code=code, learner_id=learner.id if learner else None, gate_id=tap.gate, asked=tap.asked,
        direction=verdict.direction, verdict=verdict.code.verdict, code=verdict.code,
        answer_on_site=verdict.on_site, scanned_at=tap.scanned_at,
        recorded_at=ground.moment(now), officer=by.person, digest=tap.digest,
    )  # fmt: skip
    return Outcome(tap, Status.RECORDED, scan, learner)


def _read(tap: Tap, ground: Ground, running: Running) -> tuple[rules.Carried, str, Held | None]:
    """What was held up, the code to keep of it, and the badge behind it."""
    read = rules.read_badge_code(tap.badge)
    if read is None:
        return rules.Carried.UNKNOWN, tap.badge, None
    tag, code = read
    badge = ground.badges.get(code)
    if tag != running.tag:
        return rules.Carried.OTHER_SCHOOL, code, None
    if badge is None:
        return rules.Carried.UNKNOWN, code, None
    return (rules.Carried.REVOKED if badge.revoked else rules.Carried.ACTIVE), code, badge


def _holder(badge: Held | None, tap: Tap, ground: Ground) -> rules.Holder | None:
    if badge is None:
        return None
    return rules.Holder(
        active=badge.learner.active,
        restricted=badge.learner.restricted,
        on_site=rules.on_site_at(tap.scanned_at, ground.seen_of(badge.learner.id, tap.scanned_at)),
    )


def _hours(tap: Tap, ground: Ground, running: Running, holder: rules.Holder | None) -> rules.Hours:
    """The calendar is asked only where it matters: for an arrival after the bell."""
    local = tap.scanned_at.astimezone(ground.zone)
    arriving = holder is not None and rules.resolve(tap.asked, holder) is rules.Direction.IN
    school_day = arriving and local.time() > running.bell and ground.school_day(local.date())
    return rules.Hours(at=local.time(), bell=running.bell, close=running.close, school_day=school_day)


def _store(fresh: list[Recorded], ground: Ground, by: Actor, now: datetime, quiet: bool) -> None:
    with together():
        send(PUT, [list(column) for column in zip(*fresh, strict=True)])
        record_many([_fact(scan, quiet) for scan in fresh], by=by, now=now)
        put(ground.moved)


def _fact(scan: Recorded, quiet: bool) -> Fact:
    facts = {
        "scan": str(scan.id), "gate": str(scan.gate_id), "direction": str(scan.direction),
        "verdict": str(scan.verdict), "code": str(scan.code),
    }  # fmt: skip
    about = {"learner": str(scan.learner_id)} if scan.learner_id else {}
    return Fact("gate.scan_recorded", scan.scanned_at, facts, about, quiet)
