"""What the gate proposes, and what it leaves alone."""

from datetime import UTC, date, datetime

import pytest

from tenant_apps.attendance.models import Mark, Register
from tenant_apps.attendance.services import marks, proposals
from tenant_apps.events.models import Event
from tenant_apps.people.services import calendar, learners
from tenants.actor import system
from tenants.current import WrongSchool
from tenants.scope import school_scope

FRIDAY = date(2026, 11, 20)
BY = system("test")


def at(hour, minute, day=20):
    """An instant by the school's clock, two hours ahead of UTC."""
    return datetime(2026, 11, day, hour - 2, minute, tzinfo=UTC)


def propose(learner, when):
    return proposals.propose(by=BY, now=when, learner=learner, arrived_at=when)


@pytest.mark.parametrize(("hour", "minute", "mark"), [(7, 12, "P"), (8, 0, "P"), (8, 1, "L"), (13, 30, "L")])
def test_an_arrival_proposes_present_up_to_the_bell_and_late_after_it(greenfield, hour, minute, mark):
    with school_scope(greenfield.ref):
        assert propose(greenfield.learners[0], at(hour, minute))
        row = Mark.objects.get()
        assert (row.proposed, row.mark, row.arrived_at) == (mark, "", at(hour, minute))
        assert row.register.date == FRIDAY


def test_the_earliest_arrival_wins_in_whatever_order_they_come(greenfield):
    with school_scope(greenfield.ref):
        learner = greenfield.learners[0]
        assert propose(learner, at(8, 20))
        assert propose(learner, at(7, 12))
        assert not propose(learner, at(7, 40))
        row = Mark.objects.get()
        assert (row.proposed, row.arrived_at) == ("P", at(7, 12))


def test_the_same_arrival_twice_changes_and_records_nothing(greenfield):
    with school_scope(greenfield.ref):
        propose(greenfield.learners[0], at(7, 12))
        before = Event.objects.count()
        assert not propose(greenfield.learners[0], at(7, 12))
        assert Event.objects.count() == before
        assert Mark.objects.count() == 1


def test_a_teachers_mark_stays_beside_a_late_arrival(greenfield):
    learner = greenfield.learners[0]
    with school_scope(greenfield.ref):
        marks.confirm(
            by=BY, now=at(7, 55), class_group=learner.class_group, date=FRIDAY, learner=learner, mark="A"
        )  # fmt: skip
        assert propose(learner, at(8, 20))
        row = Mark.objects.get()
        assert (row.mark, row.marked_at, row.proposed, row.arrived_at) == ("A", at(7, 55), "L", at(8, 20))


def test_no_register_is_made_on_a_day_that_is_no_school_day(greenfield):
    with school_scope(greenfield.ref):
        assert not propose(greenfield.learners[0], at(8, 0, day=21))  # a Saturday
        assert not Register.objects.exists()
        calendar.add_calendar_day(by=BY, now=at(6, 0), date=date(2026, 11, 21), school_day=True, name="Extra day")
        assert propose(greenfield.learners[0], at(8, 0, day=21))


def test_the_day_is_the_schools_own(greenfield):
    midnight = datetime(2026, 11, 19, 22, 30, tzinfo=UTC)  # half past midnight on Friday at school
    with school_scope(greenfield.ref):
        propose(greenfield.learners[0], midnight)
        assert Register.objects.get().date == FRIDAY


def test_a_learner_without_a_class_has_no_register(greenfield):
    with school_scope(greenfield.ref):
        learners.move(by=BY, now=at(6, 0), learner=greenfield.learners[0], class_group=None)
        assert not propose(greenfield.learners[0], at(7, 12))


def test_many_arrivals_cost_a_handful_of_statements(greenfield, django_assert_max_num_queries):
    arrivals = [(learner, at(7, 10, day)) for learner in greenfield.learners for day in (16, 17, 18, 19, 20)]
    with school_scope(greenfield.ref), django_assert_max_num_queries(12):
        assert proposals.propose_many(by=BY, now=at(9, 0), arrivals=arrivals, quiet=True) == 40


def test_a_learner_of_another_school_is_refused(greenfield, riverside):
    with school_scope(greenfield.ref), pytest.raises(WrongSchool):
        propose(riverside.learners[0], at(7, 12))
