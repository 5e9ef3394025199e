"""A decision that needs a school: written down first, finished by whoever comes next, and by nobody twice."""

from datetime import timedelta

import pytest
from django.db import DatabaseError
from django.utils import timezone

from shared_apps.access.models import AccessRequest
from shared_apps.access.services import admins, letting_in, requests
from shared_apps.audit.models import PlatformEvent
from shared_apps.identity.models import Membership
from shared_apps.identity.services.accounts import is_known
from tenant_apps.people.models import Staff
from tenant_apps.people.services.staff import hire
from tenants.actor import system
from tenants.cells import CellDown
from tenants.problems import Refusal
from tenants.scope import school_scope
from tests.access.people import GAUTENG, ROOT, SAID, admin_of, approve, link_in, mails, reject, waiting
from tests.identity.people import browser, login_of, post, problem

pytestmark = pytest.mark.django_db(databases=["default", "schools"])
TO = SAID["work_email"]


def staff_of(cast):
    with school_scope(cast.ref):
        return [one for one in Staff.objects.all() if one.email == TO]


def later():
    return timezone.now() + timedelta(minutes=1)


def a_minute_later():
    """The clock's turn, once whoever decided has had their half minute."""
    AccessRequest.objects.filter(state="letting_in").update(decided_at=timezone.now() - timedelta(minutes=1))
    return letting_in.resume(now=timezone.now())


@pytest.fixture
def away(monkeypatch):
    """Call it to bring the school back."""
    with monkeypatch.context() as patched:
        patched.setattr(admins, "ask", lambda *_a, **_m: (_ for _ in ()).throw(DatabaseError("away")))
        yield patched.undo


@pytest.fixture
def half_way(signed_in, greenfield, away):
    """A request that was approved while the school could not be reached."""
    asked = waiting()
    answer = approve(signed_in(GAUTENG), asked, role="school_admin", schools=[str(greenfield.ref.id)])
    problem(answer, 503, "school_unreachable")
    assert answer["Retry-After"] == "30"
    asked.refresh_from_db()
    assert asked.state == "letting_in" and not is_known(TO) and staff_of(greenfield) == []
    return asked


def test_what_a_school_could_not_do_yet_is_done_once_it_answers(half_way, greenfield, away):
    away()
    assert letting_in.resume(now=timezone.now()) == 0, "whoever decided has half a minute to finish it"
    assert staff_of(greenfield) == []
    assert a_minute_later() == 1
    half_way.refresh_from_db()
    assert half_way.state == "approved" and half_way.decided_by == login_of(GAUTENG).id
    held = Membership.objects.get(login=login_of(TO))
    assert (held.role, [held.person]) == ("school_admin", [one.id for one in staff_of(greenfield)])
    assert [mail["subject"] for mail in mails(TO)].count("Your request for access was approved") == 1
    assert a_minute_later() == 0 and len(staff_of(greenfield)) == 1


def test_somebody_is_told_when_the_clock_tries_in_vain(half_way):
    told = "Approved, but not taken on by their school yet: 1"
    assert told not in browser(ROOT).get("/operator").content.decode()
    AccessRequest.objects.update(decided_at=timezone.now() - timedelta(minutes=11))
    assert told in browser(ROOT).get("/operator").content.decode()
    assert told not in browser("operator@example.com").get("/operator").content.decode()


def test_while_the_school_is_away_it_stays_as_it_is(half_way, greenfield):
    assert a_minute_later() == 0
    half_way.refresh_from_db()
    assert half_way.state == "letting_in" and not is_known(TO)


@pytest.mark.parametrize("who", [GAUTENG, ROOT])
def test_the_same_decision_again_finishes_it(half_way, signed_in, greenfield, away, who):
    away()
    answer = approve(signed_in(who), half_way, role="school_admin", schools=[str(greenfield.ref.id)])
    assert answer.status_code == 200 and link_in(mails(TO)[0]) in answer.json()["set_password_link"]
    assert PlatformEvent.objects.get(kind="access.approved").actor == str(login_of(GAUTENG).id), "they decided it"
    problem(
        approve(signed_in(who), half_way, role="school_admin", schools=[str(greenfield.ref.id)]), 409, "already_decided"
    )


def test_nothing_else_is_decided_about_it(half_way, signed_in, greenfield, riverside):
    root = signed_in(ROOT)
    for body in (
        {"role": "operator"}, {"role": "school_admin", "schools": [str(riverside.ref.id)]},
        {"role": "school_admin", "onboard": True},
    ):  # fmt: skip
        problem(approve(root, half_way, **body), 409, "already_decided")
    problem(reject(root, half_way), 409, "already_decided")
    problem(post(f"/api/admin/reopen/{half_way.id}", client=root), 409, "not_rejected")
    problem(approve(signed_in(admin_of("US-TX", "tx@example.com")), half_way, role="operator"), 404, "not_found")


def test_it_is_not_forgotten_before_it_is_finished(half_way, away):
    AccessRequest.objects.update(forget_at=timezone.now())
    assert requests.tidy(now=later()) == 0
    away()
    assert a_minute_later() == 1
    half_way.refresh_from_db()
    assert requests.tidy(now=half_way.forget_at) == 1


def test_the_page_says_so_and_offers_to_try_again(half_way, greenfield, away):
    page, path = browser(GAUTENG), f"/operator/requests/{half_way.id}"
    text = page.get(path).content.decode()
    assert "The school could not be reached yet." in text and "Reject request" not in text
    assert "Waits for the school" in text
    away()
    body = {"role": "school_admin", "schools": str(greenfield.ref.id)}
    assert page.post(f"{path}/approve", body)["Location"].endswith("saved=request_approved")


def test_a_school_that_will_not_have_them_puts_the_request_back(half_way, signed_in, greenfield, away):
    """Somebody was hired there under that address in the meantime: nothing is made, and a person decides again."""
    away()
    with school_scope(greenfield.ref):
        hire(
            by=system("test"), now=timezone.now(), given_name="N", family_name="K", email=TO, login=None
        )  # fmt: skip
    assert a_minute_later() == 0
    half_way.refresh_from_db()
    assert (half_way.state, half_way.outcome, half_way.decided_by) == ("waiting", {"put_back": "works_there"}, None)
    assert not is_known(TO) and len(staff_of(greenfield)) == 1
    assert "could not be finished" in browser(ROOT).get(f"/operator/requests/{half_way.id}").content.decode()
    assert approve(signed_in(ROOT), half_way, role="operator").status_code == 200


def test_a_school_that_refuses_at_once_leaves_the_request_waiting(signed_in, greenfield):
    asked = waiting()
    with school_scope(greenfield.ref):
        hire(by=system("test"), now=timezone.now(), given_name="N", family_name="K", email=TO, login=None)
    answer = approve(signed_in(ROOT), asked, role="school_admin", schools=[str(greenfield.ref.id)])
    problem(answer, 409, "works_there")
    asked.refresh_from_db()
    assert asked.state == "waiting" and not is_known(TO)


def test_one_that_cannot_be_finished_does_not_stop_the_others(half_way, greenfield, monkeypatch, away):
    away()
    second = waiting(work_email="second@asks.example")
    AccessRequest.objects.filter(pk=second.pk).update(
        state="letting_in", decided_at=timezone.now(), decided_by=login_of(ROOT).id, outcome=half_way.outcome
    )
    do = admins.take_on

    def only_one(school, said, **more):
        if said.work_email == TO:
            raise Refusal(503, "school_unreachable", "away")
        return do(school, said, **more)

    monkeypatch.setattr(admins, "take_on", only_one)
    assert a_minute_later() == 1
    second.refresh_from_db()
    assert second.state == "approved"


def test_a_school_in_a_cell_that_is_down_is_one_that_cannot_be_reached(signed_in, greenfield, monkeypatch):
    asked = waiting()
    monkeypatch.setattr(admins, "ask", lambda *_a, **_m: (_ for _ in ()).throw(CellDown("home")))
    answer = approve(signed_in(ROOT), asked, role="school_admin", schools=[str(greenfield.ref.id)])
    assert answer.status_code == 503
    asked.refresh_from_db()
    assert asked.state == "letting_in"
