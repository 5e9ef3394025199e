"""The audit view: filters, before and after, the chain's state, the file; works, bad input, out of reach."""

import csv
import io
import json
import re
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import connections
from django.test import Client
from django.utils import timezone

from shared_apps.audit.models import ChainCheck, PlatformEvent
from shared_apps.audit.services import chain, record, sealing
from shared_apps.identity.models import Login
from shared_apps.identity.services.sign_in import email_hash
from shared_apps.operator.rules import changes_in
from shared_apps.operator.services import trail
from shared_apps.operator.services.trail import Asked
from shared_apps.operator.services.words import AREAS, KINDS
from tenants.actor import Actor
from tests import world


@pytest.fixture
def browser(world_db):
    client = Client()
    client.post("/login", {"email": "operator@example.com", "password": world.PASSWORD})
    return client


def happened(kind, *, by="system:test", school=None, ago=timedelta(0), **facts):
    return record(kind, by=by, now=timezone.now() - ago, school=school, facts=facts)


def read(browser, query=""):
    answer = browser.get(f"/operator/audit{query}")
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_newest_stands_first_with_its_name_and_its_school(browser, greenfield):
    login = Login.objects.get(email_hash=email_hash("operator@example.com"))
    happened("identity.role_given", by=str(login.id), school=greenfield.ref.id, ago=timedelta(minutes=1))
    happened("billing.exported")
    page = read(browser)
    assert page.index("Downloaded a month") < page.index("Was given a role")
    assert "Operator</a>" in page and "Greenfield Primary" in page and "Waits for its seal" in page


def test_what_changed_stands_before_and_after(browser, greenfield):
    happened("schools.settings_changed", changes={"name": ["Old name", "New name"]}, reason="asked for")
    page = read(browser)
    assert "Old name" in page and "New name" in page and "asked for" in page


def test_a_real_change_of_settings_stands_before_and_after(browser, greenfield):
    """As the service writes it, whatever this test believes of its shape."""
    address = f"/operator/schools/{greenfield.ref.id}/settings"
    seen = re.search(r'name="seen" value="(\w+)"', browser.get(address).content.decode())[1]
    values = {"name": "Greenfield Primary", "slug": "greenfield", "region": "ZA-GP-tshwane", "seen": seen}
    posted = browser.post(address, {"section": "directory", "timezone": "Africa/Maputo", **values})
    assert posted.status_code == 302
    page = " ".join(read(browser, "?kind=schools").split())
    assert "<td>Africa/Johannesburg</td><td>Africa/Maputo</td>" in page and "before&quot;" not in page


@pytest.mark.parametrize(
    ("facts", "changes", "others"),
    [
        ({"changes": {"a": [1, 2]}}, [("a", "1", "2")], []),
        ({"changes": {"a": {"before": "x", "after": ""}}}, [("a", "x", "–")], []),
        ({"before": {"a": None}, "after": {"a": "x"}}, [("a", "–", "x")], []),
        ({"before": {"a": 1}, "after": {"b": [2]}}, [("a", "1", "–"), ("b", "–", "[2]")], []),
        ({"changes": "no pairs", "x": True}, [], [("changes", "no pairs"), ("x", "true")]),
        ({"before": "text", "after": "text"}, [], [("after", "text"), ("before", "text")]),
    ],
)  # fmt: skip
def test_facts_are_read_as_changes_or_as_they_are(facts, changes, others):
    assert changes_in(facts) == (changes, others)


def test_filters_by_area_actor_school_and_day(browser, greenfield, riverside):
    happened("wall.other_school_refused", by="system:a", school=greenfield.ref.id)
    happened("billing.exported", by="system:b", school=riverside.ref.id, ago=timedelta(days=3))
    refused, month = "refused</th>", "Downloaded a month"
    day = timezone.localdate().isoformat()
    for query, sees, misses in (
        ("?kind=wall", "was refused", month),
        ("?actor=system:b", month, "system:a"),
        ("?school=greenfield", "Greenfield Primary", month),
        ("?school=RIVERSIDE high", month, "Greenfield Primary"),
        (f"?since={day}", "system:a", month),
        (f"?until={timezone.localdate() - timedelta(days=2)}", month, "system:a"),
    ):
        page = read(browser, query)
        assert sees in page and misses not in page.replace(refused, ""), query


def test_an_area_is_no_beginning_of_letters(browser, world_db):
    happened("wallpaper.hung")
    assert "wallpaper.hung" not in read(browser, "?kind=wall")


@pytest.mark.parametrize(
    "query", ["?since=junk", "?until=2026-99-99", "?cursor=junk", "?kind=%00", "?actor=%F0%9F%98%80"]
)
def test_junk_is_no_filter_or_finds_nothing(browser, query):
    read(browser, query)


def test_pages_follow_each_other_without_a_gap(world_db):
    PlatformEvent.objects.order_by().first()
    at = timezone.now()
    made = [record("test.thing", by="system:test", now=at) for _ in range(7)]  # all at one moment
    actor = Actor(kind="person", scope="platform", roles=frozenset({"operator"}))
    seen, cursor = [], ""
    while True:
        rows, cursor = trail.page(trail.sought(actor, Asked(kind="test")), cursor=cursor, limit=3)
        seen += [row.event.pk for row in rows]
        if not cursor:
            break
    assert seen == sorted((one.pk for one in made), reverse=True)


def test_a_page_asks_the_same_number_of_questions_however_long_it_is(world_db, django_assert_num_queries, greenfield):
    for _ in range(20):
        happened("test.thing", school=greenfield.ref.id)
    actor = Actor(kind="person", scope="platform", roles=frozenset({"operator"}))
    with django_assert_num_queries(2):  # no actor is a person's id, so no names are asked for
        trail.page(trail.sought(actor, Asked()), limit=20)


def test_the_view_says_what_the_last_check_found(browser):
    assert "has not been verified yet" in read(browser)
    happened("test.thing")
    sealing.seal(now=timezone.now() + timedelta(minutes=5), all_of_it=True)
    assert chain.check_chain(now=timezone.now()).good
    page = read(browser)
    assert f"Events: {PlatformEvent.objects.count()}" in page and "Chain verified" in page
    ChainCheck.objects.update(bad=1, why="its event is gone")
    page = read(browser)
    assert "not proven from number 1 on" in page and "Chain verified" not in page


def test_a_torn_history_is_found_and_said(real_commits):
    happened("test.thing"), happened("test.other")
    sealing.seal(now=timezone.now() + timedelta(minutes=5), all_of_it=True)
    with connections["migrator"].cursor() as cursor:
        cursor.execute("ALTER TABLE public.audit_platformevent DISABLE TRIGGER USER")
        cursor.execute("UPDATE public.audit_platformevent SET body = replace(body, 'test.other', 'test.trick')")
        cursor.execute("ALTER TABLE public.audit_platformevent ENABLE TRIGGER USER")
    report = chain.check_chain(now=timezone.now())
    found = ChainCheck.objects.get()
    assert not report.good and found.bad == report.bad


def test_the_file_holds_what_the_page_shows_and_no_formulas(browser, greenfield):
    happened("test.thing", by="=1+1", school=greenfield.ref.id, note="x")
    answer = browser.get("/operator/audit/download?kind=test")
    (row,) = csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig")))
    assert row["actor"] == "'=1+1" and row["school_name"] == "Greenfield Primary" and row["facts"] == '{"note": "x"}'
    assert PlatformEvent.objects.filter(kind="audit.exported").count() == 1


def test_what_was_typed_into_the_filters_is_not_written_into_the_history(browser):
    typed = {"kind": "test", "actor": "Thandiwe Dlamini", "school": "Sipho", "since": "2026-01-01", "cursor": "x"}
    browser.get("/operator/audit/download", {**typed, "more": "y"})
    body = PlatformEvent.objects.get(kind="audit.exported").body
    assert "Thandiwe" not in body and "Sipho" not in body
    assert json.loads(body)["facts"] == {"filters": ["kind", "actor", "school", "since"]}


def test_a_history_of_schools_out_of_reach_is_empty(greenfield, riverside):
    happened("test.thing", school=riverside.ref.id), happened("test.thing", school=greenfield.ref.id)
    login = Login.objects.get(email_hash=email_hash("circle@example.com")).id
    keeper = Actor(kind="person", scope="platform", roles=frozenset({"local_operator"}), login=login)
    rows, _ = trail.page(trail.sought(keeper, Asked(kind="test")))
    assert [row.event.school for row in rows] == [greenfield.ref.id]


RECORDED = re.compile(r"""record\(\s*f?"([a-z_]+\.[a-z_]+)"|audit="([a-z_]+\.[a-z_]+)\"""")


def test_everything_the_platform_writes_down_has_words():
    """What schools write into their own histories (`gate`, `attendance`, `people` ...) is not shown here."""
    found = set()
    for folder in ("shared_apps", "config", "tenants"):
        for path in (settings.BASE_DIR / folder).rglob("*.py"):
            found |= {one or other for one, other in RECORDED.findall(path.read_text())}
    named = {kind for kind in found if kind not in NOT_KEPT}
    assert len(named) > 30 and sorted(named - set(KINDS)) == []
    assert {kind.partition(".")[0] for kind in KINDS} == set(AREAS)


NOT_KEPT = {"schools.access_reset"}  # what its door says; the deed is written down as another kind


def test_a_file_that_does_not_hold_everything_says_so_and_so_does_the_page(browser, monkeypatch):
    for number in range(5):
        happened("test.thing", note=str(number))
    assert "The file holds" not in read(browser, "?kind=test")
    monkeypatch.setattr(trail, "MOST", 5)
    assert "These are not all" not in browser.get("/operator/audit/download?kind=test").content.decode()
    monkeypatch.setattr(trail, "MOST", 3)
    monkeypatch.setattr(trail, "PART", 2)
    assert "The file holds the newest entries: 3." in read(browser, "?kind=test")
    lines = browser.get("/operator/audit/download?kind=test").content.decode().splitlines()
    assert len(lines) == 5 and '"{""note"": ""4""}"' in lines[1]
    assert lines[-1] == '"These are not all. The newest entries are here: 3. Ask for older ones by their dates."'
