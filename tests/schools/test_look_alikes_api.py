"""Look-alikes of a new school by the API: told in every answer, and a stop for who asks to be stopped."""

import pytest

from shared_apps.schools.models import Draft, Onboarding
from shared_apps.workflows.models import Run
from tenants.ids import new_id
from tenants.models import School
from tests.schools.acts import BODY, post

pytestmark = pytest.mark.django_db(databases=["default", "schools"])
LIKE = {**BODY, "school": {"name": "Greenfield Primary School"}}


@pytest.fixture
def operator(signed_in):
    return signed_in("operator@example.com")


def told(cast):
    return [{"id": str(cast.ref.id), "slug": cast.slug, "name": cast.ref.name}]


def seeing(*schools, body=LIKE):
    return {**body, "look_alikes_seen": [str(school) for school in schools]}


def test_a_valid_body_is_taken_and_the_look_alikes_are_told(operator, greenfield):
    answer = post(operator, LIKE)
    assert answer.status_code == 202 and answer.json()["look_alikes"] == told(greenfield)
    assert [made["email"] for made in answer.json()["passwords"]] == [BODY["admin"]["email"]]


def test_where_there_is_none_the_answer_is_to_the_letter_of_the_contract(operator):
    assert set(post(operator).json()) == {"id", "passwords"}


def test_who_asks_to_be_stopped_is_stopped_before_anything_is_begun(operator, greenfield, riverside):
    for unseen in (seeing(), seeing(riverside.ref.id), seeing(new_id())):
        refused = post(operator, unseen)
        assert (refused.status_code, refused.json()["code"]) == (409, "looks_like")
        assert refused.json()["schools"] == told(greenfield)
    assert not Run.objects.exists() and not Draft.objects.exists() and not Onboarding.objects.exists()
    assert post(operator, seeing(riverside.ref.id, greenfield.ref.id)).status_code == 202
    assert Onboarding.objects.get().name == LIKE["school"]["name"]


def test_who_has_nothing_to_look_at_is_not_stopped(operator):
    assert post(operator, seeing(body=BODY)).status_code == 202


def test_the_same_call_twice_is_one_school_and_no_look_alike_of_itself(operator, greenfield):
    first = post(operator, seeing(greenfield.ref.id))
    begun = Onboarding.objects.get()
    School.objects.filter(slug="riverside").update(name=begun.name)
    Onboarding.objects.update(school=School.objects.get(slug="riverside").pk)  # as if it had been built meanwhile
    second = post(operator, seeing(greenfield.ref.id))
    assert second.status_code == 202 and second.json() == {
        "id": first.json()["id"], "passwords": [], "look_alikes": told(greenfield)
    }  # fmt: skip
    assert Onboarding.objects.count() == 1


@pytest.mark.parametrize("seen", ["x", ["x"], {}, [1], [str(new_id())] * 101])
def test_what_cannot_have_been_seen_is_refused(operator, seen):
    assert post(operator, {**BODY, "look_alikes_seen": seen}).status_code == 422 and not Run.objects.exists()


def test_a_wrong_role_learns_of_no_look_alike(signed_in, greenfield):
    for email in ("gauteng@example.com", "admin@greenfield.example"):
        answer = post(signed_in(email), seeing())
        assert answer.status_code == 403 and "schools" not in answer.json()
