"""Learners: enrolling, moving, restricting, leaving; and which of them somebody may see."""

from datetime import date, datetime
from uuid import UUID

from django.db.models import Q, QuerySet

from tenant_apps.events.services.record import record
from tenant_apps.people.models import ClassGroup, Learner, LearnerState
from tenant_apps.people.services.checks import clean_name
from tenant_apps.people.services.rows import insert
from tenants.actor import Actor
from tenants.problems import invalid


def enrol(
    *, by: Actor, now: datetime, number: str, given_name: str, family_name: str, class_group: ClassGroup | None,
    enrolled_on: date, restricted: bool = False,
) -> Learner:  # fmt: skip
    """Enrol a child under a number of the school's own; five statements.

    Raises Refusal: 422 for a bad name or number, 409 when the number is taken.
    """
    learner = Learner(
        number=clean_name("number", number, 20), given_name=clean_name("given_name", given_name),
        family_name=clean_name("family_name", family_name), class_group=class_group, enrolled_on=enrolled_on,
        restricted=restricted,
    )  # fmt: skip
    if class_group:
        class_group.must_be_here()
    insert(learner, taken="Another learner has that number.")
    record(
        "people.learner_enrolled", by=by, at=now, now=now,
        facts={"class": str(class_group.id) if class_group else None, "on": str(enrolled_on)},
        about={"learner": str(learner.id), "restricted": restricted},
    )  # fmt: skip
    return learner


def move(*, by: Actor, now: datetime, learner: Learner, class_group: ClassGroup | None) -> None:
    """Move a learner to another class, or out of every class."""
    before = learner.class_group_id
    after = class_group.id if class_group else None
    if before == after:
        return
    if class_group:
        class_group.must_be_here()
    learner.class_group = class_group
    learner.save(update_fields=["class_group"])
    record(
        "people.learner_moved", by=by, at=now, now=now,
        facts={"from": str(before) if before else None, "to": str(after) if after else None},
        about={"learner": str(learner.id)},
    )  # fmt: skip


def restrict(*, by: Actor, now: datetime, learner: Learner, restricted: bool) -> None:
    """Say whether a learner may leave on a scan alone."""
    if learner.restricted == restricted:
        return
    learner.restricted = restricted
    learner.save(update_fields=["restricted"])
    record(
        "people.learner_restricted", by=by, at=now, now=now,
        about={"learner": str(learner.id), "restricted": restricted},
    )  # fmt: skip


def deactivate(*, by: Actor, now: datetime, learner: Learner, on: date) -> None:
    """A learner leaves the school; their rows stay. `on` is the first day they are not enrolled any more.

    Raises Refusal: 422 for a day before the enrolment. Somebody who has left stays as they are.
    """
    if learner.state == LearnerState.INACTIVE:
        return
    if on < learner.enrolled_on:
        raise invalid("on", "before_enrolment", "Nobody leaves before they came.")
    learner.state, learner.left_on = LearnerState.INACTIVE, on
    learner.save(update_fields=["state", "left_on"])
    record("people.learner_left", by=by, at=now, now=now, facts={"on": str(on)}, about={"learner": str(learner.id)})


def visible(actor: Actor) -> QuerySet[Learner]:
    """The learners `actor` may see: a teacher's own classes', everybody else's all."""
    found: QuerySet[Learner] = Learner.objects.select_related("class_group")
    if not actor.own_classes_only:
        return found
    return found.filter(class_group__teacher=actor.person) if actor.person else found.none()


def enrolled(class_group: UUID, on: date) -> QuerySet[Learner]:
    """The learners of a class who are enrolled on a day, by name."""
    there = Q(state=LearnerState.ACTIVE) | Q(left_on__gt=on)
    return Learner.objects.filter(there, class_group=class_group, enrolled_on__lte=on).order_by(
        "family_name", "given_name", "id"
    )
