"""Two weeks of school days behind us: taps at the gate and registers, made by the services on a clock of the past.

Nothing is set off: no mail, no reaction. One transaction per school day, so a seeding that was killed goes on with
the first day that is missing.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from random import Random
from uuid import UUID, uuid5

from config.demo import calendar
from tenant_apps.attendance.services.marks import Decision, confirm_many
from tenant_apps.attendance.services.proposals import propose_many
from tenant_apps.attendance.services.registers import submit
from tenant_apps.gate import rules
from tenant_apps.gate.models import Badge, Gate, Scan
from tenant_apps.gate.services.flow import count_half_hour
from tenant_apps.gate.services.gates import open_gates
from tenant_apps.gate.services.ground import Tap
from tenant_apps.gate.services.scans import record_scans
from tenant_apps.people.models import ClassGroup, Learner, LearnerState
from tenant_apps.people.services.learners import enrolled
from tenant_apps.people.services.profile import profile
from tenants.actor import Actor, system
from tenants.current import SchoolRef
from tenants.scope import school_scope

AWAY, LATE, PICKED_UP_LATE = 0.05, 0.04, 0.01
AT_ONCE = 25  # taps of one call: a few minutes of a busy gate
BELL, REGISTER, LATECOMERS, END = time(8), time(8, 5), time(9), time(14)


def fill(ref: SchoolRef, *, now: datetime, officer: UUID, say: Callable[[str], None]) -> None:
    """Make every weekday of the last two weeks on which nobody passed a gate."""
    made = 0
    for day in calendar.past_days(calendar.today(ref, now)):
        with school_scope(ref):
            first, after = rules.day_bounds(day, ref.zone)
            # Where a lockdown was left on, a past day would be a day of refusals.
            if not profile().lockdown and not Scan.objects.filter(scanned_at__gte=first, scanned_at__lt=after).exists():
                _Day(ref, day, officer).live()
                made += 1
    if made:
        say(f"{ref.name}: {made} school days of scans and registers")


@dataclass(frozen=True)
class Child:
    """One learner's day. Without a badge that works, nobody sees them at the gate; the teacher does."""

    learner: Learner
    badge: str
    arrives: datetime | None  # None: away
    leaves: datetime

    @property
    def late(self) -> bool:
        return self.arrives is not None and self.arrives.timetz().replace(tzinfo=None) > BELL


class _Day:
    """One past school day of one school. The same school and date give the same day."""

    def __init__(self, ref: SchoolRef, day: date, officer: UUID) -> None:
        self.ref = ref
        self.day = day
        self.by = replace(system("demo", ref), person=officer)
        self.rng = Random(f"{ref.slug} {day}")
        self.gates: list[Gate] = open_gates()

    def live(self) -> None:
        calendar.open_day(self.ref, self.day, now=self._at(time(6)))
        classes = list(ClassGroup.objects.select_related("year", "teacher"))
        badges = _badges()
        children = [
            self._child(learner, badges.get(learner.id, ""))
            for group in classes
            for learner in enrolled(group.id, self.day)
        ]
        self._record([tap for child in children for tap in self._taps(child)])
        self._propose([child for child in children if not child.late], self._at(BELL))
        for group in classes:
            self._mark(group, children)
        self._propose([child for child in children if child.late], self._at(LATECOMERS))
        for group in classes:
            self._finish(group, children)

    def _at(self, clock: time, seconds: float = 0) -> datetime:
        return datetime.combine(self.day, clock, self.ref.zone) + timedelta(seconds=seconds)

    def _child(self, learner: Learner, badge: str) -> Child:
        """Most come between seven and the bell and leave after two; a few are late, fetched late, or away."""
        arrives: datetime | None = self._at(time(7, 32), max(-2400, min(1560, self.rng.gauss(0, 700))))
        leaves = self._at(END, self.rng.uniform(0, 3600))
        chance = self.rng.random()
        if chance < AWAY:
            arrives = None
        elif chance < AWAY + LATE:
            arrives = self._at(BELL, self.rng.uniform(120, 2900))
        elif chance < AWAY + LATE + PICKED_UP_LATE:
            leaves = self._at(time(17), self.rng.uniform(300, 2400))
        return Child(learner, badge, arrives, leaves)

    def _taps(self, child: Child) -> Iterator[Tap]:
        if child.arrives is None or not child.badge:
            return
        yield self._tap(child, rules.Direction.IN, child.arrives)
        if not child.learner.restricted:  # somebody fetches those in person
            yield self._tap(child, rules.Direction.OUT, child.leaves)

    def _tap(self, child: Child, way: rules.Direction, at: datetime) -> Tap:
        gate = self.gates[0 if self.rng.random() < 0.8 else -1]
        return Tap(
            scan_id=uuid5(child.learner.id, f"{self.day} {way}"), badge=child.badge, gate=gate.id, asked=way,
            scanned_at=at,
        )  # fmt: skip

    def _record(self, taps: list[Tap]) -> None:
        taps.sort(key=lambda tap: tap.scanned_at)
        for start in range(0, len(taps), AT_ONCE):
            some = taps[start : start + AT_ONCE]
            heard = some[-1].scanned_at + timedelta(seconds=2)
            record_scans(some, by=self.by, now=heard, quiet=True)
        # Nothing is set off, so the arrivals chart is told here.
        for at in {rules.slot_of(tap.scanned_at, self.ref.zone): tap.scanned_at for tap in taps}.values():
            count_half_hour(at)

    def _propose(self, children: list[Child], now: datetime) -> None:
        arrivals = [(child.learner, child.arrives) for child in children if child.arrives is not None and child.badge]
        propose_many(by=system("attendance", self.ref), now=now, arrivals=arrivals, quiet=True)

    def _mark(self, group: ClassGroup, children: list[Child]) -> None:
        """At registration: whoever is there is present; some who are not have sent word that they are ill."""
        decisions = [
            Decision(child.learner, "P") if child.arrives is not None and not child.late else self._absence(child)
            for child in children
            if child.learner.class_group_id == group.id
        ]
        self._decide(group, decisions, self._at(REGISTER))

    def _absence(self, child: Child) -> Decision:
        ill = child.arrives is None and self.rng.random() < 0.5
        return Decision(child.learner, "E", "b") if ill else Decision(child.learner, "A")

    def _finish(self, group: ClassGroup, children: list[Child]) -> None:
        """The latecomers become late, and the register is handed in."""
        late = [child for child in children if child.late and child.learner.class_group_id == group.id]
        self._decide(group, [Decision(child.learner, "L") for child in late], self._at(LATECOMERS))
        submit(by=self._teacher(group), now=self._at(LATECOMERS, 300), class_group=group, date=self.day, quiet=True)

    def _decide(self, group: ClassGroup, decisions: list[Decision], now: datetime) -> None:
        if decisions:
            confirm_many(
                by=self._teacher(group), now=now, class_group=group, date=self.day, decisions=decisions, quiet=True
            )

    def _teacher(self, group: ClassGroup) -> Actor:
        return replace(system("demo", self.ref), person=group.teacher_id)


def _badges() -> dict[UUID, str]:
    """learner -> the code that opens the gate for them."""
    held = Badge.objects.filter(revoked_at=None, learner__state=LearnerState.ACTIVE)
    return dict(held.values_list("learner", "code"))
