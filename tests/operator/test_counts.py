"""Counts beside the pages of the rail and in the heading of Needs you now: true, of one's reach, never a false zero."""

import re
from datetime import timedelta

import pytest
from django.db import InterfaceError, OperationalError, connections
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from config import pages
from shared_apps.deliveries.rules import STALE_AFTER
from shared_apps.deliveries.services.waiting import dead_letters
from tenants.actor import Actor
from tenants.ids import new_id
from tests.access.people import waiting
from tests.deliveries.test_platform_mail import lost
from tests.operator.ground import figures, trouble, work_runs

HOUR = timedelta(hours=1)


@pytest.fixture
def told(greenfield, riverside):
    work_runs()
    for cast in (greenfield, riverside):
        figures(cast.ref)
    return greenfield, riverside


def rail(client, path="/operator/schools"):
    """What stands beside each page of the rail."""
    answer = client.get(path)
    assert answer.status_code == 200
    return dict(re.findall(r'class="nav__count" data-rail-count="(\w)">(\d*)</span></a></li>', answer.content.decode()))


def test_dead_letters_and_waiting_requests_stand_beside_their_pages(signed_in, told):
    trouble(told[0].ref, 2), trouble(told[1].ref, 3), trouble(told[0].ref, 9, state="retrying")
    lost(timezone.now())
    waiting(work_email="a@example.org", region="ZA-GP"), waiting(work_email="b@example.org", region="US-TX")
    assert rail(signed_in("root@example.com")) == {"d": "6", "q": "2"}
    assert rail(signed_in("operator@example.com")) == {"d": "6"}
    assert rail(signed_in("gauteng@example.com")) == {"q": "1"}
    assert rail(signed_in("finance@example.com"), "/operator/billing") == {}


def test_they_are_what_the_console_says(signed_in, told):
    client = signed_in("operator@example.com")
    trouble(told[0].ref, 2), trouble(told[0].ref, 4, reason="no_address")
    lost(timezone.now())
    text = client.get("/operator").content.decode()
    assert rail(client, "/operator")["d"] == re.search(r"Dead letters: (\d+)", text)[1] == "7"


def test_nothing_stands_there_when_nothing_waits(signed_in, told):
    assert rail(signed_in("root@example.com")) == {"d": "", "q": ""}


def test_what_no_school_told_lately_is_not_counted_as_none(signed_in, told):
    client, old = signed_in("root@example.com"), timezone.now() - STALE_AFTER - HOUR
    trouble(told[0].ref, 2)
    figures(told[0].ref, now=old)
    told_dead = lambda: pages.waiting(actor("super_admin"))("dead")  # noqa: E731
    assert told_dead() == 0 and rail(client)["d"] == ""  # the other school told, and has none
    figures(told[1].ref, now=old)
    lost(timezone.now())
    assert told_dead() is None and rail(client)["d"] == ""


def test_a_reach_without_any_school_knows_that_there_are_none(world_db):
    assert dead_letters(actor("local_operator"), now=timezone.now()).get() == {"dead": 0}


def actor(role):
    return Actor(kind="person", scope="platform", roles=frozenset({role}), login=new_id())


@pytest.mark.parametrize("error", [OperationalError, InterfaceError])
def test_a_count_that_cannot_be_had_is_absent_and_stops_no_page(signed_in, told, monkeypatch, error):
    def away(*_args, **_more):
        raise error

    trouble(told[0].ref, 2)
    client = signed_in("root@example.com")
    monkeypatch.setattr(pages, "dead_letters", away)
    assert rail(client) == {"d": "", "q": ""}
    monkeypatch.undo()
    assert rail(client)["d"] == "2"


@pytest.mark.parametrize(
    ("email", "costs"), [("root@example.com", 1), ("operator@example.com", 1), ("gauteng@example.com", 2)]
)
def test_they_cost_one_statement_a_page_however_many_there_are(signed_in, told, monkeypatch, email, costs):
    """A regional admin's regions are read first."""
    client = signed_in(email)

    def statements():
        with CaptureQueriesContext(connections["default"]) as asked:
            rail(client)
        return len(asked)

    monkeypatch.setattr(pages, "waiting", lambda _actor: lambda _what: None)
    without = statements()
    monkeypatch.undo()
    assert statements() == without + costs
    for at in range(5):
        trouble(told[0].ref, 1, reason=f"r{at}")
    assert statements() == without + costs


def test_who_has_no_such_page_pays_nothing(signed_in, told, monkeypatch):
    def refuse(*_args, **_more):
        raise AssertionError("counted for nobody")

    monkeypatch.setattr(pages, "counted", refuse)
    assert signed_in("finance@example.com").get("/operator/billing").status_code == 200
    assert signed_in("admin@greenfield.example").get("/s/greenfield/learners").status_code == 200


@pytest.mark.parametrize("path", ["/operator", "/operator/health", "/operator/dead-letters"])
def test_a_live_page_is_told_of_them_with_every_beat(signed_in, told, path):
    client = signed_in("root@example.com")
    assert "data-rail-told" not in client.get(path).content.decode()
    trouble(told[0].ref, 2)
    inside = client.get(path, headers={"X-Live": "1"}).content.decode()
    assert dict(re.findall(r'data-rail-told="(\w)">(\d*)<', inside)) == {"d": "2", "q": ""}


# -- the heading -------------------------------------------------------------------------------------------------------


def heading(client):
    found = re.search(r'data-key="need-counts">(.*?)</span></div>', client.get("/operator").content.decode(), re.S)
    return re.findall(r"</svg>([^<]+)</span>", found[1] + "</span>") if found else []


def test_the_heading_counts_what_is_red_and_what_is_worth_a_look(signed_in, told):
    client = signed_in("operator@example.com")
    assert heading(client) == []
    figures(told[0].ref, quiet_days=4, stuck=2, stuck_since=timezone.now() - HOUR)
    assert heading(client) == ["Worth a look: 2"]
    trouble(told[0].ref, 5)
    assert heading(client) == ["Urgent: 1", "Worth a look: 2"]
