"""The standing search for leaks: it asks everything, finds what is planted, and leaves nothing behind."""

import logging
import threading

import pytest
from django.conf import settings
from django.db import InternalError, connections
from django.test import Client
from django.utils.safestring import mark_safe

from config.canaries import places
from config.canaries import turn as turning
from config.canaries.inside import Inside
from config.canaries.marks import Heap, Marks
from config.canaries.reading import reading_only
from config.canaries.turn import turns
from shared_apps.audit.models import CanaryCheck, PlatformEvent
from shared_apps.audit.services.canaries import canaries
from tenant_apps.people.models import CalendarDay, Learner, SchoolProfile
from tenants import ask, door, scoped
from tenants.actor import Actor
from tenants.pipeline import send
from tenants.scope import school_scope
from tests import world
from tests.world import MORNING


def test_nothing_of_another_school_is_found_and_every_place_answers(search, greenfield, riverside, caplog):
    with caplog.at_level(logging.DEBUG):
        turn, found = search(whole=True)
    assert greenfield.canary not in caplog.text and riverside.canary not in caplog.text
    assert (found, turn.failed) == (set(), [])
    assert len(turn.heard) > 80


def test_every_table_and_everything_told_to_the_platform_is_asked(search):
    turn, _ = search()
    asked = {one.place for one in turn.heard}
    assert {"table gate_presence", "table gate_flow", "table people_learner", "cache", "files"} <= asked
    assert {f"answer {name}" for name in ask.published()} <= asked


# -- planted leaks ----------------------------------------------------------------------------------------------------


def test_a_route_that_opens_another_school_is_found(search, monkeypatch, greenfield):
    def astray(school, **more):
        return school_scope(greenfield.ref, **more)

    monkeypatch.setattr(door, "school_scope", astray)
    _, found = search()
    assert {"GET /api/learners", "GET /s/{slug}/learners", "GET /api/gates"} <= found
    assert not {place for place in found if place.startswith("table")}


def test_a_page_that_shows_nothing_but_a_name_is_found(search, monkeypatch, greenfield):
    monkeypatch.setattr("tenant_apps.roster.views.grade_name", lambda grade: greenfield.learners[0].name)
    assert search()[1] == {"GET /s/{slug}/learners/{learner_id}"}


def test_a_name_inside_a_tag_is_found(search, monkeypatch, greenfield):
    label = mark_safe(f'<b aria-label="{greenfield.learners[0].name}"></b>')
    monkeypatch.setattr("tenant_apps.roster.views.grade_name", lambda grade: label)
    assert search()[1] == {"GET /s/{slug}/learners/{learner_id}"}


def test_a_number_of_another_schools_guardian_is_found(search, monkeypatch, greenfield):
    with school_scope(greenfield.ref):
        guardian = greenfield.learners[0].guardianships.first().guardian
        guardian.phone = phone = "+27831234567"
        guardian.save()
    monkeypatch.setattr("tenant_apps.roster.views.grade_name", lambda grade: phone)
    assert search()[1] == {"GET /s/{slug}/learners/{learner_id}"}


def test_a_line_of_the_log_about_another_school_is_found(search, monkeypatch, greenfield):
    def says(grade):
        logging.getLogger("tenant_apps.roster").warning("looked at %s", greenfield.learners[0].id)
        return ""

    monkeypatch.setattr("tenant_apps.roster.views.grade_name", says)
    assert search()[1] == {"log tenant_apps.roster"}


def test_a_line_of_the_log_that_names_somebody_of_the_school_itself_is_found(search, monkeypatch, riverside):
    def says(grade):
        logging.getLogger("tenant_apps.roster").info("of %s", riverside.learners[0].name)
        return ""

    monkeypatch.setattr("tenant_apps.roster.views.grade_name", says)
    assert search()[1] == {"log tenant_apps.roster"}


def test_what_others_say_to_the_log_is_not_the_searchs(search, monkeypatch, greenfield):
    def says(grade):
        line = ("looked at %s", greenfield.learners[0].id)
        thread = threading.Thread(target=logging.getLogger("tenant_apps.roster").warning, args=line)
        thread.start()
        thread.join()
        return ""

    monkeypatch.setattr("tenant_apps.roster.views.grade_name", says)
    assert search()[1] == set()


def test_a_badge_of_another_school_is_found(search, monkeypatch, greenfield):
    code = next(iter(greenfield.badges.values()))
    monkeypatch.setattr("tenant_apps.roster.views.grade_name", lambda grade: f"<b>{code}</b>")
    assert search()[1] == {"GET /s/{slug}/learners/{learner_id}"}


def test_a_row_that_came_from_another_school_is_found(search, greenfield, riverside):
    with school_scope(riverside.ref):
        CalendarDay.objects.create(date=MORNING.date(), school_day=True, name=str(greenfield.learners[0].id))
    assert search()[1] == {"table people_calendarday"}


def test_an_answer_to_the_platform_out_of_another_school_is_found(search, monkeypatch, greenfield):
    staff = greenfield.staff["admin"]
    monkeypatch.setitem(ask._answers, "people.staff_name", lambda *, person=None: staff.name)
    assert search()[1] == {"answer people.staff_name", "GET /api/me"}


def test_a_cache_key_without_the_school_is_found(search, monkeypatch):
    monkeypatch.setattr(scoped, "cache_key", lambda name: name)
    assert search()[1] == {"cache"}


def test_a_file_path_without_the_school_is_found(search, monkeypatch, tmp_path):
    monkeypatch.setattr(scoped, "file_path", lambda name: tmp_path / name)
    assert search()[1] == {"files"}
    assert list(tmp_path.iterdir()) == []


def test_a_file_of_another_school_in_the_folder_is_found(
    search, monkeypatch, settings, tmp_path, greenfield, riverside
):
    settings.SCHOOL_FILES = tmp_path
    folder = tmp_path / riverside.ref.schema
    folder.mkdir()
    (folder / "export.csv").write_text(f"x,{greenfield.learners[0].id}")
    assert search()[1] == {"files"}


def test_the_names_of_schemas_are_found(greenfield, riverside):
    with school_scope(greenfield.ref):
        own = Heap.of([]).own()
    assert own.in_(Marks.of(f"relation {greenfield.ref.schema}.people_learner"))
    assert not own.in_(Marks.of(f"relation {riverside.ref.schema}.people_learner"))


def test_a_name_both_schools_have_is_no_leak(search, greenfield, riverside):
    with school_scope(riverside.ref):
        learner = Learner.objects.first()
        learner.given_name, learner.family_name = greenfield.learners[0].given_name, greenfield.canary
        learner.save()
    assert search()[1] == set()


def test_what_was_asked_with_may_be_repeated_and_nothing_else():
    key, other = "01a1fe34-8680-7125-8b89-860173772003", "01a1fe34-868c-71c2-b6ed-60d81ff3a8fb"
    marks = Marks.of(f"no such learner: {key} {other}", asked_with=f"/s/x/learners/{key}")
    assert {str(one) for one in marks.ids} == {other}


# -- it reads ---------------------------------------------------------------------------------------------------------


def everything(database: str) -> dict[str, str]:
    """A hash of every table of the database but the search's own."""
    with connections["migrator"].cursor() as cursor:
        cursor.execute(
            "SELECT format('%I.%I', schemaname, tablename) FROM pg_catalog.pg_tables"
            " WHERE schemaname = 'public' OR schemaname LIKE 't\\_%'"
        )
        names = [name for (name,) in cursor.fetchall() if "canarycheck" not in name]
        found = {}
        for name in names:
            cursor.execute(f"SELECT md5(coalesce(string_agg(x::text, '|' ORDER BY x::text), '')) FROM {name} x")
            found[name] = cursor.fetchone()[0]
    return found


def test_a_search_changes_no_row_of_any_school_and_leaves_no_session_and_no_event(real_commits):
    before = everything(real_commits)
    assert len(before) > 50
    assert turns(clock=lambda: MORNING, seconds=60) == 2
    assert everything(real_commits) == before
    assert CanaryCheck.objects.count() == 2 and not CanaryCheck.objects.exclude(found=0, failed=0).exists()


def test_a_read_that_writes_is_refused_and_told_as_failed(search, monkeypatch, riverside):
    def writes(grade):
        Learner.objects.update(given_name="changed")
        return ""

    monkeypatch.setattr("tenant_apps.roster.views.grade_name", writes)
    turn, _ = search()
    assert set(turn.failed) == {"GET /s/{slug}/learners/{learner_id}"}
    with school_scope(riverside.ref):
        assert not Learner.objects.filter(given_name="changed").exists()


def test_a_statement_that_only_looks_like_a_read_is_refused_by_the_server(greenfield):
    with (
        reading_only(greenfield.ref),
        pytest.raises(InternalError, match="read-only"),
        school_scope(greenfield.ref),
        connections["schools"].cursor() as cursor,
    ):
        cursor.execute("WITH x AS (UPDATE people_learner SET given_name = 'x' RETURNING 1) SELECT * FROM x")


def test_a_hot_statement_that_writes_is_refused_by_the_server(greenfield):
    """It takes another way than the ORM's, and the transaction reads all the same."""
    refused = pytest.raises(InternalError, match="read-only")
    with reading_only(greenfield.ref), refused, school_scope(greenfield.ref):
        send("UPDATE {s}.people_learner SET given_name = %s", ["x"])


def test_the_search_opens_no_door(search, greenfield):
    """What puts the actor in is an object of the searching process; a request from outside meets the usual handler."""
    search()
    inside = Inside()
    inside.get("/api/me", by=Actor("system", "school", frozenset({"school_admin"}), greenfield.ref))
    assert inside.actor is None
    assert not any("canaries" in name for name in settings.MIDDLEWARE)
    for headers in ({}, {"HTTP_X_ACTOR": "system:canaries"}, {"HTTP_AUTHORIZATION": "Bearer system:canaries"}):
        assert Client(**headers).get("/api/learners").status_code == 401


# -- what is kept and told --------------------------------------------------------------------------------------------


def test_a_leak_is_counted_recorded_and_logged_without_a_value(greenfield, riverside, monkeypatch, caplog):
    monkeypatch.setattr(scoped, "cache_key", lambda name: name)
    with caplog.at_level(logging.ERROR):
        turns(clock=lambda: MORNING, seconds=60)
    check = CanaryCheck.objects.get(school=riverside.ref.id)
    assert (check.found, check.places) == (1, ["found: cache"])
    event = PlatformEvent.objects.get(kind="wall.canary_found", school=riverside.ref.id)
    line = next(record.getMessage() for record in caplog.records if str(riverside.ref.id) in record.getMessage())
    with school_scope(greenfield.ref):
        canary = str(SchoolProfile.objects.get().canary)
    for text in (event.body, line, str(check.places)):
        assert "cache" in text and canary not in text and greenfield.canary not in text
    told = canaries(MORNING)
    assert told.found == 2 and told.places == ("found: cache",)


def test_schools_take_turns(greenfield, riverside):
    assert turns(clock=lambda: MORNING, seconds=0) == 1
    first = CanaryCheck.objects.get().school_id
    assert turns(clock=lambda: MORNING, seconds=0) == 1
    assert CanaryCheck.objects.exclude(school=first).count() == 1


def test_a_school_that_cannot_be_searched_stops_no_other(greenfield, riverside, monkeypatch):
    whole = turning.search

    def search(inside, turn, others, **more):
        if turn.school.id == greenfield.ref.id:
            raise RuntimeError("broken")
        return whole(inside, turn, others, **more)

    monkeypatch.setattr(turning, "search", search)
    assert turns(clock=lambda: MORNING, seconds=60) == 2
    assert CanaryCheck.objects.get(school=greenfield.ref.id).places == ["failed: school"]
    assert CanaryCheck.objects.get(school=riverside.ref.id).failed == 0


def test_every_school_has_a_canary_of_its_own_that_nobody_is_shown(greenfield, riverside, search):
    found = []
    for cast in (greenfield, riverside):
        with school_scope(cast.ref):
            found.append(places.own_canary())
    assert len(set(found)) == 2
    turn, _ = search()
    assert not [
        one.place
        for one in turn.heard
        if found[1] in one.marks.opaque and not one.place.startswith(("table", "cache", "files"))
    ]


def test_a_row_written_without_a_canary_gets_one(greenfield):
    with school_scope(greenfield.ref):
        SchoolProfile.objects.all().delete()
        row = SchoolProfile.objects.create(bell=world.MORNING.time(), close_time=world.MORNING.time(), badge_tag="ZZZZ")
        row.refresh_from_db()
        assert row.canary.version == 4
