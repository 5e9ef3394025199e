"""Suspend and reactivate: refused, felt everywhere, recorded on both sides, the same however often it is asked."""

import html
import json
import re
from datetime import timedelta
from threading import Barrier, Thread

import pytest
from django.db import DatabaseError, ProgrammingError, connections
from django.test import Client
from django.utils import timezone

from shared_apps.audit.models import PlatformEvent
from shared_apps.schools import jobs
from shared_apps.schools.models import Standing
from shared_apps.schools.services import standing
from tenant_apps.events.models import Event, Reaction
from tenant_apps.events.services import drain as draining
from tenant_apps.events.services.record import particulars_of, record
from tenant_apps.gate.models import Scan
from tenant_apps.people.services.profile import set_lockdown
from tenants.actor import system
from tenants.cells import CellDown
from tenants.ids import new_id
from tenants.models import School
from tenants.scope import school_scope
from tests import world

OPERATOR = "operator@example.com"
NAME = "Greenfield Primary"


def url(cast, deed="suspend"):
    return f"/api/operator/schools/{cast.ref.id}/{deed}"


def post(client, path, **body):
    return client.post(path, body, content_type="application/json")


def suspend(client, cast, name=NAME, reason="Unpaid account"):
    return post(client, url(cast), confirm_name=name, reason=reason)


def told(cast):
    """What the school's own history says about its standing."""
    with school_scope(cast.ref):
        found = Event.objects.filter(kind__startswith="people.school_").order_by("at")
        return [(event.kind, event.actor, particulars_of(event.id)["reason"]) for event in found]


def recorded():
    found = PlatformEvent.objects.filter(kind__in=["schools.suspended", "schools.reactivated"]).order_by("at")
    return [(event.kind, event.actor, event.school) for event in found]


def state(cast):
    return School.objects.get(pk=cast.ref.id).state


def test_an_operator_suspends_and_reactivates_and_both_histories_know(signed_in, greenfield):
    operator = signed_in(OPERATOR)
    me = operator.get("/api/me").json()["id"]
    answer = suspend(operator, greenfield)
    assert answer.status_code == 200 and answer.json()["state"] == "disabled", answer.content
    answer = post(operator, url(greenfield, "reactivate"), reason="Paid")
    assert answer.status_code == 200 and answer.json()["state"] == "active"
    assert recorded() == [
        ("schools.suspended", me, greenfield.ref.id), ("schools.reactivated", me, greenfield.ref.id),
    ]  # fmt: skip
    assert told(greenfield) == [
        ("people.school_suspended", me, "Unpaid account"), ("people.school_reactivated", me, "Paid"),
    ]  # fmt: skip
    assert [(row.state, row.by, row.reason) for row in Standing.objects.order_by("at")] == [
        ("disabled", me, "Unpaid account"), ("active", me, "Paid"),
    ]  # fmt: skip
    assert "Unpaid" not in "".join(PlatformEvent.objects.values_list("body", flat=True))


def test_a_body_is_not_needed_to_reactivate(signed_in, greenfield):
    operator = signed_in(OPERATOR)
    suspend(operator, greenfield)
    assert operator.generic("POST", url(greenfield, "reactivate")).status_code == 200
    assert state(greenfield) == "active"


@pytest.mark.parametrize("email", ["gauteng@example.com", "circle@example.com", "finance@example.com"])
def test_whoever_may_only_look_is_refused(signed_in, greenfield, riverside, email):
    client = signed_in(email)
    for cast in (greenfield, riverside):
        assert suspend(client, cast).status_code == 403
        assert post(client, url(cast, "reactivate")).status_code == 403
    assert state(greenfield) == "active" and recorded() == []


def test_a_school_that_is_not_there_is_404(signed_in, greenfield):
    operator = signed_in(OPERATOR)
    for key in (new_id(), "nonsense"):
        for deed in ("suspend", "reactivate"):
            body = {"confirm_name": "x", "reason": "y"} if deed == "suspend" else {}
            answer = post(operator, f"/api/operator/schools/{key}/{deed}", **body)
            assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize("name", ["greenfield primary", "Greenfield Primary ", "Riverside High", ""])
def test_another_name_changes_nothing(signed_in, greenfield, name):
    answer = suspend(signed_in(OPERATOR), greenfield, name=name)
    assert (answer.status_code, answer.json()["code"], answer.json()["why"]) == (409, "conflict", "name_differs")
    assert state(greenfield) == "active" and recorded() == [] and told(greenfield) == []


@pytest.mark.parametrize(
    "body",
    [{"confirm_name": NAME}, {"confirm_name": NAME, "reason": " "}, {"confirm_name": NAME, "reason": "x" * 501},
     {"confirm_name": NAME, "reason": "x", "force": True}, {"reason": "x"}, {"confirm_name": NAME, "reason": "\0"}],
)  # fmt: skip
def test_a_body_that_is_not_right_is_422(signed_in, greenfield, body):
    answer = post(signed_in(OPERATOR), url(greenfield), **body)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
    assert post(signed_in(OPERATOR), url(greenfield, "reactivate"), force=True).status_code == 422
    assert state(greenfield) == "active"


def test_twice_is_once(signed_in, greenfield):
    operator = signed_in(OPERATOR)
    for _ in range(3):
        assert suspend(operator, greenfield).json()["state"] == "disabled"
    assert len(recorded()) == len(told(greenfield)) == Standing.objects.count() == 1
    for _ in range(3):
        assert post(operator, url(greenfield, "reactivate")).json()["state"] == "active"
    assert len(recorded()) == len(told(greenfield)) == Standing.objects.count() == 2


def test_a_school_that_is_not_live_yet_is_neither(signed_in, greenfield):
    School.objects.filter(pk=greenfield.ref.id).update(state="pending")
    operator = signed_in(OPERATOR)
    for answer in (suspend(operator, greenfield), post(operator, url(greenfield, "reactivate"))):
        assert (answer.status_code, answer.json()["why"]) == (409, "pending")
    assert state(greenfield) == "pending" and recorded() == []


# -- an emergency ------------------------------------------------------------------------------------------------------


def lockdown(cast, on=True):
    with school_scope(cast.ref):
        set_lockdown(by=system("test"), now=timezone.now(), on=on)


def test_refused_while_an_emergency_is_active_at_that_school(signed_in, greenfield, riverside):
    operator = signed_in(OPERATOR)
    lockdown(greenfield)
    answer = suspend(operator, greenfield)
    assert (answer.status_code, answer.json()["code"], answer.json()["why"]) == (409, "conflict", "emergency_active")
    assert state(greenfield) == "active" and recorded() == [] and told(greenfield) == []
    assert suspend(operator, riverside, name="Riverside High").status_code == 200
    lockdown(greenfield, on=False)
    assert suspend(operator, greenfield).status_code == 200


@pytest.mark.parametrize(
    ("error", "told"), [(CellDown, (503, "school_unreachable")), (ProgrammingError, (500, "server_error"))]
)
def test_a_school_that_cannot_be_asked_is_not_guessed_about(signed_in, greenfield, monkeypatch, error, told):
    def away(*_args, **_more):
        raise error("a name that must not show")

    monkeypatch.setattr(standing, "ask", away)
    operator = signed_in(OPERATOR)
    operator.raise_request_exception = False
    answer = suspend(operator, greenfield)
    assert (answer.status_code, answer.json()["code"]) == told
    assert state(greenfield) == "active" and recorded() == [] and b"must not show" not in answer.content


def test_a_school_of_which_it_cannot_be_found_out_afterwards_works_again(signed_in, greenfield, monkeypatch):
    calm = iter([None])

    def must_be_calm(_school):
        if next(calm, "faulty") == "faulty":
            raise ProgrammingError("no such column")

    monkeypatch.setattr(standing, "must_be_calm", must_be_calm)
    operator = signed_in(OPERATOR)
    operator.raise_request_exception = False
    assert suspend(operator, greenfield).status_code == 500
    assert state(greenfield) == "active"
    assert [kind for kind, _by, _school in recorded()] == ["schools.suspended", "schools.reactivated"]


def test_an_emergency_that_begins_meanwhile_wins(signed_in, greenfield, monkeypatch):
    change = standing._change

    def and_then_an_emergency(school_id, new, **more):
        done = change(school_id, new, **more)
        if new == "disabled":
            lockdown(greenfield)
        return done

    monkeypatch.setattr(standing, "_change", and_then_an_emergency)
    answer = suspend(signed_in(OPERATOR), greenfield)
    assert (answer.status_code, answer.json()["why"]) == (409, "emergency_active")
    assert state(greenfield) == "active"
    assert [kind for kind, *_ in recorded()] == ["schools.suspended", "schools.reactivated"]
    assert [kind for kind, *_ in told(greenfield)] == ["people.school_suspended", "people.school_reactivated"]


# -- felt everywhere ---------------------------------------------------------------------------------------------------


def scan(client, cast, scan_id, at):
    badge = next(iter(cast.badges.values()))
    return post(
        client, "/api/gate/scans", scan_id=str(scan_id), badge=badge, gate=str(cast.gates[0].id), direction="in",
        scanned_at=at.isoformat(),
    )  # fmt: skip


def test_a_scan_is_kept_by_the_phone_and_accepted_afterwards_at_its_own_time(signed_in, greenfield):
    operator, officer = signed_in(OPERATOR), signed_in("officer@greenfield.example")
    suspend(operator, greenfield)
    key, at = new_id(), timezone.now() - timedelta(minutes=7)
    answer = scan(officer, greenfield, key, at)
    assert (answer.status_code, answer.json()["code"]) == (423, "school_suspended")
    batch = post(officer, "/api/gate/scans/batch", scans=[])
    assert batch.status_code == 423
    with school_scope(greenfield.ref):
        assert not Scan.objects.exists()
    post(operator, url(greenfield, "reactivate"))
    answer = scan(officer, greenfield, key, at)
    assert answer.status_code == 201, answer.content
    assert timezone.datetime.fromisoformat(answer.json()["scanned_at"]) == at
    with school_scope(greenfield.ref):
        assert Scan.objects.get(pk=key).scanned_at == at


def test_tokens_refresh_pages_and_sign_in_stop_and_work_again(signed_in, greenfield):
    operator, admin, browser = signed_in(OPERATOR), signed_in("admin@greenfield.example"), Client()
    browser.post("/login", {"email": "admin@greenfield.example", "password": world.PASSWORD})
    asked = {"email": "officer@greenfield.example", "password": world.PASSWORD}
    pair = post(Client(), "/api/auth/login", **asked).json()

    def answers():
        return [
            admin.get("/api/learners").status_code,
            browser.get("/s/greenfield/").status_code,
            post(Client(), "/api/auth/login", **asked).status_code,
        ]

    assert answers() == [200, 200, 200]
    suspend(operator, greenfield)
    assert answers() == [423, 423, 423]
    assert post(Client(), "/api/auth/refresh", refresh_token=pair["refresh_token"]).status_code == 423
    other = signed_in("admin@riverside.example")
    assert other.get("/api/learners").status_code == 200
    post(operator, url(greenfield, "reactivate"))
    assert answers() == [200, 200, 200]
    assert post(Client(), "/api/auth/refresh", refresh_token=pair["refresh_token"]).status_code == 200


def test_a_remembered_caller_is_forgotten_at_once(signed_in, greenfield, settings):
    settings.IDENTITY_SECONDS = 60
    operator, admin = signed_in(OPERATOR), signed_in("admin@greenfield.example")
    assert admin.get("/api/learners").status_code == 200
    with_commit(lambda: suspend(operator, greenfield))
    assert admin.get("/api/learners").status_code == 423


def with_commit(work):
    """Run what waits for a commit, which a rolled-back test never reaches."""
    from django.test import TestCase  # noqa: PLC0415

    with TestCase.captureOnCommitCallbacks(execute=True):
        return work()


def test_work_in_hand_stands_still_within_a_moment_and_goes_on_afterwards(signed_in, greenfield, monkeypatch):
    now, done = timezone.now(), []
    with school_scope(greenfield.ref):
        for _ in range(5):
            record("events.test", by=system("test"), at=now, now=now)
            event = Event.objects.filter(kind="events.test").latest("id")
            Reaction.objects.create(event=event, handler="test.counts", lane="movement-events", next_at=now)
    operator = signed_in(OPERATOR)
    ticks = iter(range(10_000))

    def run(school, reaction, turn):
        done.append(reaction.id)
        if len(done) == 2:
            suspend(operator, greenfield)
        with school_scope(school):
            Reaction.objects.filter(pk=reaction.id).update(state="done")
            following = draining._ask(turn)
        return draining._next(following, turn)

    monkeypatch.setattr(draining, "_run", run)
    draining.drain(greenfield.ref, clock=lambda: now + timedelta(milliseconds=400 * next(ticks)))
    stopped_at = len(done)
    assert 2 <= stopped_at < 5
    draining.drain(greenfield.ref, clock=lambda: now + timedelta(hours=1))
    assert len(done) == stopped_at
    post(operator, url(greenfield, "reactivate"))
    draining.drain(greenfield.ref, clock=lambda: now + timedelta(hours=1))
    assert len(done) == 5


# -- told to the school ------------------------------------------------------------------------------------------------


def test_what_the_school_could_not_be_told_is_told_by_the_clock_once(signed_in, greenfield, monkeypatch):
    asked, failing = standing.ask, [True]

    def ask(school, name, **arguments):
        if name == "people.standing_changed" and failing[0]:
            raise DatabaseError("away")
        return asked(school, name, **arguments)

    monkeypatch.setattr(standing, "ask", ask)
    assert suspend(signed_in(OPERATOR), greenfield).status_code == 200
    assert told(greenfield) == [] and Standing.objects.get().told_at is None
    jobs.tell()
    assert told(greenfield) == []
    failing[0] = False
    jobs.tell()
    Standing.objects.update(told_at=None)  # told, and the worker died before it could say so
    jobs.tell()
    assert len(told(greenfield)) == 1 and Standing.objects.get().told_at


def test_the_reason_is_proven_by_a_hash_in_the_sealed_history(signed_in, greenfield):
    suspend(signed_in(OPERATOR), greenfield)
    body = json.loads(PlatformEvent.objects.get(kind="schools.suspended").body)
    row = Standing.objects.get()
    assert body["facts"] == standing._facts(row)
    row.reason = "Another reason"
    assert body["facts"] != standing._facts(row)


# -- at once -----------------------------------------------------------------------------------------------------------


def test_suspend_and_reactivate_at_once_leave_one_story(real_commits):
    cast = world.read("greenfield")
    deeds = ["suspend", "reactivate"] * 4
    barrier, wrong = Barrier(len(deeds)), []

    def work(deed):
        try:
            barrier.wait()
            who = system("test")
            if deed == "suspend":
                standing.suspend(by=who, school_id=cast.ref.id, confirm_name=NAME, reason="x", now=timezone.now())
            else:
                standing.reactivate(by=who, school_id=cast.ref.id, now=timezone.now())
        except Exception as error:
            wrong.append(error)
        finally:
            connections.close_all()

    threads = [Thread(target=work, args=(deed,)) for deed in deeds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    rows = list(Standing.objects.order_by("id").values_list("state", flat=True))
    assert len(rows) == len(recorded()) == len(told(cast))
    assert not Standing.objects.filter(told_at=None).exists()
    suspended = rows.count("disabled")
    assert suspended - rows.count("active") in (0, 1)
    assert state(cast) == ("disabled" if suspended > rows.count("active") else "active")


# -- the pages ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def operator_page(client, greenfield):
    client.post("/login", {"email": OPERATOR, "password": world.PASSWORD})
    return client


def test_the_page_without_script_suspends_and_says_what_is_wrong(operator_page, greenfield):
    path = f"/operator/schools/{greenfield.ref.id}/suspend"
    assert "Suspending blocks all logins and gate scans for this school." in operator_page.get(path).content.decode()
    answer = operator_page.post(path, {"confirm_name": "Greenfield", "reason": "Closed"})
    assert answer.status_code == 409 and "not the name of the school" in answer.content.decode()
    assert operator_page.post(path, {"confirm_name": NAME, "reason": ""}).status_code == 422
    assert state(greenfield) == "active"
    answer = operator_page.post(path, {"confirm_name": NAME, "reason": "Closed"})
    assert answer.status_code == 302 and state(greenfield) == "disabled"
    page = operator_page.get(f"/operator/schools/{greenfield.ref.id}").content.decode()
    assert "Reason: Closed" in page and "By: Operator" in page
    answer = operator_page.post(path.replace("suspend", "reactivate"), {"reason": ""})
    assert answer.status_code == 302 and state(greenfield) == "active"


def test_the_page_says_that_an_emergency_stands_in_the_way(operator_page, greenfield):
    lockdown(greenfield)
    answer = operator_page.post(
        f"/operator/schools/{greenfield.ref.id}/suspend", {"confirm_name": NAME, "reason": "Closed"}
    )
    assert answer.status_code == 409 and "An emergency is active" in answer.content.decode()


def test_a_script_gets_the_inside_of_the_dialog_alone(operator_page, greenfield):
    inside = operator_page.get(f"/operator/schools/{greenfield.ref.id}/suspend", headers={"HX-Request": "true"})
    assert b"<html" not in inside.content and b"data-needs-name" in inside.content


def test_why_a_school_was_suspended_is_read_after_it_was_taken_up_again(operator_page, greenfield):
    path = f"/operator/schools/{greenfield.ref.id}"
    assert "Suspended and reactivated" not in operator_page.get(path).content.decode()
    operator_page.post(f"{path}/suspend", {"confirm_name": NAME, "reason": "Unpaid <account>"})
    operator_page.post(f"{path}/reactivate", {"reason": "Paid"})
    operator_page.post(f"{path}/suspend", {"confirm_name": NAME, "reason": "Closed"})
    operator_page.post(f"{path}/reactivate", {"reason": ""})
    page = operator_page.get(path).content.decode()
    told = page.partition('id="standings"')[2]
    reasons = re.findall(r"Reason: ([^<]*)<|(No reason was given\.)", told)
    assert [one or other for one, other in reasons] == [
        "No reason was given.", "Closed", "Paid", "Unpaid &lt;account&gt;",
    ]  # fmt: skip
    assert told.count("By: Operator") == 4 and re.findall(r"<p>(\w+)</p>", told) == [
        "Reactivated", "Suspended", "Reactivated", "Suspended",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("back", "leads_to"),
    [
        ("/operator/schools?state=active&search=gre%C3%ABn", "/operator/schools?state=active&search=gre%C3%ABn&saved="),
        ("/operator/schools?saved=suspended", "/operator/schools?saved="),
        ("/operator/health", "/operator/health?saved="),
        ("https://evil.example/", "/operator/schools?saved="), ("//evil.example", "/operator/schools?saved="),
        ("/\\evil.example", "/operator/schools?saved="), ("", "/operator/schools?saved="),
    ],
)  # fmt: skip
def test_whoever_suspends_is_led_back_to_where_they_were_and_nowhere_else(operator_page, greenfield, back, leads_to):
    path = f"/operator/schools/{greenfield.ref.id}"
    asked = operator_page.get(f"{path}/suspend", {"back": back}).content.decode()
    kept = html.unescape(re.search(r'name="back" value="([^"]*)"', asked)[1])
    wrong = operator_page.post(f"{path}/suspend", {"confirm_name": "x", "reason": "x", "back": kept})
    assert f'name="back" value="{html.escape(kept)}"' in wrong.content.decode()
    answer = operator_page.post(f"{path}/suspend", {"confirm_name": NAME, "reason": "x", "back": back})
    assert answer["Location"] == f"{leads_to}suspended"
    answer = operator_page.post(f"{path}/reactivate", {"reason": "", "back": back})
    assert answer["Location"] == f"{leads_to}reactivated"


def test_list_and_overview_say_where_the_person_is(operator_page, greenfield):
    path = f"/operator/schools/{greenfield.ref.id}"
    listed = operator_page.get("/operator/schools?state=active&search=green").content.decode()
    assert f'href="{path}/suspend?back=%2Foperator%2Fschools%3Fstate%3Dactive%26search%3Dgreen"' in listed
    quoted = path.replace("/", "%2F")
    assert f'href="{path}/suspend?back={quoted}"' in operator_page.get(path).content.decode()
