"""A request ends in an admin of a school: of one that is here, or of a new one that is onboarded for it."""

import threading

import pytest
from django.db import connections
from django.test import Client
from django.utils import timezone

from shared_apps.access.services import decisions
from shared_apps.access.services.admins import NewSchool
from shared_apps.access.services.grants import Grant
from shared_apps.identity.models import Login, Membership
from shared_apps.identity.services.accounts import is_known
from shared_apps.schools.models import Draft, Onboarding
from shared_apps.workflows.models import Run
from tenant_apps.events.models import Event
from tenant_apps.people.models import Staff
from tenants.models import School
from tenants.problems import Refusal
from tenants.scope import school_scope
from tests.access.people import GAUTENG, OPERATOR, ROOT, SAID, approve, link_in, mails, reject, waiting
from tests.groups.test_reach import actor
from tests.identity.people import browser, log_in, login_of, problem
from tests.schools.acts import work

on_database = pytest.mark.django_db(databases=["default", "schools"])
builds = pytest.mark.usefixtures("real_commits")
TO = SAID["work_email"]
NEW = "quiet river walks home"


def staff_of(cast):
    with school_scope(cast.ref):
        return [one for one in Staff.objects.all() if one.email == TO]


def hired_by(cast):
    with school_scope(cast.ref):
        return list(Event.objects.filter(kind="people.staff_hired").order_by("-at").values_list("actor", flat=True))[:1]


# -- of a school that is here ------------------------------------------------------------------------------------------


@on_database
def test_an_admin_of_a_school_signs_in_to_it_and_both_histories_know(signed_in, greenfield):
    asked, client = waiting(), signed_in(GAUTENG)
    answer = approve(client, asked, role="school_admin", schools=[str(greenfield.ref.id)])
    assert answer.status_code == 200 and set(answer.json()) == {"account_id", "set_password_link"}
    problem(approve(client, asked, role="school_admin", schools=[str(greenfield.ref.id)]), 409, "already_decided")
    assert Client().post(link_in(mails(TO)[0]), {"new": NEW}).status_code == 302
    told = log_in(TO, NEW).json()
    assert (told["scope"], told["roles"], told["school"]["slug"]) == ("school", ["school_admin"], "greenfield")
    me = Client().get("/api/me", headers={"Authorization": f"Bearer {told['access_token']}"}).json()
    assert me["name"] == SAID["full_name"] and answer.json()["account_id"] == str(login_of(TO).id)
    assert len(staff_of(greenfield)) == 1 and hired_by(greenfield) == [str(login_of(GAUTENG).id)]


@on_database
def test_it_is_one_school_within_reach(signed_in, greenfield, riverside):
    asked, client, root = waiting(), signed_in(GAUTENG), signed_in(ROOT)
    mine, other = str(greenfield.ref.id), str(riverside.ref.id)
    for who, schools in ((client, []), (client, [other]), (root, [mine, other]), (root, ["x"])):
        problem(approve(who, asked, role="school_admin", schools=schools), 422, "invalid")
    problem(approve(root, asked, role="school_admin", schools=[mine], regions=["ZA"]), 422, "invalid")
    problem(approve(signed_in(OPERATOR), asked, role="school_admin", schools=[mine]), 403, "forbidden")
    assert not is_known(TO) and staff_of(greenfield) == [] and staff_of(riverside) == []


@on_database
def test_somebody_who_teaches_there_already_stays_one_person(signed_in, greenfield):
    asked = waiting(work_email="teacher@greenfield.example")
    answer = approve(signed_in(ROOT), asked, role="school_admin", schools=[str(greenfield.ref.id)])
    assert answer.json()["set_password_link"] is None
    held = Membership.objects.filter(login=login_of("teacher@greenfield.example"))
    assert {one.role for one in held} == {"teacher", "school_admin"} and len({one.person for one in held}) == 1


# -- of a new one ------------------------------------------------------------------------------------------------------


@builds
def test_a_new_school_is_onboarded_with_them_as_its_first_admin(signed_in):
    asked, root = waiting(organization="Laerskool Hoogland"), signed_in(ROOT)
    answer = approve(root, asked, role="school_admin", onboard={"timezone": "Africa/Maseru", "close_time": "15:30"})
    assert answer.status_code == 200 and set(answer.json()) == {"account_id", "set_password_link"}
    problem(approve(root, asked, role="school_admin", onboard=True), 409, "already_decided")
    assert Run.objects.count() == 1 and Draft.objects.count() == 1
    assert not Membership.objects.filter(login=login_of(TO)).exists()
    assert Client().post(link_in(mails(TO)[0]), {"new": NEW}).status_code == 302
    work()
    school = School.objects.get(slug="laerskool-hoogland")
    assert (school.timezone, school.region, school.state) == ("Africa/Maseru", "ZA-GP", "active")
    told = log_in(TO, NEW).json()
    assert (told["roles"], told["school"]["slug"]) == (["school_admin"], "laerskool-hoogland")
    assert answer.json()["account_id"] == str(login_of(TO).id) and not Draft.objects.exists()
    asked.refresh_from_db()
    assert asked.outcome["onboarding"] == str(Onboarding.objects.get().pk)
    page = browser(ROOT).get(f"/operator/requests/{asked.id}?state=approved").content.decode()
    assert f"/operator/onboardings/{asked.outcome['onboarding']}" in page


@on_database
@pytest.mark.parametrize(
    "onboard",
    [
        {"timezone": "Mars/Base"},
        {"close_time": "5"},
        {"region": "ZA-XX"},
        {"slug": "x"},
        {"name": "x" * 201},
        [],
        "yes",
    ],
)
def test_what_makes_no_school_starts_none(signed_in, onboard):
    asked = waiting()
    problem(approve(signed_in(ROOT), asked, role="school_admin", onboard=onboard), 422, "invalid")
    problem(approve(signed_in(ROOT), asked, role="operator", onboard=True), 422, "invalid")
    assert not is_known(TO) and not Run.objects.exists() and not Draft.objects.exists()


@on_database
def test_who_may_not_onboard_may_not_by_a_request_either(signed_in):
    asked = waiting()
    problem(approve(signed_in(GAUTENG), asked, role="school_admin", onboard=True), 403, "forbidden")
    page = browser(GAUTENG).get(f"/operator/requests/{asked.id}").content.decode()
    assert 'value="school_admin"' in page and 'value="new_school"' not in page
    assert not Run.objects.exists()


@on_database
def test_the_page_starts_one_too_and_says_what_is_wrong(greenfield):
    asked, client = waiting(), browser(ROOT)
    at = f"/operator/requests/{asked.id}"
    page = client.get(at).content.decode()
    assert 'value="new_school"' in page and 'name="school_name" value="Tshwane North District"' in page
    said = {"role": "new_school", "school_name": "Hoogland", "school_timezone": "x", "school_close_time": "17:00"}
    wrong = client.post(f"{at}/approve", {**said, "school_region": "ZA-NC"})
    assert wrong.status_code == 422 and "This time zone is not known." in wrong.content.decode()
    right = {**said, "school_timezone": "Africa/Johannesburg", "school_region": "ZA-NC"}
    assert client.post(f"{at}/approve", right).status_code == 302
    assert client.post(f"{at}/approve", right).status_code == 409
    assert [(one.name, one.region) for one in Onboarding.objects.all()] == [("Hoogland", "ZA-NC")]
    assert Login.objects.filter(pk=login_of(TO).pk, must_change_password=True).exists()


def at_once(asked, grants):
    """Every grant by its person, all at the same moment; what came of each."""
    start, came = threading.Barrier(len(grants)), []

    def decide(who, grant):
        try:
            start.wait(10)
            done = decisions.approve(request=asked.id, grant=grant, by=who, now=timezone.now())
            came.append(done.link or "no link")
        except Refusal as refusal:
            came.append(refusal.code)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=decide, args=one) for one in grants]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return sorted(came)


@builds
def test_two_clicks_at_once_make_one_admin_and_one_school(greenfield):
    there = waiting()
    grant = Grant("school_admin", schools=(greenfield.ref.id,))
    came = at_once(there, [(actor(ROOT), grant), (actor(GAUTENG), grant)])
    assert "already_decided" in came[0] and "/set-password/" in came[1]
    assert len(staff_of(greenfield)) == 1 and Membership.objects.filter(login=login_of(TO)).count() == 1
    new = waiting(work_email="other@example.com")
    came = at_once(new, [(actor(ROOT), Grant("school_admin", onboard=NewSchool("One")))] * 2)
    assert "already_decided" in came[0] and "/set-password/" in came[1]
    assert (Run.objects.count(), Draft.objects.count(), Onboarding.objects.count()) == (1, 1, 1)


@on_database
def test_a_rejected_request_starts_nothing(signed_in, greenfield):
    asked, root = waiting(), signed_in(ROOT)
    reject(root, asked)
    for more in ({"schools": [str(greenfield.ref.id)]}, {"onboard": True}):
        problem(approve(root, asked, role="school_admin", **more), 409, "already_decided")
    assert staff_of(greenfield) == [] and not Run.objects.exists()
