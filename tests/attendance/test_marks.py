"""The teacher's marks: deciding, submitting, opening again (law.md A1, A10)."""

from datetime import UTC, date, datetime

import pytest

from tenant_apps.attendance.models import Mark
from tenant_apps.attendance.services import marks, proposals, registers
from tenant_apps.events.models import Event
from tenants.actor import Actor, system
from tenants.problems import Refusal
from tenants.scope import school_scope

FRIDAY = date(2026, 11, 20)


def at(hour, minute):
    return datetime(2026, 11, 20, hour - 2, minute, tzinfo=UTC)


def actor(cast, role):
    roles = {"admin": "school_admin", "officer": "gate_officer", "teacher": "teacher"}
    return Actor(
        kind="person", scope="school", roles=frozenset({roles[role]}), school=cast.ref, person=cast.staff[role].id
    )


def confirm(cast, learner, mark, when, role="teacher", **more):
    marks.confirm(
        by=actor(cast, role), now=when, class_group=learner.class_group, date=FRIDAY, learner=learner, mark=mark, **more
    )


def whole_class(cast, role="teacher"):
    marks.mark_rest_present(by=actor(cast, role), now=at(7, 58), class_group=cast.classes[0], date=FRIDAY)


def submit(cast, role="teacher", when=None):
    return registers.submit(
        by=actor(cast, role), now=when or at(7, 59), class_group=cast.classes[0], date=FRIDAY
    )  # fmt: skip


def test_scanned_in_and_not_in_class_is_absent_with_the_gate_time_kept(greenfield):
    """A1: a gate scan is not attendance."""
    thandiwe = greenfield.learners[0]
    with school_scope(greenfield.ref):
        proposals.propose(by=system("test"), now=at(7, 12), learner=thandiwe, arrived_at=at(7, 12))
        confirm(greenfield, thandiwe, "A", at(7, 55))
        row = Mark.objects.get()
        assert (row.mark, row.proposed, row.arrived_at) == ("A", "P", at(7, 12))


def test_no_scan_and_seen_in_class_is_present_and_the_missing_scan_stays_visible(greenfield):
    """A1: Lerato."""
    with school_scope(greenfield.ref):
        confirm(greenfield, greenfield.learners[0], "P", at(7, 55))
        row = Mark.objects.get()
        assert (row.mark, row.proposed, row.arrived_at) == ("P", "", None)


def test_absent_at_registration_and_arrived_later_keeps_all_three_facts(greenfield):
    """A10: absent at 07:55, arrived 08:20, proposed late; the teacher confirms."""
    learner = greenfield.learners[0]
    with school_scope(greenfield.ref):
        confirm(greenfield, learner, "A", at(7, 55))
        proposals.propose(by=system("test"), now=at(8, 20), learner=learner, arrived_at=at(8, 20))
        confirm(greenfield, learner, "L", at(8, 25))
        row = Mark.objects.get()
        assert (row.first_mark, row.first_marked_at) == ("A", at(7, 55))
        assert (row.mark, row.marked_at, row.arrived_at) == ("L", at(8, 25), at(8, 20))


def test_a_slip_put_right_at_once_is_no_history(greenfield):
    with school_scope(greenfield.ref):
        confirm(greenfield, greenfield.learners[0], "A", at(7, 55))
        confirm(greenfield, greenfield.learners[0], "P", at(7, 56))
        assert Mark.objects.get().first_mark == ""


def test_the_same_mark_twice_is_recorded_once(greenfield):
    with school_scope(greenfield.ref):
        confirm(greenfield, greenfield.learners[0], "P", at(7, 55))
        confirm(greenfield, greenfield.learners[0], "P", at(7, 56))
        assert Event.objects.filter(kind="attendance.marked").count() == 1
        assert Mark.objects.get().marked_at == at(7, 55)


def test_a_teacher_marks_their_own_class_alone(greenfield):
    other = next(learner for learner in greenfield.learners if learner.class_group.name == "4B")
    with school_scope(greenfield.ref):
        with pytest.raises(Refusal) as refused:
            confirm(greenfield, other, "P", at(7, 55))
        assert refused.value.status == 404
        confirm(greenfield, other, "P", at(7, 55), role="admin")


def test_a_learner_of_another_class_is_not_on_this_register(greenfield):
    other = next(learner for learner in greenfield.learners if learner.class_group.name == "4B")
    with school_scope(greenfield.ref), pytest.raises(Refusal) as refused:
        marks.confirm(
            by=actor(greenfield, "admin"), now=at(7, 55), class_group=greenfield.classes[0], date=FRIDAY,
            learner=other, mark="P",
        )  # fmt: skip
    assert refused.value.status == 404


@pytest.mark.parametrize(
    ("mark", "reason", "field"),
    [("X", "", "mark"), ("", "", "mark"), ("P", "b", "reason"), ("E", "z", "reason"), ("E", "a", "reason")],
)
def test_bad_marks_and_reasons_are_named(greenfield, mark, reason, field):
    with school_scope(greenfield.ref), pytest.raises(Refusal) as refused:
        confirm(greenfield, greenfield.learners[0], mark, at(7, 55), reason=reason)
    assert (refused.value.status, refused.value.errors[0].field) == (422, field)


def test_exceptional_circumstances_are_the_principals_to_record(greenfield):
    """A3: (i) is recorded by nobody else."""
    with school_scope(greenfield.ref):
        with pytest.raises(Refusal):
            confirm(greenfield, greenfield.learners[0], "E", at(7, 55), reason="i")
        confirm(greenfield, greenfield.learners[0], "E", at(7, 55), reason="i", role="admin")


@pytest.mark.parametrize(("day", "code"), [(21, "day_ahead"), (15, "not_a_school_day")])
def test_only_a_school_day_that_has_come_can_be_marked(greenfield, day, code):
    with school_scope(greenfield.ref), pytest.raises(Refusal) as refused:
        marks.confirm(
            by=actor(greenfield, "teacher"), now=at(7, 55), class_group=greenfield.classes[0],
            date=date(2026, 11, day), learner=greenfield.learners[0], mark="P",
        )  # fmt: skip
    assert refused.value.code == code


def test_the_rest_takes_what_the_gate_proposed_and_else_present(greenfield):
    late, absent, *_ = greenfield.learners
    with school_scope(greenfield.ref):
        proposals.propose(by=system("test"), now=at(8, 10), learner=late, arrived_at=at(8, 10))
        confirm(greenfield, absent, "A", at(7, 55))
        whole_class(greenfield)
        found = {mark.learner_id: mark.mark for mark in Mark.objects.all()}
        assert [found[learner.id] for learner in greenfield.learners[:4]] == ["L", "A", "P", "P"]


def test_a_register_is_submitted_whole(greenfield):
    with school_scope(greenfield.ref):
        with pytest.raises(Refusal) as refused:
            submit(greenfield)
        assert refused.value.code == "marks_missing"
        whole_class(greenfield)
        assert submit(greenfield).submitted_by == greenfield.staff["teacher"].id
        submit(greenfield)
        assert Event.objects.filter(kind="attendance.register_submitted").count() == 1


def test_excused_without_a_reason_is_not_submitted(greenfield):
    with school_scope(greenfield.ref):
        confirm(greenfield, greenfield.learners[0], "E", at(7, 55))
        whole_class(greenfield)
        with pytest.raises(Refusal) as refused:
            submit(greenfield)
        assert refused.value.code == "reason_missing"
        confirm(greenfield, greenfield.learners[0], "E", at(7, 56), reason="b")
        assert submit(greenfield).submitted_at


def test_a_submitted_register_is_read_only_until_it_is_reopened_with_a_reason(greenfield):
    learner = greenfield.learners[0]
    by = actor(greenfield, "teacher")
    with school_scope(greenfield.ref):
        confirm(greenfield, learner, "A", at(7, 55))
        whole_class(greenfield)
        submit(greenfield)
        with pytest.raises(Refusal) as refused:
            confirm(greenfield, learner, "P", at(8, 0))
        assert refused.value.code == "register_submitted"
        with pytest.raises(Refusal) as refused:
            registers.reopen(by=by, now=at(8, 30), class_group=learner.class_group, date=FRIDAY, reason="  ")
        assert refused.value.status == 422
        registers.reopen(by=by, now=at(8, 30), class_group=learner.class_group, date=FRIDAY, reason="Was at choir")
        confirm(greenfield, learner, "P", at(8, 31))
        row = Mark.objects.get(learner=learner)
        assert (row.mark, row.first_mark, row.first_marked_at) == ("P", "A", at(7, 55))
        assert Event.objects.filter(kind="attendance.register_reopened").count() == 1


def test_the_gate_still_proposes_after_the_register_is_submitted(greenfield):
    learner = greenfield.learners[0]
    with school_scope(greenfield.ref):
        confirm(greenfield, learner, "A", at(7, 55))
        whole_class(greenfield)
        submit(greenfield)
        proposals.propose(by=system("test"), now=at(8, 20), learner=learner, arrived_at=at(8, 20))
        row = Mark.objects.get(learner=learner)
        assert (row.mark, row.proposed) == ("A", "L")
