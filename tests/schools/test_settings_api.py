"""`GET|PATCH /api/operator/schools/{id}/settings`: works / wrong role / not found / bad input / twice."""

from datetime import time

import pytest

from shared_apps.schools.services import settings
from tenant_apps.people.models import SchoolProfile
from tenants.cells import CellDown
from tenants.ids import new_id
from tenants.models import School
from tenants.scope import school_scope
from tests.schools.acts import OPERATOR
from tests.schools.test_settings import recorded, told


@pytest.fixture
def operator(signed_in):
    return signed_in(OPERATOR)


def path(cast):
    return f"/api/operator/schools/{cast.ref.id}/settings"


def read(client, cast):
    answer = client.get(path(cast))
    assert answer.status_code == 200, answer.content
    return answer.json()


def save(client, cast, part, seen=None, **values):
    body = {part: {"seen": read(client, cast)[part]["seen"] if seen is None else seen, **values}}
    return client.patch(path(cast), body, content_type="application/json")


def test_everything_that_is_set_is_told(operator, greenfield):
    found = read(operator, greenfield)
    seen = [found[part].pop("seen") for part in ("directory", "school")]
    assert all(seen) and found["directory"] == {
        "name": "Greenfield Primary", "slug": "greenfield", "timezone": "Africa/Johannesburg",
        "region": "ZA-GP-tshwane",
    }  # fmt: skip
    assert found["school"] == {"bell": "08:00", "close_time": "17:00", "default_language": "en"}
    assert [one["channel"] for one in found["providers"]] == ["push", "email", "whatsapp", "sms"]
    assert found["history"] == []


def test_the_directorys_entry_is_changed_in_part_and_the_history_has_it(operator, greenfield):
    answer = save(operator, greenfield, "directory", name="Greenfield  Primary School", region="")
    assert answer.status_code == 200, answer.content
    school = School.objects.get(pk=greenfield.ref.id)
    assert (school.name, school.slug, school.region) == ("Greenfield Primary School", "greenfield", "")
    (change,) = answer.json()["history"]
    assert change["who"] == "Operator" and change["changes"]["name"] == {
        "before": "Greenfield Primary", "after": "Greenfield Primary School",
    }  # fmt: skip
    assert answer.json() == read(operator, greenfield) and recorded() == [school.id] and told(greenfield) == []


def test_what_the_school_keeps_is_changed_there_and_both_histories_have_it(operator, greenfield):
    answer = save(operator, greenfield, "school", close_time="15:30")
    assert answer.status_code == 200 and answer.json()["school"]["close_time"] == "15:30"
    with school_scope(greenfield.ref):
        found = SchoolProfile.objects.get()
        assert (found.close_time, found.default_language) == (time(15, 30), "en")
    assert len(told(greenfield)) == 1 and recorded() == [greenfield.ref.id]


def test_twice_the_same_is_recorded_once_and_an_old_mark_is_refused(operator, greenfield):
    seen = read(operator, greenfield)["directory"]["seen"]
    assert save(operator, greenfield, "directory", seen=seen, name="First").status_code == 200
    assert save(operator, greenfield, "directory", name="First").status_code == 200
    assert recorded() == [greenfield.ref.id]
    late = save(operator, greenfield, "directory", seen=seen, name="Late")
    assert (late.status_code, late.json()["code"]) == (409, "conflict")
    own = read(operator, greenfield)["school"]["seen"]
    assert save(operator, greenfield, "school", seen=own, default_language="af").status_code == 200
    assert save(operator, greenfield, "school", seen=own, default_language="zu").status_code == 409


@pytest.mark.parametrize(
    ("part", "values"),
    [
        ("directory", {"name": ""}), ("directory", {"name": " "}), ("directory", {"name": "x" * 201}),
        ("directory", {"slug": "riverside"}), ("directory", {"slug": "operator"}), ("directory", {"slug": ""}),
        ("directory", {"timezone": "Mars/Base"}), ("directory", {"region": "Gauteng"}),
        ("directory", {"state": "disabled"}), ("directory", {"name": "a\0b"}),
        ("school", {"close_time": "07:59"}), ("school", {"close_time": "08:00"}), ("school", {"close_time": "24:00"}),
        ("school", {"close_time": "15:30\n"}), ("school", {"close_time": "5pm"}), ("school", {"bell": "09:00"}),
        ("school", {"default_language": "fr"}),
    ],
)  # fmt: skip
def test_a_value_that_is_not_right_changes_nothing(operator, greenfield, riverside, part, values):
    before = read(operator, greenfield)
    answer = save(operator, greenfield, part, **values)
    assert answer.status_code == 422 and answer.json()["errors"], answer.content
    assert read(operator, greenfield) == before and recorded() == [] == told(greenfield)


@pytest.mark.parametrize("body", [{}, {"directory": None, "school": None}, {"school": {"close_time": "15:30"}}, []])
def test_a_body_that_is_no_change_is_refused(operator, greenfield, body):
    answer = operator.patch(path(greenfield), body, content_type="application/json")
    assert answer.status_code == 422 and recorded() == []


def test_both_parts_at_once_are_refused(operator, greenfield):
    found = read(operator, greenfield)
    body = {part: {"seen": found[part]["seen"]} for part in ("directory", "school")}
    assert operator.patch(path(greenfield), body, content_type="application/json").status_code == 422


def test_a_school_that_cannot_be_reached_is_null_and_not_guessed(operator, greenfield, monkeypatch):
    own = read(operator, greenfield)["school"]["seen"]
    monkeypatch.setattr(settings, "ask", lambda *_a, **_m: (_ for _ in ()).throw(CellDown("away")))
    assert read(operator, greenfield)["school"] is None
    answer = save(operator, greenfield, "school", seen=own, close_time="12:00")
    assert (answer.status_code, answer.json()["code"]) == (503, "school_unreachable")
    assert save(operator, greenfield, "directory", name="Still").status_code == 200


@pytest.mark.parametrize(
    "email", ["gauteng@example.com", "circle@example.com", "finance@example.com", "admin@greenfield.example"]
)
def test_others_are_refused(signed_in, greenfield, email):
    client = signed_in(email)
    assert client.get(path(greenfield)).status_code == 403
    assert client.patch(path(greenfield), {}, content_type="application/json").status_code == 403


def test_a_school_that_is_not_there_is_404(operator):
    for key in (new_id(), "nonsense"):
        assert operator.get(f"/api/operator/schools/{key}/settings").status_code == 404
        body = {"directory": {"seen": "x", "name": "x"}}
        answer = operator.patch(f"/api/operator/schools/{key}/settings", body, content_type="application/json")
        assert answer.status_code == 404
