"""What the pages ask of the database does not grow with the number of learners."""

import pytest
from django.utils import timezone

from tenant_apps.people.models import Learner
from tenant_apps.people.services import calendar
from tenants.actor import system
from tenants.scope import school_scope


@pytest.fixture
def crowded(greenfield):
    now = timezone.now()
    with school_scope(greenfield.ref):
        today = now.astimezone(greenfield.ref.zone).date()
        calendar.add_calendar_day(by=system("test"), now=now, date=today, school_day=True, name="Today")
        Learner.objects.bulk_create(
            Learner(
                number=f"C{place}", given_name=f"Crowd{place}", family_name="Zz", enrolled_on="2026-01-14",
                class_group=greenfield.classes[0],
            )
            for place in range(60)
        )  # fmt: skip
    return greenfield


@pytest.mark.parametrize(
    ("path", "most"), [("", 16), ("learners?size=100", 10), ("register?class={group}", 11), ("register", 9)]
)
def test_a_page_costs_a_fixed_number_of_statements(signed_in, crowded, django_assert_max_num_queries, path, most):
    admin = signed_in("admin@greenfield.example")
    path = "/s/greenfield/" + path.format(group=crowded.classes[0].id)
    with django_assert_max_num_queries(most, using="schools"):
        assert admin.get(path).status_code == 200


def test_saving_one_row_costs_a_fixed_number_of_statements(signed_in, crowded, django_assert_max_num_queries):
    teacher = signed_in("teacher@greenfield.example")
    sent = {"class": crowded.classes[0].id, "learner": crowded.learners[0].id, "mark": "P"}
    with django_assert_max_num_queries(23, using="schools"):
        answer = teacher.post("/s/greenfield/register/mark", sent, headers={"HX-Request": "true"})
    assert answer.status_code == 200
