"""Who holds what on the platform, and taking it away: works, wrong role, out of reach, bad input, twice."""

import threading
from datetime import timedelta

import pytest
from django.db import connections
from django.test import Client
from django.utils import timezone

from shared_apps.access.models import Withdrawal
from shared_apps.access.services import people
from shared_apps.audit.models import PlatformEvent
from shared_apps.groups.models import Circle, CircleKeeper
from shared_apps.groups.services import within_reach
from shared_apps.identity.models import Login, Membership, Session
from shared_apps.identity.services.accounts import give_role
from tenants.models import School
from tenants.problems import Refusal
from tests import world
from tests.access.people import GAUTENG, OPERATOR, ROOT, admin_of, approve, super_admin, waiting
from tests.groups.test_reach import actor
from tests.identity.people import browser, log_in, login_of, post, problem, tokens_of
from tests.world import MORNING

on_database = pytest.mark.django_db(databases=["default", "schools"])
CIRCLE, FINANCE, SECOND, THIRD = "circle@example.com", "finance@example.com", "second@example.com", "third@example.com"


def take(client, email, role, reason="left", **more):
    person = email if isinstance(email, str) and "@" not in email else login_of(email).id
    return post(f"/api/admin/people/{person}/take-away", {"role": role, "reason": reason, **more}, client=client)


def listed(client, **query):
    answer = client.get("/api/admin/people", query)
    assert answer.status_code == 200, answer.content
    return {item["id"]: item for item in answer.json()["items"]}


def emails(client, **query):
    known = (ROOT, OPERATOR, GAUTENG, FINANCE, CIRCLE, "north@example.com", "ca@example.com", "two@example.com")
    ids = {str(login.id): email for email in known if (login := _login(email))}
    return {ids.get(key, key) for key in listed(client, **query)}


def _login(email):
    try:
        return login_of(email)
    except Login.DoesNotExist:
        return None


def role(email, **more):
    give_role(
        email=email, by="test", now=MORNING, name="Test", password=world.PASSWORD, temporary=False, **more
    )  # fmt: skip


# -- works -------------------------------------------------------------------------------------------------------------


@on_database
def test_who_holds_what_is_listed_with_regions_and_circles(signed_in, greenfield):
    admin_of("US-TX", GAUTENG)
    told = listed(signed_in(ROOT))
    gauteng, circle = told[str(login_of(GAUTENG).id)], told[str(login_of(CIRCLE).id)]
    assert gauteng["roles"] == [{"role": "regional_admin", "regions": ["US-TX", "ZA-GP"], "circles": []}]
    kept = Circle.objects.get()
    assert circle["roles"] == [
        {"role": "local_operator", "regions": [], "circles": [{"id": str(kept.id), "name": kept.name}]}
    ]
    assert gauteng["name"] and not gauteng["second"]
    assert str(login_of(greenfield.email("admin")).id) not in told, "a school's people are not the platform's"


@on_database
def test_a_role_is_gone_at_the_next_request_and_who_holds_no_other_is_signed_out(signed_in):
    bearer = Client(headers={"Authorization": f"Bearer {tokens_of(OPERATOR)['access_token']}"})
    page = browser(OPERATOR)
    assert bearer.get("/api/operator/schools").status_code == page.get("/operator").status_code == 200
    answer = take(signed_in(ROOT), OPERATOR, "operator")
    assert (answer.status_code, answer.json()) == (200, {"id": str(login_of(OPERATOR).id), "state": "taken"})
    problem(bearer.get("/api/operator/schools"), 401, "token_invalid")
    assert page.get("/operator").status_code == 302
    assert not Session.objects.filter(login=login_of(OPERATOR), revoked_at=None).exists()
    problem(log_in(OPERATOR), 401, "sign_in_failed")
    event = PlatformEvent.objects.get(kind="identity.role_taken")
    assert event.actor == str(login_of(ROOT).id) and '"why":"left"' in event.body and '"role":"operator"' in event.body
    assert str(login_of(OPERATOR).id) not in listed(signed_in(ROOT))


@on_database
def test_who_holds_another_role_keeps_it_and_stays_signed_in(signed_in):
    role(OPERATOR, role="finance")
    bearer = Client(headers={"Authorization": f"Bearer {tokens_of(OPERATOR)['access_token']}"})
    assert take(signed_in(ROOT), OPERATOR, "operator", "mistake").status_code == 200
    problem(bearer.get("/api/operator/schools"), 403, "forbidden")
    assert bearer.get("/api/operator/billing").status_code == 200


@on_database
def test_one_of_two_regions_is_taken_and_the_other_stays(signed_in):
    admin_of("US-TX", GAUTENG)
    assert take(signed_in(ROOT), GAUTENG, "regional_admin", region="US-TX").status_code == 200
    assert set(within_reach(actor(GAUTENG)).values_list("slug", flat=True)) == {"greenfield"}
    problem(take(signed_in(ROOT), GAUTENG, "regional_admin", region="US-TX"), 409, "not_held")
    admin_of("US-TX", GAUTENG)
    assert take(signed_in(ROOT), GAUTENG, "regional_admin").status_code == 200
    assert not Membership.objects.filter(login=login_of(GAUTENG), active=True).exists()


@on_database
def test_a_circle_does_not_come_back_with_the_role(signed_in, greenfield):
    assert take(signed_in(ROOT), CIRCLE, "local_operator").status_code == 200
    assert not CircleKeeper.objects.filter(login=login_of(CIRCLE)).exists()
    assert PlatformEvent.objects.filter(kind="groups.circles_left").count() == 1
    role(CIRCLE, role="local_operator")
    assert not within_reach(actor(CIRCLE)).exists()


@on_database
def test_on_pages_it_is_asked_for_and_taken_without_javascript():
    page = browser(ROOT)
    text = page.get("/operator/people").content.decode()
    path = f"/operator/people/{login_of(GAUTENG).id}/take-away"
    assert f"{path}?role=regional_admin&amp;region=ZA-GP" in text and "Gauteng" in text
    assert f"/operator/people/{login_of(ROOT).id}/take-away" not in text, "nobody's own"
    asked = page.get(f"{path}?role=regional_admin&region=ZA-GP").content.decode()
    assert "Regional admin" in asked and "Gauteng" in asked
    told = {"role": "regional_admin", "region": "ZA-GP"}
    missing = page.post(path, told)
    assert missing.status_code == 422 and "Choose a reason from the list." in missing.content.decode()
    answer = page.post(path, {**told, "reason": "left"})
    assert (answer.status_code, answer["Location"]) == (302, "/operator/people?saved=role_taken")
    assert "Role taken away." in page.get(answer["Location"]).content.decode()
    assert page.post(path, {**told, "reason": "left"}).status_code == 404, "nothing is left to take"


@on_database
def test_the_list_is_searched_by_name_and_paged(signed_in):
    for number in range(3):
        give_role(
            email=f"n{number}@example.com", role="operator", by="test", now=MORNING, name=f"Zodwa Number{number}",
            password=world.PASSWORD,
        )  # fmt: skip
    client = signed_in(ROOT)
    assert {one["name"] for one in listed(client, search="zodwa number1").values()} == {"Zodwa Number1"}
    first = client.get("/api/admin/people", {"search": "zodwa", "limit": 2}).json()
    rest = client.get("/api/admin/people", {"search": "zodwa", "limit": 2, "cursor": first["next"]}).json()
    assert [len(first["items"]), len(rest["items"]), rest["next"]] == [2, 1, None]
    assert "Nobody matches this search: zz" in browser(ROOT).get("/operator/people?search=zz").content.decode()


# -- within reach ------------------------------------------------------------------------------------------------------


@on_database
def test_a_regional_admin_sees_those_alone_who_are_wholly_inside(signed_in, greenfield, riverside):
    admin_of("ZA-GP-tshwane", "north@example.com")
    admin_of("US-CA", "ca@example.com")
    admin_of("ZA-GP", "two@example.com"), admin_of("US-TX", "two@example.com")
    assert emails(signed_in(GAUTENG)) == {GAUTENG, CIRCLE, "north@example.com"}
    Circle.objects.get().schools.add(School.objects.get(slug="riverside"))
    assert emails(signed_in(GAUTENG)) == {GAUTENG, "north@example.com"}, "a circle that reaches beyond"
    role("north@example.com", role="finance")
    assert emails(signed_in(GAUTENG)) == {GAUTENG}, "a role that reaches beyond"


@on_database
def test_somebody_beyond_reach_is_404_for_every_act(signed_in, greenfield):
    admin_of("US-CA", "ca@example.com"), admin_of("ZA-GP", "two@example.com"), admin_of("US-TX", "two@example.com")
    client, page = signed_in(GAUTENG), browser(GAUTENG)
    for email, held in (
        (ROOT, "super_admin"), (OPERATOR, "operator"), (FINANCE, "finance"), ("ca@example.com", "regional_admin"),
        ("two@example.com", "regional_admin"), (greenfield.email("admin"), "operator"),
    ):  # fmt: skip
        problem(take(client, email, held), 404, "not_found")
        path = f"/operator/people/{login_of(email).id}/take-away?role={held}&region="
        assert page.get(path).status_code == page.post(path, {"role": held, "reason": "left"}).status_code == 404
    problem(take(client, "no-uuid", "operator"), 404, "not_found")
    assert Membership.objects.filter(login=login_of("two@example.com"), active=True).count() == 2
    assert take(client, CIRCLE, "local_operator").status_code == 200


@on_database
def test_a_circle_without_a_school_of_ones_region_is_nobodys_business(signed_in):
    Circle.objects.get().schools.clear()
    assert CIRCLE not in emails(signed_in(GAUTENG)) and CIRCLE in emails(signed_in(ROOT))


@on_database
@pytest.mark.parametrize("email", [OPERATOR, FINANCE, CIRCLE, "admin@greenfield.example"])
def test_others_see_nobody_and_take_nothing(signed_in, email):
    client = signed_in(email)
    problem(client.get("/api/admin/people"), 403, "forbidden")
    problem(take(client, GAUTENG, "regional_admin"), 403, "forbidden")
    assert browser(email).get("/operator/people").status_code == 403


# -- never one's own, never the last, two for the right to everything --------------------------------------------------


@on_database
def test_nobody_takes_their_own(signed_in):
    super_admin(SECOND), super_admin(THIRD)
    problem(take(signed_in(ROOT), ROOT, "super_admin"), 403, "own_role")
    problem(take(signed_in(GAUTENG), GAUTENG, "regional_admin"), 403, "own_role")
    assert browser(GAUTENG).get(
        f"/operator/people/{login_of(GAUTENG).id}/take-away?role=regional_admin&region=ZA-GP"
    ).status_code == 404  # fmt: skip


@on_database
def test_a_super_admin_is_one_until_two_others_have_agreed(signed_in):
    super_admin(SECOND), super_admin(THIRD)
    first = take(signed_in(ROOT), THIRD, "super_admin", "misused")
    assert (first.status_code, first.json()) == (202, {"state": "second"})
    problem(take(signed_in(ROOT), THIRD, "super_admin", "misused"), 409, "second_person")
    assert listed(signed_in(THIRD))[str(login_of(THIRD).id)]["second"]
    assert "Waits for a second person" in browser(SECOND).get("/operator/people").content.decode()
    assert take(signed_in(SECOND), THIRD, "super_admin", "misused").status_code == 200
    problem(log_in(THIRD), 401, "sign_in_failed")
    assert not Withdrawal.objects.exists()
    assert PlatformEvent.objects.filter(kind="access.withdrawal_agreed").count() == 1


@on_database
def test_on_the_page_the_first_of_two_is_told_that_another_has_to_agree():
    super_admin(SECOND)
    page, path = browser(ROOT), f"/operator/people/{login_of(SECOND).id}/take-away"
    assert "until two others have agreed" in page.get(f"{path}?role=super_admin&region=").content.decode()
    told = {"role": "super_admin", "region": "", "reason": "unused"}
    assert page.post(path, told)["Location"] == "/operator/people?saved=request_agreed"
    again = page.post(path, told)
    assert again.status_code == 409 and "You have agreed to this already." in again.content.decode()


@on_database
def test_the_word_of_somebody_who_is_no_super_admin_any_more_and_an_old_word_do_not_count(signed_in):
    for email in (SECOND, THIRD):
        super_admin(email)
    take(signed_in(SECOND), THIRD, "super_admin")
    Membership.objects.filter(login=login_of(SECOND)).update(active=False)
    assert take(signed_in(ROOT), THIRD, "super_admin").status_code == 202
    Membership.objects.filter(login=login_of(SECOND)).update(active=True)
    Withdrawal.objects.update(at=timezone.now() - timedelta(days=7, seconds=1))
    assert take(signed_in(SECOND), THIRD, "super_admin").status_code == 202
    assert take(signed_in(ROOT), THIRD, "super_admin").status_code == 200


@on_database
def test_the_last_super_admin_stays():
    """Nobody else could ask; so it is asked by somebody whose own right went a moment ago."""
    super_admin(SECOND)
    late = actor(SECOND)
    Membership.objects.filter(login=login_of(SECOND)).update(active=False)
    told = {"role": "super_admin", "region": "", "why": "left", "now": timezone.now()}
    with pytest.raises(Refusal, match="not_held"):
        people.take_away(person=login_of(ROOT).id, by=late, **told)
    assert log_in(ROOT).json()["roles"] == ["super_admin"]


@on_database
def test_a_role_that_was_taken_comes_back_by_a_request_alone(signed_in):
    take(signed_in(ROOT), OPERATOR, "operator")
    assert approve(signed_in(ROOT), waiting(work_email=OPERATOR), role="operator").status_code == 200
    assert log_in(OPERATOR).json()["roles"] == ["operator"]


# -- bad input, twice --------------------------------------------------------------------------------------------------


@on_database
@pytest.mark.parametrize(
    "body",
    [
        {}, {"role": "operator"}, {"role": "operator", "reason": ""}, {"role": "operator", "reason": "of Sipho"},
        {"role": "school_admin", "reason": "left"}, {"role": "operator", "reason": "left", "region": "ZA"},
        {"role": "operator", "reason": "left", "note": "x"},
    ],
)  # fmt: skip
def test_bad_input_takes_nothing(signed_in, body):
    problem(post(f"/api/admin/people/{login_of(OPERATOR).id}/take-away", body, client=signed_in(ROOT)), 422, "invalid")
    assert Membership.objects.filter(login=login_of(OPERATOR), active=True).exists()


@on_database
@pytest.mark.parametrize("query", [{"cursor": "x"}, {"limit": 0}, {"limit": 101}, {"page": 2}, {"search": "x" * 101}])
def test_a_list_that_makes_no_sense_is_refused(signed_in, query):
    problem(signed_in(ROOT).get("/api/admin/people", query), 422, "invalid")


@on_database
def test_the_second_click_finds_nothing_to_take(signed_in):
    role(OPERATOR, role="finance")
    client = signed_in(ROOT)
    assert take(client, OPERATOR, "operator").status_code == 200
    problem(take(client, OPERATOR, "operator"), 409, "not_held")
    assert take(client, OPERATOR, "finance").status_code == 200
    problem(take(client, OPERATOR, "finance"), 404, "not_found")
    assert PlatformEvent.objects.filter(kind="identity.role_taken").count() == 2


def test_two_who_would_each_leave_the_other_as_the_last_one_leave_one(real_commits):
    """Four super admins: two agreed about each of the other two; the last words are said at the same moment."""
    emails = [ROOT, super_admin(SECOND), super_admin(THIRD), super_admin("fourth@example.com")]
    logins = {email: login_of(email).id for email in emails}
    told = {"role": "super_admin", "region": "", "why": "left", "now": timezone.now()}
    for first, target in ((THIRD, ROOT), (ROOT, THIRD)):
        assert not people.take_away(person=logins[target], by=actor(first), **told)
    start, came = threading.Barrier(2), []

    def say(who, target):
        try:
            by = actor(who)
            start.wait(10)
            came.append(people.take_away(person=logins[target], by=by, **told))
        except Refusal as refusal:
            came.append(refusal.code)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=say, args=pair) for pair in ((SECOND, ROOT), ("fourth@example.com", THIRD))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    # Whoever comes second finds that the first word was said by somebody who is no super admin any more.
    assert sorted(came, key=str) == [False, True]
    assert Membership.objects.filter(role="super_admin", active=True).count() == 3
