"""The register's pages: choosing a class, marking, handing in, opening again."""

from datetime import date, datetime, timedelta
from urllib.parse import urljoin

import pytest
from django.utils import timezone

from tenant_apps.attendance.models import Mark, Register
from tenant_apps.attendance.services import marks, proposals
from tenant_apps.people.services import calendar
from tenants.actor import system
from tenants.scope import school_scope

URL = "/s/greenfield/register"


@pytest.fixture
def today(greenfield):
    """Today is a school day, whatever the calendar says."""
    now = timezone.now()
    day = now.astimezone(greenfield.ref.zone).date()
    with school_scope(greenfield.ref):
        calendar.add_calendar_day(by=system("test"), now=now, date=day, school_day=True, name="Today")
    return day


@pytest.fixture
def teacher(signed_in, greenfield):
    return signed_in("teacher@greenfield.example")


def post(client, verb, cast, day, group=0, **more):
    return client.post(f"{URL}/{verb}", {"class": cast.classes[group].id, "date": str(day), **more})


def test_a_teacher_of_one_class_lands_on_its_register(teacher, greenfield, today):
    text = teacher.get(URL).content.decode()
    assert text.count("data-mark-form") == 4 and "To mark: 4" in text and "no scan" in text
    assert " style=" not in text and "onclick" not in text


def test_a_school_admin_chooses_a_class(signed_in, greenfield, today):
    admin = signed_in("admin@greenfield.example")
    text = admin.get(URL).content.decode()
    assert text.count("classes__name") == 2 and "Marked: 0 of 4" in text and "Marked: 0 of 3" in text
    assert admin.get(URL, {"class": greenfield.classes[1].id}).content.decode().count("data-mark-form") == 3


def test_the_gates_proposal_is_shown_as_one(teacher, greenfield, today):
    now = timezone.now()
    with school_scope(greenfield.ref):
        proposals.propose(by=system("test"), now=now, learner=greenfield.learners[0], arrived_at=now)
    text = teacher.get(URL).content.decode()
    assert text.count("marks__one--proposed") == 1 and "proposed by the gate" in text
    assert now.astimezone(greenfield.ref.zone).strftime("%H:%M") in text


def test_a_row_is_saved_and_comes_back_alone_to_a_page_with_our_script(teacher, greenfield, today):
    learner = greenfield.learners[0]
    sent = {"class": greenfield.classes[0].id, "date": str(today), "learner": learner.id, "mark": "L"}
    answer = teacher.post(f"{URL}/mark", sent, headers={"HX-Request": "true"})
    text = answer.content.decode()
    assert text.startswith(f'<tr id="row-{learner.id}"') and "hx-swap-oob" in text and "<html" not in text
    assert text.count("<tr") == 1
    with school_scope(greenfield.ref):
        assert Mark.objects.get().mark == "L"


def test_without_script_the_whole_register_comes_back(teacher, greenfield, today):
    answer = post(teacher, "mark", greenfield, today, learner=greenfield.learners[0].id, mark="P")
    assert answer.status_code == 302
    page = urljoin(f"{URL}/mark", answer.headers["Location"])
    assert page.startswith(f"{URL}?class=") and teacher.get(page).status_code == 200


def test_a_reason_left_in_the_list_goes_with_excused_alone(teacher, greenfield, today):
    for mark, reason in (("E", "b"), ("P", "b")):
        post(teacher, "mark", greenfield, today, learner=greenfield.learners[0].id, mark=mark, reason=reason)
    with school_scope(greenfield.ref):
        row = Mark.objects.get()
        assert (row.mark, row.reason) == ("P", "")


def test_a_register_is_handed_in_and_reopened_with_a_reason(teacher, greenfield, today):
    early = post(teacher, "submit", greenfield, today)
    assert early.status_code == 409 and "Some learners have no mark yet" in early.content.decode()
    assert post(teacher, "rest", greenfield, today).status_code == 302
    assert post(teacher, "submit", greenfield, today).status_code == 302
    text = teacher.get(URL).content.decode()
    assert "Submitted at" in text and "data-mark-form" not in text
    assert post(teacher, "mark", greenfield, today, learner=greenfield.learners[0].id, mark="A").status_code == 409
    assert post(teacher, "rest", greenfield, today).status_code == 409
    assert post(teacher, "reopen", greenfield, today, why=" ").status_code == 422
    assert post(teacher, "reopen", greenfield, today, why="Was at choir").status_code == 302
    assert teacher.get(URL).content.decode().count("data-mark-form") == 4


def test_no_register_on_a_day_that_is_none(teacher, greenfield):
    text = teacher.get(URL, {"date": "2026-11-15"}).content.decode()
    assert "This is not a school day" in text and "data-mark-form" not in text
    assert post(teacher, "rest", greenfield, "2026-11-15").status_code == 409


def test_tomorrow_is_not_offered_and_not_marked(teacher, greenfield, today):
    assert "Day after" not in teacher.get(URL).content.decode()
    assert post(teacher, "rest", greenfield, today + timedelta(days=1)).status_code == 409


@pytest.mark.parametrize("verb", ["mark", "rest", "submit", "reopen"])
def test_another_class_another_school_and_another_role_are_refused(
    signed_in, teacher, greenfield, riverside, today, verb
):
    more = {"learner": greenfield.learners[4].id, "mark": "P", "why": "x"}
    assert post(teacher, verb, greenfield, today, group=1, **more).status_code == 404
    assert post(teacher, verb, riverside, today, **more).status_code == 404
    assert post(signed_in("officer@greenfield.example"), verb, greenfield, today, **more).status_code == 403
    with school_scope(greenfield.ref):
        assert not Mark.objects.exists() and not Register.objects.exists()


@pytest.mark.parametrize(
    ("more", "status"),
    [({"mark": "X"}, 422), ({"mark": ""}, 422), ({"date": "x", "mark": "P"}, 422), ({"learner": "x", "mark": "P"}, 404),
     ({"class": "x", "mark": "P"}, 404)],
)  # fmt: skip
def test_bad_input_is_refused(teacher, greenfield, today, more, status):
    sent = {"class": greenfield.classes[0].id, "date": str(today), "learner": greenfield.learners[0].id, **more}
    assert teacher.post(f"{URL}/mark", sent).status_code == status


def test_the_verbs_answer_posts_alone(teacher, greenfield):
    assert {teacher.get(f"{URL}/{verb}").status_code for verb in ("mark", "rest", "submit", "reopen")} == {405}


def test_absent_at_registration_and_arrived_later_is_said_in_the_row(signed_in, greenfield):
    """A10: "absent at 07:55, arrived 08:20", proposed late; once confirmed, both stay visible."""
    learner, group = greenfield.learners[0], greenfield.classes[0]
    at = [
        datetime(2026, 11, 20, hour, minute, tzinfo=greenfield.ref.zone) for hour, minute in ((7, 55), (8, 20), (8, 25))
    ]
    sent = {"by": system("test"), "class_group": group, "date": date(2026, 11, 20), "learner": learner}
    admin = signed_in("admin@greenfield.example")

    def text():
        return admin.get(URL, {"class": group.id, "date": "2026-11-20"}).content.decode()

    with school_scope(greenfield.ref):
        marks.confirm(**sent, now=at[0], mark="A")
        proposals.propose(by=system("test"), now=at[1], learner=learner, arrived_at=at[1])
    assert "Absent at 07:55, arrived 08:20" in text()
    with school_scope(greenfield.ref):
        marks.confirm(**sent, now=at[2], mark="L")
    assert "At registration (07:55): Absent" in text() and "08:20" in text()
