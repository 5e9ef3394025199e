"""`/api/operator/schools/{id}/support`, `/reset`, `/invite`: works / wrong role / not found / bad input / twice."""

from datetime import timedelta

import pytest
from django.db import connections
from django.utils import timezone

from shared_apps.audit.models import PlatformEvent
from shared_apps.deliveries.models import SchoolFigures
from shared_apps.identity.models import Login
from shared_apps.identity.services.sign_in import email_hash
from shared_apps.schools.services import support
from tenant_apps.events.models import Reaction
from tenant_apps.events.services.record import record
from tenant_apps.messaging.jobs import tell_platform
from tenants.actor import system
from tenants.cells import CellDown
from tenants.ids import new_id
from tenants.scope import school_scope
from tests import world
from tests.schools.acts import OPERATOR
from tests.schools.test_support import ADMIN, OWN, choose, kinds, sign_in


@pytest.fixture
def operator(signed_in):
    return signed_in(OPERATOR)


def path(cast, deed=""):
    return f"/api/operator/schools/{cast.ref.id}/support{deed}"


def give(client, cast, deed="reset", email=ADMIN, **more):
    return client.post(path(cast, f"/{deed}"), {"email": email, **more}, content_type="application/json")


def link_in(answer):
    assert answer.status_code == 200, answer.content
    assert timezone.datetime.fromisoformat(answer.json()["good_until"]) > timezone.now() + timedelta(hours=71)
    return answer.json()["link"].removeprefix("http://localhost:8000")


def test_the_schools_health_stuck_work_and_last_errors_are_told_without_anybodys_name(operator, greenfield):
    now = timezone.now()
    with school_scope(greenfield.ref):
        event = record("gate.scanned", by=system("t"), at=now, now=now, about={"name": greenfield.canary}, quiet=True)
        Reaction.objects.create(
            event=event, handler="messaging.tell_guardians", lane="movement-postcommit", next_at=now, state="dead",
            attempts=8, error="mailbox_full", done_at=now,
        )  # fmt: skip
    tell_platform(school=greenfield.ref)
    answer = operator.get(path(greenfield))
    found = answer.json()
    assert answer.status_code == 200 and greenfield.canary not in answer.content.decode()
    assert found["figures"]["dead"]["count"] == 1 and found["figures"]["learners"] == 8
    (trouble,), (error,) = found["troubles"], found["errors"]
    assert (trouble["state"], trouble["handler"], trouble["count"]) == ("dead", "messaging.tell_guardians", 1)
    assert (error["reason"], error["attempts"]) == ("mailbox_full", 8)
    SchoolFigures.objects.update(as_of=now - timedelta(hours=5))
    late = operator.get(path(greenfield)).json()
    assert late["figures"] is None and late["last_known"]["dead"]["count"] == 1


def test_looking_enters_no_school_and_what_was_never_told_is_null(operator, greenfield):
    def refuse(*asked):
        raise AssertionError("a school was asked")

    with connections["schools"].execute_wrapper(refuse):
        found = operator.get(path(greenfield)).json()
    assert found == {"figures": None, "last_known": None, "troubles": [], "errors": []}


def test_an_admin_gets_a_new_way_in_once_and_the_old_one_ends(operator, greenfield):
    first, second = link_in(give(operator, greenfield)), link_in(give(operator, greenfield, email=f" {ADMIN} "))
    assert sign_in(world.PASSWORD).status_code == 401
    assert choose(first) == 404 and choose(second) == 302 and choose(second) == 404
    assert sign_in(OWN).status_code == 200
    me = str(Login.objects.get(email_hash=email_hash(OPERATOR)).id)
    assert kinds(greenfield) == (["schools.access_reset"] * 2, [("people.access_reset", me)] * 2)
    secret = second.rpartition("/")[2]
    assert secret not in "".join(PlatformEvent.objects.values_list("body", flat=True))


def test_an_invitation_is_repeated_only_to_who_never_chose_a_password(operator, greenfield):
    refused = give(operator, greenfield, "invite")
    assert (refused.status_code, refused.json()["code"]) == (409, "signed_in_before") and kinds(greenfield) == ([], [])
    Login.objects.filter(email_hash=email_hash(ADMIN)).update(must_change_password=True)
    assert choose(link_in(give(operator, greenfield, "invite"))) == 302
    assert kinds(greenfield)[0] == ["schools.invite_sent"]


@pytest.mark.parametrize("email", ["officer@greenfield.example", "admin@riverside.example", "nobody@example.com", ""])
def test_whoever_is_none_of_the_schools_first_people_is_not_helped(operator, greenfield, email):
    answer = give(operator, greenfield, email=email)
    assert answer.status_code == 422 and answer.json()["errors"][0]["code"] == "no_such_admin"
    assert kinds(greenfield) == ([], [])


@pytest.mark.parametrize("more", [{"email": "x" * 255}, {"email": None}, {"email": "a\0b"}, {"why": "x"}])
def test_a_body_that_is_not_right_is_refused(operator, greenfield, more):
    for deed in ("reset", "invite"):
        assert give(operator, greenfield, deed, **more).status_code == 422
    assert kinds(greenfield) == ([], [])


def test_where_the_school_cannot_write_it_down_nothing_is_done(operator, greenfield, monkeypatch):
    monkeypatch.setattr(support, "ask", lambda *_a, **_m: (_ for _ in ()).throw(CellDown("away")))
    answer = give(operator, greenfield)
    assert (answer.status_code, answer.json()["code"]) == (503, "school_unreachable") and answer["Retry-After"]
    assert sign_in(world.PASSWORD).status_code == 200


@pytest.mark.parametrize(
    "email", ["gauteng@example.com", "circle@example.com", "finance@example.com", "admin@greenfield.example"]
)
def test_others_are_refused(signed_in, greenfield, email):
    client = signed_in(email)
    assert client.get(path(greenfield)).status_code == 403
    assert [give(client, greenfield, deed).status_code for deed in ("reset", "invite")] == [403, 403]
    assert kinds(greenfield) == ([], [])


def test_a_school_that_is_not_there_is_404(operator):
    for key in (new_id(), "nonsense"):
        base = f"/api/operator/schools/{key}/support"
        assert operator.get(base).status_code == 404
        for deed in ("reset", "invite"):
            answer = operator.post(f"{base}/{deed}", {"email": ADMIN}, content_type="application/json")
            assert answer.status_code == 404
