"""What judging a few scans stands on, read in four statements whatever their number.

The badges come first and are held with their learners until the transaction ends: two phones that scan the same
learner wait for each other here, and what is read after the wait holds what the other one wrote.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import cache, cached_property
from hashlib import sha256
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Q, Subquery

from tenant_apps.gate import rules
from tenant_apps.gate.models import Badge, Gate, Scan
from tenant_apps.people.models import Learner, SchoolProfile
from tenant_apps.people.services.calendar import is_school_day
from tenants.current import current_school

TICK = timedelta(microseconds=1)


@dataclass(frozen=True)
class Tap:
    """One scan as a phone tells it: `scan_id` made there, `scanned_at` aware and in UTC, `badge` as it was read."""

    scan_id: UUID
    badge: str
    gate: UUID
    asked: rules.Direction
    scanned_at: datetime

    @property
    def digest(self) -> str:
        """A hash of the content, so that the same id with other content is told apart; typing does not count."""
        content = (rules.bare_code(self.badge), self.gate.hex, self.asked, self.scanned_at.isoformat())
        return sha256("\0".join(content).encode()).hexdigest()


@dataclass(frozen=True)
class Running:
    """How the school runs while these scans are judged."""

    tag: str
    bell: time
    close: time
    lockdown: bool


@dataclass
class Ground:
    """What is known, kept up to date while scans are judged one after the other."""

    zone: ZoneInfo
    gates: dict[UUID, Gate]
    running: Running | None  # None when no gate is known, and then nothing is judged
    badges: dict[str, Badge]
    recorded: dict[UUID, Scan] = field(default_factory=dict)
    seen: dict[tuple[UUID, date], list[rules.Seen]] = field(default_factory=lambda: defaultdict(list))
    moved: dict[UUID, rules.Seen] = field(default_factory=dict)  # learner -> the new scan that puts them somewhere
    last_recorded: datetime | None = None
    school_day: Callable[[date], bool] = field(default_factory=lambda: cache(is_school_day))

    @cached_property
    def learners(self) -> dict[UUID, Learner]:
        return {badge.learner_id: badge.learner for badge in self.badges.values()}

    def know(self, scan: Scan) -> None:
        """Take a recorded scan into account."""
        self.recorded[scan.id] = scan
        self.last_recorded = max(scan.recorded_at, self.last_recorded or scan.recorded_at)
        if scan.learner_id in self.learners:
            scan.learner = self.learners[scan.learner_id]  # read already, with the class
        if scan.learner_id and scan.verdict == "admitted":
            self.seen_of(scan.learner_id, scan.scanned_at).append(seen(scan))

    def add(self, scan: Scan) -> None:
        """Take a new scan into account, and where it puts its learner."""
        if scan.learner_id and scan.verdict == "admitted":
            this, before = seen(scan), self.moved.get(scan.learner_id)
            last = rules.latest(self.seen_of(scan.learner_id, scan.scanned_at))
            if rules.moves_presence(this, last) and (before is None or before.scanned_at <= this.scanned_at):
                self.moved[scan.learner_id] = this
        self.know(scan)

    def seen_of(self, learner: UUID, at: datetime) -> list[rules.Seen]:
        """The learner's admitted scans of the local day of `at`, as far as they are recorded."""
        return self.seen[learner, rules.local_day(at, self.zone)]

    def moment(self, now: datetime) -> datetime:
        """When the next scan is recorded: after every scan known, so that their order can be read from the rows."""
        return max(now, self.last_recorded + TICK) if self.last_recorded else now


def seen(scan: Scan) -> rules.Seen:
    return rules.Seen(scan.scanned_at, scan.recorded_at, rules.Direction(scan.direction), scan.gate_id)


def read_ground(taps: Sequence[Tap]) -> Ground:
    """Hold and read everything the rules ask about these scans."""
    zone = current_school().zone
    badges = _hold_badges(taps)
    gates = _gates(taps)
    ground = Ground(zone, gates, _running(gates), badges)
    for scan in _scans(taps, set(ground.learners), zone):
        ground.know(scan)
    return ground


def _hold_badges(taps: Sequence[Tap]) -> dict[str, Badge]:
    codes = {read[1] for tap in taps if (read := rules.read_badge_code(tap.badge))}
    if not codes:
        return {}
    held = (
        Badge.objects.filter(code__in=codes)
        .select_related("learner__class_group")
        .select_for_update(of=("learner", "self"), no_key=True)
        .order_by("learner_id", "id")  # learner first, then badge, as in `badges`: nobody waits in a ring
    )
    return {badge.code: badge for badge in held}


def _gates(taps: Sequence[Tap]) -> dict[UUID, Gate]:
    """The gates named, each carrying the profile's row: one statement instead of two."""
    profile = SchoolProfile.objects.all()
    gates = Gate.objects.filter(id__in={tap.gate for tap in taps}).annotate(
        school_tag=Subquery(profile.values("badge_tag")[:1]),
        school_bell=Subquery(profile.values("bell")[:1]),
        school_close=Subquery(profile.values("close_time")[:1]),
        school_lockdown=Subquery(profile.values("lockdown")[:1]),
    )
    return {gate.id: gate for gate in gates}


def _running(gates: dict[UUID, Gate]) -> Running | None:
    for gate in gates.values():
        known: Any = gate  # carries the annotations of `_gates`
        return Running(known.school_tag, known.school_bell, known.school_close, known.school_lockdown)
    return None


def _scans(taps: Sequence[Tap], learners: set[UUID], zone: ZoneInfo) -> list[Scan]:
    """Scans with one of these ids, and these learners' admitted scans of the local days in question."""
    wanted = Q(id__in=[tap.scan_id for tap in taps])
    if learners:
        days = Q()
        for day in {rules.local_day(tap.scanned_at, zone) for tap in taps}:
            first, after = rules.day_bounds(day, zone)
            days |= Q(scanned_at__gte=first, scanned_at__lt=after)
        wanted |= Q(learner__in=learners, verdict="admitted") & days
    return list(Scan.objects.filter(wanted))
