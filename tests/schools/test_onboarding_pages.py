"""The pages from the form to the slip, read as HTML."""

import json
import re

import pytest
from django.test import Client

from shared_apps.audit.models import PlatformEvent
from shared_apps.groups.models import Circle, CircleSchool
from shared_apps.identity.models import Login, Membership
from shared_apps.schools.models import Draft, Onboarding
from shared_apps.workflows.models import Run, RunState
from tenants.models import School
from tests import world
from tests.schools.acts import work

builds = pytest.mark.usefixtures("real_commits")
rolled_back = pytest.mark.usefixtures("world_db")
NEW = "/operator/schools/new"
OWN = "quiet river walks home"
FIELDS = {
    "name": "Hoërskool Karoorand", "timezone": "Africa/Johannesburg", "close_time": "16:30", "region": "ZA-NC",
    "circle": "", "admin_name": "Marelize Steyn", "admin_email": "marelize@karoorand.example", "admin_password": "",
    "officer_name": "", "officer_email": "", "officer_password": "",
}  # fmt: skip
OFFICER = {
    "officer_name": "Sipho Dlamini", "officer_email": "sipho@karoorand.example", "officer_password": "vink-op-die-draad"
}  # fmt: skip


def text(answer):
    return re.sub(r"\s+", " ", answer.content.decode())


def fill(client, at=NEW, **fields):
    """The form, sent; the review's path."""
    answer = client.send(at, **{**FIELDS, **fields})
    assert answer.status_code == 302, re.findall(r'field__error".*?<span>(.*?)</span>', text(answer))
    return answer["Location"]


def review_of(client, at):
    return re.search(r'name="review" value="([0-9a-f]{64})"', text(client.get(at)))[1]


def create(client, **fields):
    """Form, review and the button; the path of the onboarding."""
    at = fill(client, **fields)
    done = client.send(at, review=review_of(client, at))
    assert done.status_code == 302
    return done["Location"].removesuffix("?new=1")


def passwords(answer):
    return re.findall(r"data-password>([^<]+)<", text(answer))


def links(answer):
    """The paths of the links on a slip."""
    return re.findall(r"data-link>http://localhost:8000(/set-password/[^<]+)<", text(answer))


def enter(password, email=FIELDS["admin_email"]):
    body = {"email": email, "password": password}
    return Client().post("/api/auth/login", body, content_type="application/json")


@builds
def test_from_the_form_to_the_slip(browse):
    client = browse()
    here = create(client, **OFFICER)
    begun = text(client.get(here))
    assert "In progress" in begun and "data-live-poll" in begun
    # It ticks every two seconds, until it is over.
    assert 'data-every="2"' in begun and f'hx-get="{here}"' in begun and 'hx-target="#onboarding"' in begun
    work()
    live = client.get(here, headers={"X-Live": "1"})
    assert "data-every" not in text(client.get(here))
    assert "data-live-done" in text(live) and "<html" not in text(live) and "Onboarding complete" in text(live)
    assert "Show the links" in text(live) and links(live) == []
    shown = client.send(f"{here}/passwords")
    (link,) = links(shown)  # the officer's password was supplied
    assert passwords(shown) == [] and "It works once, until" in text(shown)
    assert "Marelize Steyn" in text(shown) and "marelize@karoorand.example" in text(shown)
    assert "vink-op-die-draad" not in text(shown) and shown["Cache-Control"] == "no-store"
    again = client.send(f"{here}/passwords")
    assert links(again) == [] and "Already shown." in text(again)
    page = text(client.get(here))
    support = f"/operator/schools/{Onboarding.objects.get().school}/support"
    assert (
        f'Already shown. Reset it under Support. <a href="{support}">' in page
        and client.get(support).status_code == 200
    )
    assert enter("vink-op-die-draad", OFFICER["officer_email"]).status_code == 200
    assert Client().post(link, {"new": OWN}).status_code == 302
    assert Client().post(link, {"new": OWN}).status_code == 404
    entered = enter(OWN)
    assert entered.status_code == 200 and entered.json()["school"]["slug"] == "hoerskool-karoorand"
    assert Membership.objects.get(role="school_admin", school=entered.json()["school"]["id"]).login.links.count() == 1
    assert "Make new links" not in text(client.get(here))
    assert links(client.send(f"{here}/passwords", again="1")) == [] and enter(OWN).status_code == 200


@builds
def test_lost_links_are_made_again_and_the_lost_ones_stop_working(browse):
    client = browse()
    here = create(client)
    work()
    (first,) = links(client.send(f"{here}/passwords"))
    part = client.send(f"{here}/passwords", headers={"X-Part": "1"}, again="1")
    (second,) = links(part)
    assert "<html" not in text(part) and first != second
    assert Client().post(first, {"new": OWN}).status_code == 404
    (password,) = passwords(client.send(f"{here}/passwords", again="1", means="passwords"))
    assert Client().post(second, {"new": OWN}).status_code == 404
    (third,) = links(client.send(f"{here}/passwords", again="1"))
    assert enter(password).status_code == 401
    assert Client().post(third, {"new": OWN}).status_code == 302 and enter(OWN).status_code == 200
    means = [json.loads(told)["facts"]["means"] for told in PlatformEvent.objects.filter(
        kind="schools.access_handed_over").order_by("at", "id").values_list("body", flat=True)]  # fmt: skip
    assert means == ["links", "links", "passwords", "links"]
    secrets = [link.rpartition("/")[2] for link in (first, second, third)]
    told = "".join(PlatformEvent.objects.values_list("body", flat=True))
    assert not any(secret in told for secret in (*secrets, password))


@builds
def test_temporary_passwords_stay_possible_and_are_made_again_until_somebody_has_signed_in(browse):
    client = browse()
    here = create(client)
    work()
    (first,) = passwords(client.send(f"{here}/passwords", means="passwords"))
    assert "Make new temporary passwords" in text(client.get(here))
    part = client.send(f"{here}/passwords", headers={"X-Part": "1"}, again="1", means="passwords")
    (second,) = passwords(part)
    assert "<html" not in text(part) and first != second
    assert (enter(first).status_code, enter(second).status_code) == (401, 200)
    assert "Make new temporary passwords" not in text(client.get(here))
    assert passwords(client.send(f"{here}/passwords", again="1", means="passwords")) == []
    assert enter(second).json()["roles"]


@rolled_back
def test_passwords_are_not_made_before_the_school_is_there(browse):
    client = browse()
    here = create(client)
    assert client.send(f"{here}/passwords").status_code == 409
    assert client.get(f"{here}/passwords").status_code == 302


@rolled_back
def test_a_review_says_where_each_password_comes_from(browse):
    client = browse()
    page = text(client.get(fill(client, **OFFICER)))
    assert "Review the onboarding payload before creating live school and staff records." in page
    assert page.count("Link to choose a password") == 1 and page.count("You supplied a password") == 1
    assert "vink-op-die-draad" not in page and "argon2" not in page
    for value in ("Hoërskool Karoorand", "16:30", "Northern Cape (ZA-NC)", "Marelize Steyn", "sipho@karoorand.example"):
        assert value in page
    assert not Run.objects.exists()


@rolled_back
def test_what_changed_after_the_review_is_not_created(browse):
    client = browse()
    at = fill(client)
    seen = review_of(client, at)
    fill(client, at=f"{NEW}?draft={at.rpartition('/')[2]}", admin_email="other@karoorand.example")
    refused = client.send(at, review=seen)
    assert refused.status_code == 409 and "The answers changed after this review." in text(refused)
    assert "other@karoorand.example" in text(refused) and not Run.objects.exists()
    for junk in ("", "0" * 64, "é"):
        assert client.send(at, review=junk).status_code == 409
    assert client.send(at, review=review_of(client, at)).status_code == 302 and Run.objects.count() == 1


@rolled_back
def test_a_double_click_is_one_run(browse):
    client = browse()
    at = fill(client)
    seen = review_of(client, at)
    first, second = client.send(at, review=seen), client.send(at, review=seen)
    assert first["Location"].removesuffix("?new=1") == second["Location"] and Run.objects.count() == 1
    assert client.get(at)["Location"] == second["Location"]  # the way back leads forward


@rolled_back
def test_editing_keeps_the_answers_and_asks_for_passwords_again(browse):
    client = browse()
    key = fill(client, **OFFICER).rpartition("/")[2]
    page = text(client.get(f"{NEW}?draft={key}"))
    assert 'value="Marelize Steyn"' in page and "A password that was supplied before has to be typed again." in page
    assert "vink" not in page
    assert fill(client, at=f"{NEW}?draft={key}", name="Karoorand Hoër").rpartition("/")[2] == key
    assert Draft.objects.count() == 1


@rolled_back
def test_somebody_elses_answers_are_not_there(browse):
    at = fill(browse())
    other = browse("root@example.com")
    assert other.get(at).status_code == 404 and other.send(at, review="x").status_code == 404
    assert other.get(f"{NEW}?draft={at.rpartition('/')[2]}").status_code == 404


@rolled_back
@pytest.mark.parametrize("key", ["x", "00000000-0000-7000-8000-000000000000", "%00"])
def test_ids_of_nothing_are_404(browse, key):
    client = browse()
    for path in (f"{NEW}/{key}", f"/operator/onboardings/{key}", f"/operator/onboardings/{key}/acknowledge"):
        assert client.get(path).status_code == 404


@rolled_back
@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"name": ""}, "Give the school’s name."),
        ({"timezone": "Mars/Base"}, "This time zone is not known."),
        ({"close_time": "five"}, "Write the time as hours and minutes"),
        ({"close_time": "06:00"}, "The campus closes after the bell in the morning."),
        ({"region": "zz"}, "Select a valid choice"),
        ({"circle": "x"}, "Select a valid choice"),
        ({"admin_email": "x"}, "Give an email address"),
        ({"admin_password": "short"}, "Use at least 10 characters."),
        ({"officer_name": "Sipho"}, "Fill in both the name and the address of the officer"),
        ({"officer_email": "s@x.example"}, "Fill in both the name and the address of the officer"),
        ({"officer_password": "some-password-here"}, "Fill in both the name and the address of the officer"),
        ({"officer_name": "S", "officer_email": FIELDS["admin_email"]}, "other than the admin’s"),
        ({"name": "a\0b"}, "Null characters are not allowed"),
    ],
)
def test_a_fault_is_said_at_its_field_and_the_rest_is_kept(browse, fields, message):
    answer = browse().send(NEW, **{**FIELDS, **fields})
    page = text(answer)
    assert answer.status_code == 422 and message in page and "There is a problem" in page and "<title>Error:" in page
    assert ("name" in fields) or 'value="Hoërskool Karoorand"' in page
    assert not Draft.objects.exists()


@rolled_back
def test_likely_duplicates_are_pointed_out(browse):
    client = browse()
    page = text(client.get(fill(client, name="Greenfields Primary", admin_email="ADMIN@riverside.example")))
    assert "A school with a similar name: Greenfield Primary (greenfield)" in page
    assert "This address can sign in already and keeps its password: ADMIN@riverside.example" in page
    assert "Keeps the password they have" in page and "Riverside High" not in page
    assert "Is this school here already?" not in text(client.get(fill(client)))


@builds
def test_a_school_joins_the_group_it_was_given(browse):
    client, circle = browse(), Circle.objects.get()
    assert "Tshwane North" in text(client.get(NEW))
    at = fill(client, circle=str(circle.id))
    assert "Tshwane North" in text(client.get(at))
    client.send(at, review=review_of(client, at))
    work()
    school = School.objects.get(slug="hoerskool-karoorand")
    assert CircleSchool.objects.filter(circle=circle, school=school).count() == 1


@rolled_back
def test_names_of_schools_are_shown_as_text(browse):
    client = browse()
    here = create(client, name="<img src=x onerror=alert(1)>")
    for path in (here, "/operator/onboardings"):
        assert "<img src=x" not in text(client.get(path)) and "&lt;img src=x" in text(client.get(path))


@rolled_back
def test_the_operator_finds_the_page_in_the_navigation(browse):
    client = browse()
    assert 'href="/operator/onboardings"' in text(client.get("/operator/schools"))
    page = text(client.get("/operator/onboardings"))
    assert "No school has been onboarded yet." in page and NEW in page


@rolled_back
def test_a_long_list_goes_on_page_by_page(browse):
    client = browse()
    for number in range(27):
        create(client, name=f"School {number:02}", admin_email=f"a{number}@x.example")
    first = text(client.get("/operator/onboardings"))
    older = re.search(r"\?before=[0-9a-f-]{36}", first)[0]
    second = text(client.get(f"/operator/onboardings{older}"))
    names = re.findall(r"School \d\d", first), re.findall(r"School \d\d", second)
    assert [len(set(page)) for page in names] == [25, 2] and not set(names[0]) & set(names[1])


@builds
def test_somebody_who_signs_in_already_gets_no_password(browse):
    client = browse()
    before = Login.objects.count()
    here = create(client, admin_email="admin@riverside.example")
    work()
    page = text(client.get(here))
    assert "Onboarding complete" in page and "Show the links" not in page
    assert links(client.send(f"{here}/passwords")) == [] and Login.objects.count() == before
    signed = Client().post(
        "/api/auth/login",
        {"email": "admin@riverside.example", "password": world.PASSWORD, "school": "hoerskool-karoorand"},
        content_type="application/json",
    )
    assert signed.status_code == 200


@builds
def test_others_than_the_one_who_began_it_are_not_handed_passwords_by_the_way(browse):
    here = create(browse())
    work()
    page = text(browse("root@example.com").get(here))
    assert "data-first" not in page and Onboarding.objects.get().handed_over_at is None
    assert Run.objects.get(workflow="schools.onboarding").state == RunState.COMPLETE
