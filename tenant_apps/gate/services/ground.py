"""What judging a few scans stands on, read in three statements whatever their number.

The badges come first and are held with their learners until the transaction ends: two phones that scan the same
learner wait for each other here, and what is read after the wait holds what the other one wrote.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import cached_property
from hashlib import sha256
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from tenant_apps.gate import rules
from tenant_apps.gate.models import Scan
from tenant_apps.people.rules import is_school_day
from tenants.current import current_school
from tenants.pipeline import send

TICK = timedelta(microseconds=1)

# Learner first, then badge, as in `badges`: nobody waits in a ring.
BADGES = """
SELECT b.code, b.revoked_at IS NOT NULL, l.id, l.given_name, l.family_name, l.state = 'active', l.restricted,
       c.id, c.name
FROM {s}.gate_badge b JOIN {s}.people_learner l ON l.id = b.learner_id
LEFT JOIN {s}.people_classgroup c ON c.id = l.class_group_id
WHERE b.code = ANY(%s::text[]) ORDER BY l.id, b.id FOR NO KEY UPDATE OF l, b
"""
GATES = """
SELECT g.id, p.badge_tag, p.bell, p.close_time, p.lockdown,
       ARRAY(SELECT t.starts_on FROM {s}.people_term t ORDER BY t.id),
       ARRAY(SELECT t.ends_on FROM {s}.people_term t ORDER BY t.id),
       ARRAY(SELECT d.date FROM {s}.people_calendarday d WHERE d.date = ANY(%s::date[]) ORDER BY d.id),
       ARRAY(SELECT d.school_day FROM {s}.people_calendarday d WHERE d.date = ANY(%s::date[]) ORDER BY d.id)
FROM {s}.gate_gate g CROSS JOIN {s}.people_schoolprofile p WHERE g.id = ANY(%s::uuid[])
"""


class Recorded(NamedTuple):
    """A scan as its row has it: lighter than the model, of which each tap would make several."""

    id: UUID
    learner_id: UUID | None
    gate_id: UUID
    direction: str
    verdict: str
    code: str
    answer_on_site: bool | None
    scanned_at: datetime
    recorded_at: datetime
    digest: str
    badge_code: str
    asked: str
    officer: UUID | None


_COLUMNS = ", ".join(f"x.{name}" for name in Recorded._fields)
# Scans with one of these ids, and the admitted scans of these badges' learners on the local days in question. OFFSET 0
# keeps the inner query whole, so that it is asked for one learner and one day at a time, by their index.
SCANS = f"""
SELECT {_COLUMNS} FROM {{s}}.gate_scan x WHERE x.id = ANY(%s::uuid[])
UNION ALL
SELECT {_COLUMNS} FROM (SELECT DISTINCT b.learner_id FROM {{s}}.gate_badge b WHERE b.code = ANY(%s::text[])) AS w
CROSS JOIN unnest(%s::timestamptz[], %s::timestamptz[]) AS d(first, after)
CROSS JOIN LATERAL (SELECT y.* FROM {{s}}.gate_scan y
                    WHERE y.learner_id = w.learner_id AND y.scanned_at >= d.first AND y.scanned_at < d.after
                      AND y.verdict = 'admitted' AND y.id <> ALL(%s::uuid[]) OFFSET 0) AS x
"""


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


class Group(NamedTuple):
    id: UUID
    name: str


class Carrier(NamedTuple):
    """The learner a badge belongs to, as far as a gate needs to know."""

    id: UUID
    name: str
    class_group: Group | None
    active: bool
    restricted: bool


class Held(NamedTuple):
    """A badge, held with its learner until the transaction ends."""

    code: str
    revoked: bool
    learner: Carrier


class Calendar(NamedTuple):
    terms: list[tuple[date, date]]
    special: dict[date, bool]


@dataclass
class Ground:
    """What is known, kept up to date while scans are judged one after the other."""

    zone: ZoneInfo
    gates: set[UUID]
    running: Running | None  # None when no gate is known, and then nothing is judged
    badges: dict[str, Held]
    calendar: Calendar
    recorded: dict[UUID, Recorded] = field(default_factory=dict)
    seen: dict[tuple[UUID, date], list[rules.Seen]] = field(default_factory=lambda: defaultdict(list))
    moved: dict[UUID, rules.Seen] = field(default_factory=dict)  # learner -> the new scan that puts them somewhere
    last_recorded: datetime | None = None

    @cached_property
    def learners(self) -> dict[UUID, Carrier]:
        return {badge.learner.id: badge.learner for badge in self.badges.values()}

    def school_day(self, day: date) -> bool:
        return is_school_day(day, self.calendar.terms, self.calendar.special)

    def know(self, scan: Recorded) -> None:
        """Take a recorded scan into account."""
        self.recorded[scan.id] = scan
        self.last_recorded = max(scan.recorded_at, self.last_recorded or scan.recorded_at)
        if scan.learner_id and scan.verdict == "admitted":
            self.seen_of(scan.learner_id, scan.scanned_at).append(seen(scan))

    def add(self, scan: Recorded) -> None:
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


def seen(scan: Recorded | Scan) -> rules.Seen:
    return rules.Seen(scan.scanned_at, scan.recorded_at, rules.Direction(scan.direction), scan.gate_id)


def read_ground(taps: Sequence[Tap]) -> Ground:
    """Hold and read everything the rules ask about these scans: three statements, one round trip when pipelined.

    The badges are held first; each statement sees what had been committed when it began, so what is read behind the
    badges was written by whoever held them before.
    """
    zone = current_school().zone
    codes = [read[1] for tap in taps if (read := rules.read_badge_code(tap.badge))]
    days = sorted({rules.local_day(tap.scanned_at, zone) for tap in taps})
    first, after = map(list, zip(*(rules.day_bounds(day, zone) for day in days), strict=True))
    ids = [tap.scan_id for tap in taps]
    held = send(BADGES, [codes])
    gates = send(GATES, [days, days, [tap.gate for tap in taps]])
    scans = send(SCANS, [ids, codes, first, after, ids])
    badges = {badge.code: badge for badge in map(_held, held.rows())}
    ground = Ground(zone=zone, badges=badges, **_running(gates.rows()))
    for row in scans.rows():
        ground.know(Recorded(*row))
    return ground


def _held(row: tuple[Any, ...]) -> Held:
    code, revoked, learner, given, family, active, restricted, group, name = row
    place = Group(group, name) if group else None
    return Held(code, revoked, Carrier(learner, f"{given} {family}", place, active, restricted))


def _running(rows: list[tuple[Any, ...]]) -> dict[str, Any]:
    """The gates that are known, and what every row of them carries: how the school runs, and its calendar."""
    running, calendar = None, Calendar([], {})
    for _, tag, bell, close, lockdown, starts, ends, dates, differ in rows[:1]:
        running = Running(tag, bell, close, lockdown)
        calendar = Calendar(list(zip(starts, ends, strict=True)), dict(zip(dates, differ, strict=True)))
    return {"gates": {row[0] for row in rows}, "running": running, "calendar": calendar}
