"""The registers of a whole day: how far they are, and what somebody should look at."""

from dataclasses import dataclass
from datetime import date as Day
from uuid import UUID

from django.db.models import Count, F, Q, QuerySet

from tenant_apps.attendance.models import Mark, Register
from tenant_apps.attendance.rules import ABSENT, EXCUSED
from tenant_apps.people.models import ClassGroup, LearnerState
from tenant_apps.people.services.classes import visible_classes
from tenants.actor import Actor


@dataclass(frozen=True)
class Progress:
    """How far one class's register is."""

    class_group: ClassGroup
    learners: int
    marked: int
    submitted: bool


def progress(actor: Actor, date: Day) -> list[Progress]:
    """The registers of the classes `actor` may see, of the year of `date`. Three statements."""
    groups = [group for group in visible_classes(actor) if group.year.year == date.year]
    ids = [group.id for group in groups]
    there = Q(learners__state=LearnerState.ACTIVE) | Q(learners__left_on__gt=date)
    sizes = ClassGroup.objects.filter(there, id__in=ids, learners__enrolled_on__lte=date).order_by()
    counted = dict(sizes.annotate(size=Count("learners", distinct=True)).values_list("id", "size"))
    decided = Count("marks", filter=~Q(marks__mark=""))
    registers = {
        register.class_group_id: register
        for register in Register.objects.filter(class_group__in=ids, date=date).annotate(decided=decided)
    }
    return [_progress(group, counted.get(group.id, 0), registers.get(group.id)) for group in groups]


def _progress(group: ClassGroup, learners: int, register: Register | None) -> Progress:
    if register is None:
        return Progress(group, learners, 0, False)
    return Progress(group, learners, register.decided, register.submitted_at is not None)  # type: ignore[attr-defined]


def _away(date: Day) -> "QuerySet[Mark]":
    return Mark.objects.filter(register__date=date, mark__in=(ABSENT, EXCUSED))


def marked_away(date: Day) -> set[UUID]:
    """Learners whom a teacher marked absent or excused that day."""
    return set(_away(date).values_list("learner", flat=True))


def seen_not_in_class(date: Day) -> list[Mark]:
    """Away when the register was marked, and at the gate before that (law.md A1); by class and name."""
    found = _away(date).filter(arrived_at__lte=F("marked_at")).select_related("learner", "register__class_group")
    return list(found.order_by("register__class_group__grade", "register__class_group__name", "learner__family_name"))
