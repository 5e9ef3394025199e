"""The verbs on people: what they write, what they record, what they refuse."""

from datetime import UTC, date, datetime

import pytest

from tenant_apps.events.models import Event
from tenant_apps.people.models import ClassGroup, Guardian, Learner, SchoolProfile, Staff
from tenant_apps.people.services import calendar, classes, guardians, learners, profile, staff
from tenants.actor import system
from tenants.current import WrongSchool
from tenants.problems import Refusal
from tenants.scope import school_scope

NOW = datetime(2026, 11, 20, 5, 12, tzinfo=UTC)
BY = system("test")
TERMS = [(1, date(2027, 1, 13), date(2027, 3, 26)), (2, date(2027, 4, 7), date(2027, 6, 25))]


def enrol(cast, **changed):
    known = {
        "number": "N1", "given_name": "Lerato", "family_name": "Dube", "class_group": cast.classes[0],
        "enrolled_on": date(2026, 1, 14),
    }  # fmt: skip
    return learners.enrol(by=BY, now=NOW, **{**known, **changed})


def add_guardian(children, **changed):
    known = {"given_name": "Nomsa", "family_name": "Dube", "language": "zu", "email": "n@example.com", "phone": ""}
    return guardians.add_guardian(by=BY, now=NOW, children=children, **{**known, **changed})


def refused(work, *words, **named):
    with pytest.raises(Refusal) as caught:
        work(*words, **named)
    return caught.value


def test_a_year_opens_with_its_terms_and_days(greenfield):
    with school_scope(greenfield.ref):
        calendar.open_year(by=BY, now=NOW, year=2027, terms=TERMS, days=[(date(2027, 3, 22), False, "Holiday")])
        assert calendar.is_school_day(date(2027, 1, 13))
        assert not calendar.is_school_day(date(2027, 3, 22))
        assert not calendar.is_school_day(date(2027, 3, 29))
        again = refused(calendar.open_year, by=BY, now=NOW, year=2027, terms=TERMS, days=[])
        assert again.status == 409
        assert Event.objects.filter(kind="people.year_opened").count() == 1


@pytest.mark.parametrize(
    "terms",
    [
        [(1, date(2027, 3, 1), date(2027, 2, 1))],
        [(1, date(2026, 12, 1), date(2027, 2, 1))],
        [(1, date(2027, 1, 5), date(2027, 2, 1)), (2, date(2027, 2, 1), date(2027, 3, 1))],
        [(1, date(2027, 1, 5), date(2027, 2, 1)), (1, date(2027, 2, 2), date(2027, 3, 1))],
    ],
)
def test_terms_that_make_no_sense_are_refused(greenfield, terms):
    with school_scope(greenfield.ref):
        problem = refused(calendar.open_year, by=BY, now=NOW, year=2027, terms=terms, days=[])
    assert (problem.status, problem.errors[0].field) == (422, "terms")


def test_the_last_word_about_a_day_counts(greenfield):
    friday = date(2026, 11, 20)
    with school_scope(greenfield.ref):
        calendar.add_calendar_day(by=BY, now=NOW, date=friday, school_day=False, name="Storm")
        assert not calendar.is_school_day(friday)
        calendar.add_calendar_day(by=BY, now=NOW, date=friday, school_day=True, name="Open after all")
        assert calendar.is_school_day(friday)


def test_a_class_has_one_name_a_year_and_a_grade_there_is(greenfield):
    with school_scope(greenfield.ref):
        made = classes.create_class(by=BY, now=NOW, year=2026, name="RA", grade=0, teacher=None)
        assert ClassGroup.objects.get(pk=made.pk).grade == 0
        assert refused(classes.create_class, by=BY, now=NOW, year=2026, name="RA", grade=0, teacher=None).status == 409
        assert refused(classes.create_class, by=BY, now=NOW, year=2026, name="X", grade=13, teacher=None).status == 422
        assert refused(classes.create_class, by=BY, now=NOW, year=1999, name="X", grade=1, teacher=None).status == 422
        assert ClassGroup.objects.filter(name="X").count() == 0


def test_somebody_is_hired_once_per_address(greenfield):
    named = {"by": BY, "now": NOW, "given_name": "Thabo", "family_name": "Nkosi", "login": None}
    with school_scope(greenfield.ref):
        staff.hire(email="Thabo@example.com", **named)
        assert Staff.objects.get(given_name="Thabo").email == "Thabo@example.com"
        assert refused(staff.hire, email="thabo@example.com ", **named).status == 409
        assert refused(staff.hire, email="not an address", **named).errors[0].field == "email"


def test_enrolling_costs_five_statements(greenfield, django_assert_max_num_queries):
    with school_scope(greenfield.ref), django_assert_max_num_queries(5, using="schools"):
        enrol(greenfield)


def test_a_number_belongs_to_one_learner_and_the_refusal_leaves_the_transaction_usable(greenfield):
    with school_scope(greenfield.ref):
        enrol(greenfield)
        assert refused(enrol, greenfield, given_name="Other").status == 409
        assert Learner.objects.filter(number="N1").count() == 1


@pytest.mark.parametrize("field", ["number", "given_name", "family_name"])
def test_an_empty_or_endless_name_is_refused(greenfield, field):
    with school_scope(greenfield.ref):
        for text in ("", "   ", "x" * 101):
            assert refused(enrol, greenfield, **{field: text}).errors[0].field == field


def test_nobody_is_enrolled_in_another_schools_class(greenfield, riverside):
    with school_scope(greenfield.ref), pytest.raises(WrongSchool):
        enrol(greenfield, class_group=riverside.classes[0])


def test_no_event_body_names_a_learner(greenfield):
    with school_scope(greenfield.ref):
        learner = enrol(greenfield, given_name="Unmistakable")
        learners.restrict(by=BY, now=NOW, learner=learner, restricted=True)
        learners.move(by=BY, now=NOW, learner=learner, class_group=greenfield.classes[1])
        learners.deactivate(by=BY, now=NOW, learner=learner, on=date(2026, 11, 20))
        add_guardian([(learner, "mother", True, True)])
        bodies = " ".join(Event.objects.values_list("body", flat=True))
        assert str(learner.id) not in bodies and "Unmistakable" not in bodies and "n@example" not in bodies


def test_a_learner_moves_is_restricted_and_leaves_once_each(greenfield):
    with school_scope(greenfield.ref):
        learner = enrol(greenfield)
        for _ in range(2):
            learners.move(by=BY, now=NOW, learner=learner, class_group=greenfield.classes[1])
            learners.restrict(by=BY, now=NOW, learner=learner, restricted=True)
            learners.deactivate(by=BY, now=NOW, learner=learner, on=date(2026, 11, 20))
        there = Learner.objects.get(pk=learner.pk)
        assert (there.class_group, there.restricted, there.state) == (greenfield.classes[1], True, "inactive")
        kinds = list(Event.objects.values_list("kind", flat=True))
        assert sorted(kinds) == sorted(
            ["people.learner_enrolled", "people.learner_moved", "people.learner_restricted", "people.learner_left"]
        )


def test_a_class_lists_who_is_enrolled_on_the_day(greenfield):
    group = greenfield.classes[0].id
    with school_scope(greenfield.ref):
        learner = enrol(greenfield, enrolled_on=date(2026, 11, 10))
        learners.deactivate(by=BY, now=NOW, learner=learner, on=date(2026, 11, 20))
        days = [date(2026, 11, 9), date(2026, 11, 10), date(2026, 11, 19), date(2026, 11, 20)]
        assert [learner in learners.enrolled(group, day) for day in days] == [False, True, True, False]


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("082 123 4567", "+27821234567"),
        ("+44 20 7946 0018", "+442079460018"),
        ("(011) 484-5678", "+27114845678"),
        ("", ""),
    ],
)
def test_a_guardians_phone_is_kept_in_e164(greenfield, typed, kept):
    with school_scope(greenfield.ref):
        add_guardian([(greenfield.learners[0], "mother", True, False)], phone=typed)
        found = Guardian.objects.get(given_name="Nomsa")
        assert found.phone == kept
        assert kept.encode() not in bytes(found.phone_sealed) or not kept


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"phone": "12"}, "phone"), ({"phone": "call me"}, "phone"), ({"email": "nobody"}, "email"),
        ({"language": "fr"}, "language"), ({"given_name": " "}, "given_name"),
    ],
)  # fmt: skip
def test_a_guardian_is_checked_before_anything_is_written(greenfield, changed, field):
    with school_scope(greenfield.ref):
        before = Guardian.objects.count()
        problem = refused(add_guardian, [(greenfield.learners[0], "mother", True, True)], **changed)
        assert (problem.status, problem.errors[0].field) == (422, field)
        assert Guardian.objects.count() == before


def test_a_guardian_has_rights_per_child(greenfield):
    one, two, *_ = greenfield.learners
    with school_scope(greenfield.ref):
        add_guardian([(one, "mother", True, False), (two, "aunt_uncle", False, True)])
        ties = {tie.learner_id: tie for tie in Guardian.objects.get(given_name="Nomsa").guardianships.all()}
        assert (ties[one.id].may_contact, ties[one.id].may_collect) == (True, False)
        assert (ties[two.id].may_contact, ties[two.id].may_collect) == (False, True)
        assert refused(add_guardian, [(one, "mother", True, True)] * 2).errors[0].field == "children"
        assert refused(add_guardian, [(one, "friend", True, True)]).errors[0].field == "relation"


def test_a_child_of_another_school_gets_no_guardian_here(greenfield, riverside):
    with school_scope(greenfield.ref), pytest.raises(WrongSchool):
        add_guardian([(riverside.learners[0], "mother", True, True)])


def test_lockdown_is_switched_once(greenfield):
    with school_scope(greenfield.ref):
        assert profile.set_lockdown(by=BY, now=NOW, on=True)
        assert not profile.set_lockdown(by=BY, now=NOW, on=True)
        assert SchoolProfile.objects.get().lockdown
        assert Event.objects.filter(kind="people.lockdown_set").count() == 1
