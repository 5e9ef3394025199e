"""GET /api/attendance/registers."""

from datetime import date, datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from tenant_apps.attendance.services import marks, proposals
from tenant_apps.people.services import calendar
from tenants.actor import system
from tenants.scope import school_scope

URL = "/api/attendance/registers"
FRIDAY = date(2026, 11, 20)
BY = system("test")


def friday(cast, hour, minute):
    return datetime(2026, 11, 20, hour, minute, tzinfo=cast.ref.zone)


def rows(client, **query):
    answer = client.get(URL, query)
    assert answer.status_code == 200, answer.content
    return {row["learner"]["name"].split()[0]: row for row in answer.json()["items"]}


def code_of(answer):
    return answer.status_code, answer.json()["code"]


def test_every_enrolled_learner_is_listed_with_what_is_known(signed_in, greenfield):
    arrived, absent, excused, _ = greenfield.learners[:4]
    group = greenfield.classes[0]
    with school_scope(greenfield.ref):
        early, later = friday(greenfield, 7, 12), friday(greenfield, 7, 55)
        proposals.propose(by=BY, now=early, learner=arrived, arrived_at=early)
        marks.confirm_many(
            by=BY, now=later, class_group=group, date=FRIDAY,
            decisions=[marks.Decision(absent, "A"), marks.Decision(excused, "E", "b")],
        )  # fmt: skip
    found = rows(signed_in("teacher@greenfield.example"), **{"class": group.id, "date": "2026-11-20"})
    shown = {name: [row[key] for key in ("mark", "source", "state", "reason")] for name, row in found.items()}
    assert shown == {
        "Learner0": ["P", "gate", "proposed", None],
        "Learner1": ["A", "teacher", "confirmed", None],
        "Learner2": ["E", "teacher", "confirmed", "b"],
        "Learner3": [None, None, None, None],
    }
    assert found["Learner0"]["learner"] == {
        "id": str(arrived.id), "name": arrived.name, "class": {"id": str(group.id), "name": "4A"}
    }  # fmt: skip


def test_the_date_is_todays_in_the_schools_zone_when_none_is_given(signed_in, greenfield):
    now = timezone.now()
    today = now.astimezone(greenfield.ref.zone).date()
    with school_scope(greenfield.ref):
        calendar.add_calendar_day(by=BY, now=now, date=today, school_day=True, name="Today")
        proposals.propose(by=BY, now=now, learner=greenfield.learners[0], arrived_at=now)
    teacher = signed_in("teacher@greenfield.example")
    assert rows(teacher, **{"class": greenfield.classes[0].id})["Learner0"]["state"] == "proposed"
    yesterday = str(today - timedelta(days=1))
    assert rows(teacher, **{"class": greenfield.classes[0].id}, date=yesterday)["Learner0"]["state"] is None


def test_who_left_is_not_listed(signed_in, greenfield):
    found = rows(signed_in("admin@greenfield.example"), **{"class": greenfield.classes[1].id, "date": "2026-11-20"})
    assert set(found) == {"Learner4", "Learner5", "Learner7"}


def test_a_teacher_reads_their_own_classes_and_an_officer_none(signed_in, greenfield):
    own, other = greenfield.classes
    teacher = signed_in("teacher@greenfield.example")
    assert teacher.get(URL, {"class": own.id}).status_code == 200
    assert code_of(teacher.get(URL, {"class": other.id})) == (404, "not_found")
    assert code_of(signed_in("officer@greenfield.example").get(URL, {"class": own.id})) == (403, "forbidden")
    assert code_of(Client().get(URL, {"class": own.id})) == (401, "token_invalid")
    assert code_of(signed_in("operator@example.com").get(URL, {"class": own.id})) == (403, "forbidden")


def test_another_schools_class_is_not_there(signed_in, greenfield, riverside):
    admin = signed_in("admin@greenfield.example")
    assert code_of(admin.get(URL, {"class": riverside.classes[0].id})) == (404, "not_found")


@pytest.mark.parametrize("key", ["4A", "00000000-0000-7000-8000-000000000000"])
def test_a_class_there_is_not_is_404(signed_in, greenfield, key):
    assert code_of(signed_in("admin@greenfield.example").get(URL, {"class": key})) == (404, "not_found")


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({}, "class"), ({"class": "x", "date": "yesterday"}, "date"), ({"class": "x", "date": "1763596800"}, "date"),
        ({"class": "x", "date": "2026-13-01"}, "date"),
        ({"class": "x", "date": ""}, "date"), ({"class": "x", "term": "4"}, "term"),
    ],
)  # fmt: skip
def test_bad_queries_name_the_field(signed_in, greenfield, query, field):
    answer = signed_in("admin@greenfield.example").get(URL, query)
    assert code_of(answer) == (422, "invalid")
    assert answer.json()["errors"][0]["field"] == field
