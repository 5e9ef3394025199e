"""Classes and who teaches them."""

from datetime import datetime

from django.utils.translation import gettext

from tenant_apps.events.services.record import record
from tenant_apps.people.models import AcademicYear, ClassGroup, Staff
from tenant_apps.people.rules import LAST_GRADE, grade_short
from tenant_apps.people.services.checks import clean_name
from tenant_apps.people.services.rows import insert
from tenants.actor import Actor
from tenants.problems import invalid


def create_class(*, by: Actor, now: datetime, year: int, name: str, grade: int, teacher: Staff | None) -> ClassGroup:
    """Create a class in an open year; grade 0 is Grade R.

    Raises Refusal: 422 for a year that is not open or no such grade, 409 when the year has a class of that name.
    """
    opened = AcademicYear.objects.filter(year=year).first()
    if opened is None:
        raise invalid("year", "not_open", "This school year is not open yet.")
    if not 0 <= grade <= LAST_GRADE:
        raise invalid("grade", "unknown", f"A grade from 0 (Grade R) to {LAST_GRADE}.")
    group = ClassGroup(year=opened, name=clean_name("name", name, 20), grade=grade, teacher=teacher)
    insert(group, taken="This year has a class of that name already.")
    record(
        "people.class_created", by=by, at=now, now=now,
        facts={"class": str(group.id), "year": year, "name": group.name, "grade": grade},
        about={"teacher": str(teacher.id) if teacher else None},
    )  # fmt: skip
    return group


def assign_teacher(*, by: Actor, now: datetime, class_group: ClassGroup, teacher: Staff | None) -> None:
    """Give a class another class teacher, or none."""
    if class_group.teacher_id == (teacher.id if teacher else None):
        return
    class_group.teacher = teacher
    class_group.save(update_fields=["teacher"])
    record(
        "people.class_teacher_assigned", by=by, at=now, now=now, facts={"class": str(class_group.id)},
        about={"teacher": str(teacher.id) if teacher else None},
    )  # fmt: skip


def grade_name(grade: int) -> str:
    """`Grade R` for 0, else `Grade 4`, in the language of whoever reads."""
    return gettext("Grade %(grade)s") % {"grade": grade_short(grade)}


def visible_classes(actor: Actor) -> list[ClassGroup]:
    """The classes `actor` may see, this year's first: a teacher's own, everybody else's all."""
    found = ClassGroup.objects.select_related("year", "teacher").order_by("-year__year", "grade", "name")
    if actor.own_classes_only:
        found = found.filter(teacher=actor.person) if actor.person else found.none()
    return list(found)
