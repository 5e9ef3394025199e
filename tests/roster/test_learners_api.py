"""GET /api/learners and GET /api/learners/{id}."""

import base64
import json
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from tenant_apps.gate.models import Presence
from tenant_apps.people.models import Learner
from tenant_apps.roster.rules import After, read_cursor
from tenants.ids import new_id
from tenants.scope import school_scope

URL = "/api/learners"


def items(client, **query):
    answer = client.get(URL, query)
    assert answer.status_code == 200, answer.content
    return answer.json()["items"]


def code_of(answer):
    return answer.status_code, answer.json()["code"]


def test_an_officer_sees_every_active_learner_by_name_without_guardians(signed_in, greenfield):
    found = items(signed_in("officer@greenfield.example"))
    assert [row["name"] for row in found] == [
        f"Learner{place} {greenfield.canary}" for place in (0, 1, 2, 3, 4, 5, 7)
    ]  # fmt: skip
    learner = greenfield.learners[0]
    assert found[0] == {
        "id": str(learner.id), "name": learner.name, "grade": 4, "on_site": False,
        "class": {"id": str(learner.class_group_id), "name": "4A"},
        "badge": {"code": greenfield.badges[learner.id], "state": "active"},
    }  # fmt: skip


def test_all_includes_those_who_left_and_a_badge_that_was_taken_away_is_shown_as_such(signed_in, greenfield):
    found = {row["id"]: row for row in items(signed_in("admin@greenfield.example"), state="all")}
    assert str(greenfield.inactive.id) in found and len(found) == 8
    assert found[str(greenfield.learners[5].id)]["badge"] == {"code": greenfield.revoked_badge, "state": "revoked"}


def test_a_teacher_sees_their_own_classes_alone(signed_in, greenfield):
    teacher = signed_in("teacher@greenfield.example")
    own, other = greenfield.classes
    assert {row["class"]["name"] for row in items(teacher, state="all")} == {"4A"}
    assert len(items(teacher, **{"class": own.id})) == 4
    assert code_of(teacher.get(URL, {"class": other.id})) == (404, "not_found")
    assert code_of(teacher.get(f"{URL}/{greenfield.learners[4].id}")) == (404, "not_found")
    assert teacher.get(f"{URL}/{greenfield.learners[0].id}").status_code == 200


def test_search_looks_for_each_word_in_names_and_number(signed_in, greenfield):
    officer = signed_in("officer@greenfield.example")
    assert [row["name"] for row in items(officer, search=f"{greenfield.canary.lower()} LEARNER3")] == [
        greenfield.learners[3].name
    ]
    assert [row["name"] for row in items(officer, search=greenfield.learners[2].number)] == [
        greenfield.learners[2].name
    ]
    assert items(officer, search="%") == [] == items(officer, search="nobody")


def test_pages_follow_one_another_without_gap_or_repeat(signed_in, greenfield):
    officer = signed_in("officer@greenfield.example")
    with school_scope(greenfield.ref):
        Learner.objects.filter(pk__in=[one.pk for one in greenfield.learners[:3]]).update(
            family_name="de Vries", given_name="Émile"
        )
    whole = [row["id"] for row in items(officer, state="all")]
    for limit in (1, 2, 3, 8):
        seen, cursor = [], None
        while True:
            answer = officer.get(URL, {"state": "all", "limit": limit, **({"cursor": cursor} if cursor else {})}).json()
            seen += [row["id"] for row in answer["items"]]
            cursor = answer["next"]
            if cursor is None:
                break
        assert seen == whole


def test_on_site_holds_for_todays_local_day_only(signed_in, greenfield):
    officer = signed_in("officer@greenfield.example")
    now = timezone.now()
    here, yesterday, gone = greenfield.learners[:3]
    with school_scope(greenfield.ref):
        for learner, since, on_site in (
            (here, now, True),
            (yesterday, now - timedelta(days=1), True),
            (gone, now, False),
        ):
            Presence.objects.create(learner=learner, on_site=on_site, since=since, gate=greenfield.gates[0])
    found = {row["id"]: row["on_site"] for row in items(officer)}
    assert [found[str(learner.id)] for learner in (here, yesterday, gone)] == [True, False, False]
    assert officer.get(f"{URL}/{here.id}").json()["on_site"] is True


def test_guardians_are_for_school_admins_on_the_single_learner(signed_in, greenfield):
    path = f"{URL}/{greenfield.learners[0].id}"
    admin = signed_in("admin@greenfield.example")
    (guardian,) = admin.get(path).json()["guardians"]
    assert set(guardian) == {"id", "name", "relation", "language", "email", "phone", "may_contact", "may_collect"}
    assert guardian["phone"] == "+27821000000" and guardian["may_contact"] is True
    assert "guardians" not in signed_in("officer@greenfield.example").get(path).json()
    assert "guardians" not in signed_in("teacher@greenfield.example").get(path).json()
    assert all("guardians" not in row for row in items(admin))


def test_a_stranger_and_platform_people_see_no_learner(signed_in, greenfield):
    assert code_of(Client().get(URL)) == (401, "token_invalid")
    for email in ("operator@example.com", "gauteng@example.com", "finance@example.com", "root@example.com"):
        assert code_of(signed_in(email).get(URL)) == (403, "forbidden")


def test_another_schools_learner_and_class_are_not_there(signed_in, greenfield, riverside):
    admin = signed_in("admin@greenfield.example")
    assert code_of(admin.get(f"{URL}/{riverside.learners[0].id}")) == (404, "not_found")
    assert code_of(admin.get(URL, {"class": riverside.classes[0].id})) == (404, "not_found")
    assert riverside.canary not in admin.get(URL, {"state": "all", "search": "Learner"}).content.decode()


@pytest.mark.parametrize("key", ["nobody", "0", "a" * 40, "00000000-0000-7000-8000-000000000000"])
def test_an_id_that_names_nothing_is_404(signed_in, greenfield, key):
    admin = signed_in("admin@greenfield.example")
    assert admin.get(f"{URL}/{key}").status_code == 404
    assert admin.get(URL, {"class": key}).status_code == 404


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"state": "gone"}, "state"), ({"limit": 0}, "limit"), ({"limit": 101}, "limit"), ({"limit": "x"}, "limit"),
        ({"cursor": "%%%"}, "cursor"), ({"cursor": "e30"}, "cursor"), ({"cursor": "W10"}, "cursor"),
        ({"cursor": "é"}, "cursor"), ({"search": "x" * 101}, "search"), ({"sort": "name"}, "sort"),
    ],
)  # fmt: skip
def test_bad_queries_name_the_field(signed_in, greenfield, query, field):
    answer = signed_in("officer@greenfield.example").get(URL, query)
    assert code_of(answer) == (422, "invalid")
    assert answer.json()["errors"][0]["field"] == field


@pytest.mark.parametrize("name", ["a\0b", "\ud800", 7, None, ["x"]])
def test_a_cursor_that_decodes_to_something_unstorable_is_422(signed_in, greenfield, name):
    cursor = base64.urlsafe_b64encode(json.dumps([name, "x", str(new_id())]).encode()).decode()
    assert code_of(signed_in("officer@greenfield.example").get(URL, {"cursor": cursor})) == (422, "invalid")


@given(st.text(max_size=60))
def test_any_text_is_read_as_a_place_or_as_nothing(text):
    assert isinstance(read_cursor(text), After | None)


@given(st.text("abcé'\" -\u200d", max_size=20), st.text("äbc", max_size=20), st.uuids())
def test_a_cursor_reads_back_as_it_was_written(family, given, key):
    place = After(family, given, key)
    assert read_cursor(place.cursor()) == place


def test_asking_twice_gives_the_same_answer(signed_in, greenfield):
    officer = signed_in("officer@greenfield.example")
    assert officer.get(URL).content == officer.get(URL).content
