"""One class on one school day: reading it, submitting it, opening it again."""

from dataclasses import dataclass
from datetime import date as Day
from datetime import datetime
from uuid import UUID

from django.db.models import F

from tenant_apps.attendance.models import Mark, Register
from tenant_apps.attendance.rules import EXCUSED
from tenant_apps.events.services.record import record
from tenant_apps.gate.rules import local_day
from tenant_apps.people.models import ClassGroup, Learner
from tenant_apps.people.services.calendar import is_school_day
from tenant_apps.people.services.learners import enrolled
from tenants.actor import Actor
from tenants.current import current_school
from tenants.ids import parse_id
from tenants.problems import Refusal, conflict, invalid, not_found

REASON_LENGTH = 200


@dataclass(frozen=True)
class Row:
    """One learner of a register; `mark` is None while neither gate nor teacher has said anything."""

    learner: Learner
    mark: Mark | None


def class_for(actor: Actor, class_id: object) -> ClassGroup:
    """The class, if `actor` may see its register. Raises Refusal 404 for any other, and for an id that is none."""
    key = parse_id(class_id)
    found: ClassGroup | None = ClassGroup.objects.select_related("year", "teacher").filter(pk=key).first()
    if found is None:
        raise not_found()
    must_be_theirs(actor, found)
    return found


def must_be_theirs(actor: Actor, class_group: ClassGroup) -> None:
    class_group.must_be_here()
    if actor.own_classes_only and (actor.person is None or class_group.teacher_id != actor.person):
        raise not_found()


def register_of(class_group: ClassGroup, date: Day) -> Register | None:
    found: Register | None = Register.objects.filter(class_group=class_group, date=date).first()
    return found


def rows_of(class_group: ClassGroup, date: Day) -> list[Row]:
    """Every learner enrolled that day, and whoever has a mark in it though they have moved since; by name."""
    marks = {
        mark.learner_id: mark
        for mark in Mark.objects.filter(register__class_group=class_group, register__date=date).select_related(
            "learner"
        )
    }
    learners = {learner.id: learner for learner in enrolled(class_group.id, date)}
    learners |= {key: mark.learner for key, mark in marks.items()}
    return [Row(learner, marks.get(learner.id)) for learner in sorted(learners.values(), key=_by_name)]


def _by_name(learner: Learner) -> tuple[str, str, UUID]:
    return learner.family_name.lower(), learner.given_name.lower(), learner.id


def on_the_register(register: Register) -> list[Learner]:
    return [row.learner for row in rows_of(register.class_group, register.date)]


def open_for_marking(*, by: Actor, now: datetime, class_group: ClassGroup, date: Day) -> Register:
    """The register, locked and made if need be. Raises Refusal: 404 for another teacher's, 409 when it is closed."""
    register = _held(by, now, class_group, date)
    if register.submitted_at:
        raise conflict("This register is submitted. Reopen it to change a mark.", "register_submitted")
    return register


def submit(*, by: Actor, now: datetime, class_group: ClassGroup, date: Day, quiet: bool = False) -> Register:
    """Hand in a register; handing it in twice is once.

    Raises Refusal: 404 for another teacher's class, 409 on no school day, on a day ahead, while a learner has no mark
    (`marks_missing`), and while an excused absence has no reason (`reason_missing`).
    """
    register = _held(by, now, class_group, date)
    if register.submitted_at:
        return register
    rows = rows_of(class_group, date)
    if any(row.mark is None or not row.mark.mark for row in rows):
        raise conflict("Some learners have no mark yet.", "marks_missing")
    if any(row.mark and row.mark.mark == EXCUSED and not row.mark.reason for row in rows):
        raise conflict("An excused absence needs its reason.", "reason_missing")
    register.submitted_at, register.submitted_by = now, by.person
    register.save(update_fields=["submitted_at", "submitted_by"])
    record(
        "attendance.register_submitted", by=by, at=now, now=now, facts=_which(register, learners=len(rows)), quiet=quiet
    )
    return register


def reopen(*, by: Actor, now: datetime, class_group: ClassGroup, date: Day, reason: str) -> Register:
    """Open a submitted register again, for a reason that is kept. What was marked at registration is kept too.

    Raises Refusal: 422 without a reason, 404 for another teacher's class; an open register stays open.
    """
    tidy = " ".join(reason.split())
    if not tidy or len(tidy) > REASON_LENGTH:
        raise invalid("reason", "required", f"Say why, in at most {REASON_LENGTH} characters.")
    register = _held(by, now, class_group, date)
    if not register.submitted_at:
        return register
    register.marks.filter(first_mark="").update(first_mark=F("mark"), first_marked_at=F("marked_at"))
    register.submitted_at, register.submitted_by = None, None
    register.save(update_fields=["submitted_at", "submitted_by"])
    record(
        "attendance.register_reopened", by=by, at=now, now=now, facts=_which(register), about={"reason": tidy}
    )  # the reason may name a child, so it is only committed to
    return register


def _held(by: Actor, now: datetime, class_group: ClassGroup, date: Day) -> Register:
    must_be_theirs(by, class_group)
    if date > local_day(now, current_school().zone):
        raise conflict("This day has not come yet.", "day_ahead")
    if not is_school_day(date):
        raise Refusal(409, "not_a_school_day", "This is not a school day, so there is no register.")
    Register.objects.bulk_create([Register(class_group=class_group, date=date)], ignore_conflicts=True)
    held: Register = (
        Register.objects.select_for_update(of=("self",))
        .select_related("class_group")
        .get(class_group=class_group, date=date)
    )
    return held


def _which(register: Register, **more: int) -> dict[str, object]:
    return {"class": str(register.class_group_id), "date": str(register.date), **more}


def mark_of(learner: Learner, date: Day) -> Mark | None:
    """What is said of one learner on one day."""
    found: Mark | None = Mark.objects.filter(learner=learner, register__date=date).order_by("id").last()
    return found
