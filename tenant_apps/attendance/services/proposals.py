"""What the gate proposes. It never touches what a teacher decided."""

from collections.abc import Iterable
from datetime import date, datetime
from uuid import UUID

from django.db.models import Q

from tenant_apps.attendance.models import Mark, Register
from tenant_apps.attendance.rules import proposed_mark
from tenant_apps.events.services.record import Fact, record_many
from tenant_apps.gate.rules import local_day
from tenant_apps.people.models import Learner
from tenant_apps.people.services.calendar import school_days
from tenant_apps.people.services.profile import profile
from tenants.actor import Actor
from tenants.current import current_school

Arrival = tuple[Learner, datetime]  # somebody came in at an instant


def propose(*, by: Actor, now: datetime, learner: Learner, arrived_at: datetime) -> bool:
    """Propose present or late for one arrival; whether that changed the register."""
    return propose_many(by=by, now=now, arrivals=[(learner, arrived_at)]) == 1


def propose_many(*, by: Actor, now: datetime, arrivals: Iterable[Arrival], quiet: bool = False) -> int:
    """Propose a mark for each arrival on a school day; how many proposals are new or earlier than before.

    The earliest arrival of a learner's day wins, in whatever order they are heard of and however often. Learners
    without a class have no register. Two workers may do this at once: the conditional update decides.
    """
    first = _earliest(arrivals)
    if not first:
        return 0
    days = {day for _, day in first}
    open_days = set(school_days(min(days), max(days)))
    wanted = {key: value for key, value in first.items() if key[1] in open_days}
    registers = _registers({(_class_of(learner), day) for (_, day), (learner, _) in wanted.items()})
    bell, zone = profile().bell, current_school().zone
    marks = [
        Mark(
            register=registers[_class_of(learner), day], learner=learner, arrived_at=at,
            proposed=proposed_mark(at, bell=bell, zone=zone),
        )
        for (_, day), (learner, at) in wanted.items()
    ]  # fmt: skip
    changed = _put(marks)
    record_many([_fact(mark, quiet) for mark in changed], by=by, now=now)
    return len(changed)


def _earliest(arrivals: Iterable[Arrival]) -> dict[tuple[UUID, date], Arrival]:
    zone = current_school().zone
    first: dict[tuple[UUID, date], Arrival] = {}
    for learner, at in arrivals:
        learner.must_be_here()
        key = learner.id, local_day(at, zone)
        if learner.class_group_id and (key not in first or at < first[key][1]):
            first[key] = learner, at
    return first


def _class_of(learner: Learner) -> UUID:
    assert learner.class_group_id is not None
    return learner.class_group_id


def _registers(wanted: set[tuple[UUID, date]]) -> dict[tuple[UUID, date], Register]:
    """The registers of these classes and days, made where they are missing."""
    Register.objects.bulk_create(
        [Register(class_group_id=group, date=day) for group, day in sorted(wanted, key=str)], ignore_conflicts=True
    )
    found = Register.objects.filter(class_group__in={group for group, _ in wanted}, date__in={day for _, day in wanted})
    return {(register.class_group_id, register.date): register for register in found}


def _put(marks: list[Mark]) -> list[Mark]:
    """Write proposals beside whatever stands there; those that made a difference.

    The insert waits for whoever inserts the same row at this moment, so the update sees what they left.
    """
    Mark.objects.bulk_create(marks, ignore_conflicts=True)
    born = set(Mark.objects.filter(id__in=[mark.id for mark in marks]).values_list("id", flat=True))
    return [mark for mark in marks if mark.id in born or _move_forward(mark)]


def _move_forward(mark: Mark) -> bool:
    """Put an earlier arrival in place of a later one, or of none; false when an earlier one stands already."""
    later = Q(arrived_at=None) | Q(arrived_at__gt=mark.arrived_at)
    rows = Mark.objects.filter(later, register=mark.register_id, learner=mark.learner_id)
    return bool(rows.update(arrived_at=mark.arrived_at, proposed=mark.proposed))


def _fact(mark: Mark, quiet: bool) -> Fact:
    assert mark.arrived_at is not None
    return Fact(
        "attendance.proposed", at=mark.arrived_at,
        facts={"class": str(mark.register.class_group_id), "date": str(mark.register.date)},
        about={"learner": str(mark.learner_id), "mark": mark.proposed}, quiet=quiet,
    )  # fmt: skip
