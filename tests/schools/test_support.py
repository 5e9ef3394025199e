"""View progress and Support: what the school published, a way in for an admin, and both histories knowing."""

import re
from datetime import timedelta

import pytest
from django.db import ProgrammingError, connections
from django.test import Client
from django.utils import timezone

from shared_apps.audit.models import PlatformEvent
from shared_apps.deliveries.models import SchoolFigures
from shared_apps.identity.models import Login, Membership
from shared_apps.identity.services import links
from shared_apps.identity.services.sign_in import email_hash
from shared_apps.schools.models import Onboarding
from shared_apps.schools.services import support
from shared_apps.workflows.services import runs
from tenant_apps.events.models import Event, Reaction
from tenant_apps.events.services.record import particulars_of, record
from tenant_apps.messaging.jobs import tell_platform
from tenants.actor import system
from tenants.cells import CellDown
from tenants.ids import new_id
from tenants.scope import school_scope
from tests import world
from tests.operator.ground import figures, trouble

OPERATOR = "operator@example.com"
ADMIN = "admin@greenfield.example"
OWN = "quiet river walks home"


@pytest.fixture
def page(client):
    def open_as(email=OPERATOR):
        client.post("/login", {"email": email, "password": world.PASSWORD})
        return client

    return open_as


def at(cast, what):
    return f"/operator/schools/{cast.ref.id}/{what}"


def opened(client, cast):
    answer = client.get(at(cast, "progress"), headers={"HX-Request": "true"})
    assert answer.status_code == 200 and b"<html" not in answer.content
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


# -- progress ----------------------------------------------------------------------------------------------------------


def test_progress_is_what_the_school_published(page, greenfield):
    tell_platform(school=greenfield.ref)
    words = opened(page(), greenfield)
    assert "Learners 8 Active learners 7 Classes 2 Staff 3" in words and "None yet" in words
    assert "unavailable" not in words


def test_what_was_never_told_or_long_ago_is_said_and_not_shown_as_zero(page, greenfield):
    client = page()
    assert opened(client, greenfield) == "Activity temporarily unavailable"
    tell_platform(school=greenfield.ref)
    SchoolFigures.objects.update(as_of=timezone.now() - timedelta(hours=5))
    words = opened(client, greenfield)
    assert words.startswith("Activity temporarily unavailable") and "Last known at" in words and "Learners 8" in words


@pytest.mark.parametrize("email", ["gauteng@example.com", "circle@example.com"])
def test_progress_of_a_school_out_of_reach_is_404(page, greenfield, riverside, email):
    client = page(email)
    assert opened(client, greenfield)
    assert client.get(at(riverside, "progress")).status_code == 404
    assert client.get(at(greenfield, "progress")).headers["Location"].endswith(f"{greenfield.ref.id}#progress")


# -- support -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("email", ["gauteng@example.com", "circle@example.com", "finance@example.com"])
def test_others_may_not_open_support(page, greenfield, email):
    client = page(email)
    assert client.get(at(greenfield, "support")).status_code == 403
    assert client.post(at(greenfield, "support"), {"email": ADMIN, "deed": "reset"}).status_code == 403


def test_work_that_failed_is_said_in_words_and_names_nobody(page, greenfield):
    now = timezone.now()
    with school_scope(greenfield.ref):
        event = record("gate.scanned", by=system("t"), at=now, now=now, about={"name": greenfield.canary}, quiet=True)
        Reaction.objects.create(
            event=event, handler="messaging.tell_guardians", lane="movement-postcommit", next_at=now, state="dead",
            attempts=8, error="worker_lost", done_at=now,
        )  # fmt: skip
    tell_platform(school=greenfield.ref)
    html = page().get(at(greenfield, "support")).content.decode()
    assert html.count("Tell the guardians of a scan") == html.count("The process that ran it was lost each time") == 2
    assert "messaging.tell_guardians" not in html and "worker_lost" not in html
    assert greenfield.canary not in html


def test_what_is_long_due_and_what_is_tried_again_are_told_apart(page, greenfield):
    figures(greenfield.ref, stuck=4, stuck_since=timezone.now(), waiting=4)
    trouble(greenfield.ref, 3, state="retrying", reason="mailbox_full")
    html = page().get(at(greenfield, "support")).content.decode()
    assert "<dt>Stuck: due for more than 15 minutes</dt><dd>4</dd>" in html
    row = re.search(r"<tbody>(.*?)</tbody>", html, re.S)[1]
    said = ("Deliver a message", "Failed, is tried again", "mailbox_full")  # a code nobody named is shown as it is
    assert all(f">{words}<" in row for words in said) and "Stuck" not in row
    assert html.count("Stuck") == html.count("is tried again") == 1


def test_what_waits_too_long_without_having_failed_is_no_failure(page, greenfield):
    figures(greenfield.ref, stuck=4, stuck_since=timezone.now(), waiting=4)
    assert "Nothing had failed when the school told last." in page().get(at(greenfield, "support")).content.decode()


@pytest.mark.parametrize("what", ["support", "progress", ""])
def test_looking_at_a_school_enters_no_school(page, greenfield, what):
    """What is shown is what the school published: not one statement goes to the schools' login."""
    tell_platform(school=greenfield.ref)
    client = page()

    def refuse(*asked):
        raise AssertionError("a school was asked")

    with connections["schools"].execute_wrapper(refuse):
        assert client.get(at(greenfield, what).rstrip("/"), headers={"HX-Request": "true"}).status_code == 200


def give(client, cast, deed="reset", email=ADMIN):
    return client.post(at(cast, "support"), {"email": email, "deed": deed})


def link_in(answer):
    assert answer.status_code == 200, answer.content
    return re.search(r"data-link>http://localhost:8000(/set-password/[^<]+)<", answer.content.decode())[1]


def choose(link, password=OWN):
    return Client().post(link, {"new": password}).status_code


def sign_in(password, email=ADMIN):
    body = {"email": email, "password": password}
    return Client().post("/api/auth/login", body, content_type="application/json")


def kinds(cast):
    platform = PlatformEvent.objects.filter(
        kind__in=["schools.access_reset", "schools.invite_sent"], school=cast.ref.id
    )
    with school_scope(cast.ref):
        own = Event.objects.filter(kind__in=["people.access_reset", "people.invite_sent"])
        return [e.kind for e in platform.order_by("at")], [(e.kind, e.actor) for e in own.order_by("at")]


def test_an_admin_gets_a_new_way_in_and_the_old_one_and_its_sessions_end(page, signed_in, greenfield):
    admin, client = signed_in(ADMIN), page()
    me = str(Login.objects.get(email_hash=email_hash(OPERATOR)).id)
    forgotten = links.invite(Login.objects.get(email_hash=email_hash(ADMIN)), by="test", now=timezone.now())
    link = link_in(give(client, greenfield))
    assert admin.get("/api/me").status_code == 401
    assert sign_in(world.PASSWORD).status_code == 401
    assert choose(forgotten.removeprefix("http://localhost:8000")) == 404
    assert choose(link) == 302 and choose(link) == 404
    fresh = sign_in(OWN)
    assert fresh.status_code == 200
    asked = Client().get("/api/learners", headers={"Authorization": f"Bearer {fresh.json()['access_token']}"})
    assert asked.status_code == 200
    assert kinds(greenfield) == (["schools.access_reset"], [("people.access_reset", me)])
    secret = link.rpartition("/")[2]
    assert secret not in client.get(at(greenfield, "support")).content.decode()
    assert secret not in "".join(PlatformEvent.objects.values_list("body", flat=True))


def test_twice_gives_two_links_and_only_the_last_works(page, greenfield):
    client = page()
    first, second = link_in(give(client, greenfield)), link_in(give(client, greenfield))
    assert choose(first) == 404 and choose(second) == 302 and sign_in(OWN).status_code == 200


def test_an_invitation_is_repeated_only_to_who_never_chose_a_password(page, greenfield):
    client = page()
    answer = give(client, greenfield, "invite")
    assert answer.status_code == 409 and "Reset their access instead" in answer.content.decode()
    assert kinds(greenfield) == ([], [])
    Login.objects.filter(email_hash=email_hash(ADMIN)).update(must_change_password=True)
    assert choose(link_in(give(client, greenfield, "invite"))) == 302 and sign_in(OWN).status_code == 200
    assert [kind for kind, _ in kinds(greenfield)[1]] == ["people.invite_sent"]


@pytest.mark.parametrize(
    "email", ["officer@greenfield.example", "admin@riverside.example", "nobody@example.com", "", "x" * 300]
)
def test_whoever_is_no_admin_of_this_school_is_not_helped(page, greenfield, email):
    assert give(page(), greenfield, email=email).status_code == 422
    assert kinds(greenfield) == ([], []) and sign_in(world.PASSWORD, "officer@greenfield.example").status_code == 200


def test_a_person_of_the_platform_is_out_of_a_helpers_hands(page, greenfield):
    root = Login.objects.get(email_hash=email_hash("root@example.com"))
    Membership.objects.create(
        login=root, school_id=greenfield.ref.id, role="school_admin", person=greenfield.staff["admin"].id
    )
    answer = give(page(), greenfield, email="root@example.com")
    assert answer.status_code == 409 and "super admin has to help" in answer.content.decode()
    assert sign_in(world.PASSWORD, "root@example.com").status_code == 200


def test_where_the_school_cannot_write_it_down_nothing_is_done(page, greenfield, monkeypatch):
    monkeypatch.setattr(support, "ask", lambda *_a, **_m: (_ for _ in ()).throw(CellDown("away")))
    assert give(page(), greenfield).status_code == 503
    assert sign_in(world.PASSWORD).status_code == 200 and kinds(greenfield) == ([], [])


def test_a_fault_of_our_own_is_not_called_a_school_out_of_reach_and_nothing_is_done(page, greenfield, monkeypatch):
    monkeypatch.setattr(support, "ask", lambda *_a, **_m: (_ for _ in ()).throw(ProgrammingError("no such column")))
    client = page()
    client.raise_request_exception = False
    assert give(client, greenfield).status_code == 500
    assert sign_in(world.PASSWORD).status_code == 200 and kinds(greenfield) == ([], [])


# -- the first officer -------------------------------------------------------------------------------------------------

OFFICER = "officer@greenfield.example"


@pytest.fixture
def came_in(greenfield):
    """As if greenfield had been onboarded with its officer."""
    made = runs.start("schools.onboarding", key="x", by="test", now=timezone.now())[0]
    return Onboarding.objects.create(
        run=made, school=greenfield.ref.id, name="Greenfield", timezone="Africa/Johannesburg", close_time="17:00",
        admin=greenfield.staff["admin"].id, officer=greenfield.staff["officer"].id,
    )  # fmt: skip


def test_the_officer_a_school_began_with_is_helped_and_both_histories_know(page, signed_in, greenfield, came_in):
    officer, client = signed_in(OFFICER), page()
    link = link_in(give(client, greenfield, email=OFFICER))
    assert officer.get("/api/me").status_code == 401 and sign_in(world.PASSWORD, OFFICER).status_code == 401
    assert choose(link) == 302 and sign_in(OWN, OFFICER).json()["roles"] == ["gate_officer"]
    me = str(Login.objects.get(email_hash=email_hash(OPERATOR)).id)
    assert kinds(greenfield) == (["schools.access_reset"], [("people.access_reset", me)])
    with school_scope(greenfield.ref):
        event = Event.objects.get(kind="people.access_reset")
        assert particulars_of(event.id)["staff"] == str(greenfield.staff["officer"].id)


def test_an_officer_the_school_took_on_later_is_its_admins_to_help(page, greenfield, came_in):
    Onboarding.objects.update(officer=new_id())
    assert give(page(), greenfield, email=OFFICER).status_code == 422
    assert kinds(greenfield) == ([], []) and sign_in(world.PASSWORD, OFFICER).status_code == 200


def test_an_officer_of_another_school_is_not_helped(page, riverside, greenfield, came_in):
    assert give(page(), riverside, email=OFFICER).status_code == 422
    assert give(page(), greenfield, email="officer@riverside.example").status_code == 422
