"""What the teacher decides, learner by learner. The gate's proposal stays beside it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date as Day
from datetime import datetime
from uuid import UUID

from tenant_apps.attendance.models import Mark, Register
from tenant_apps.attendance.rules import EXCUSED, MARKS, PRESENT, arrived_after_absence, reasons_for
from tenant_apps.attendance.services.registers import on_the_register, open_for_marking
from tenant_apps.events.services.record import Fact, record_many
from tenant_apps.people.models import ClassGroup, Learner
from tenants.actor import Actor
from tenants.problems import invalid, not_found


@dataclass(frozen=True)
class Decision:
    """One learner's mark: P, L, A or E. `reason` is the letter of a valid reason (a to i) and goes with E alone."""

    learner: Learner
    mark: str
    reason: str = ""


def confirm(
    *, by: Actor, now: datetime, class_group: ClassGroup, date: Day, learner: Learner, mark: str, reason: str = ""
) -> None:
    """Decide one learner's mark; see `confirm_many`."""
    decision = Decision(learner, mark, reason)
    confirm_many(by=by, now=now, class_group=class_group, date=date, decisions=[decision])


def confirm_many(
    *, by: Actor, now: datetime, class_group: ClassGroup, date: Day, decisions: Sequence[Decision], quiet: bool = False
) -> int:
    """Decide marks of one register; how many changed. The same again changes nothing.

    Raises Refusal: 422 for a mark or reason there is not, 404 for a class or learner that is not the actor's or not
    on this register, 409 when the day is no school day, lies ahead, or the register is submitted.
    """
    for decision in decisions:
        _check(decision, class_group, by)
    register = open_for_marking(by=by, now=now, class_group=class_group, date=date)
    rows = _rows(register, [decision.learner.id for decision in decisions])
    pairs = [(rows[one.learner.id], one) for one in decisions]
    changed = [(row, one) for row, one in pairs if (row.mark, row.reason) != (one.mark, one.reason)]
    facts = [_fact(row, one, register, now, quiet) for row, one in changed]
    for row, decision in changed:
        _decide(row, decision, by, now)
    Mark.objects.bulk_update([row for row, _ in changed], _DECIDED)
    record_many(facts, by=by, now=now)
    return len(changed)


def mark_rest_present(*, by: Actor, now: datetime, class_group: ClassGroup, date: Day) -> int:
    """Confirm what the gate proposed, and present for everybody else who has no mark yet; how many there were."""
    register = open_for_marking(by=by, now=now, class_group=class_group, date=date)
    rows = {row.learner_id: row for row in register.marks.all()}
    rest = [
        Decision(learner, rows[learner.id].proposed or PRESENT if learner.id in rows else PRESENT)
        for learner in on_the_register(register)
        if learner.id not in rows or not rows[learner.id].mark
    ]
    return confirm_many(by=by, now=now, class_group=class_group, date=date, decisions=rest)


_DECIDED = ["mark", "reason", "marked_at", "marked_by", "first_mark", "first_marked_at"]


def _check(decision: Decision, class_group: ClassGroup, by: Actor) -> None:
    if decision.mark not in MARKS:
        raise invalid("mark", "unknown", "A mark is P, L, A or E.")
    if decision.reason and decision.mark != EXCUSED:
        raise invalid("reason", "not_excused", "A reason goes with E.")
    principal = "school_admin" in by.roles or by.kind == "system"
    if decision.reason not in reasons_for(class_group.grade, principal=principal):
        raise invalid("reason", "unknown", "This reason is not for this grade, or not yours to record.")


def _rows(register: Register, learners: list[UUID]) -> dict[UUID, Mark]:
    """The rows of these learners, made where they are missing; the register's lock keeps teachers apart.

    The gate proposes without that lock, so rows are inserted past each other and then held.
    """
    known = {learner.id for learner in on_the_register(register)}
    if not known.issuperset(learners):
        raise not_found()
    Mark.objects.bulk_create(
        [Mark(register=register, learner_id=learner) for learner in learners], ignore_conflicts=True
    )
    rows = Mark.objects.select_for_update().filter(register=register, learner__in=learners)
    return {row.learner_id: row for row in rows}


def _decide(row: Mark, decision: Decision, by: Actor, now: datetime) -> None:
    """Change one mark; an absence that an arrival contradicts is kept beside the new mark."""
    if not row.first_mark and arrived_after_absence(row.mark, row.marked_at, row.arrived_at):
        row.first_mark, row.first_marked_at = row.mark, row.marked_at
    row.mark, row.reason, row.marked_at, row.marked_by = decision.mark, decision.reason, now, by.person


def _fact(row: Mark, decision: Decision, register: Register, now: datetime, quiet: bool) -> Fact:
    return Fact(
        "attendance.marked", at=now, facts={"class": str(register.class_group_id), "date": str(register.date)},
        about={
            "learner": str(row.learner_id), "mark": decision.mark, "reason": decision.reason, "was": row.mark,
            "proposed": row.proposed,
        },
        quiet=quiet,
    )  # fmt: skip
