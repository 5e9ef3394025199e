"""A request that looks like a school that is here: said on the panel, within what the decider reaches."""

import pytest

from shared_apps.schools.models import Onboarding
from tenants.models import School
from tests.access.people import GAUTENG, ROOT, admin_of, approve, waiting
from tests.identity.people import browser

pytestmark = pytest.mark.django_db(databases=["default", "schools"])
WORDS = "A school with a similar name: Greenfield Primary (greenfield)"


def panel(email, asked, **query):
    return browser(email).get(f"/operator/requests/{asked.id}", query).content.decode()


@pytest.mark.parametrize("name", ["Greenfield Primary", "greenfield primary school", "Greenfeild Primary"])
def test_a_school_that_is_called_alike_is_shown(greenfield, name):
    asked = waiting(organization=name)
    for who in (ROOT, GAUTENG):
        text = panel(who, asked)
        assert WORDS in text and f'href="/operator/schools/{greenfield.ref.id}"' in text


def test_only_a_school_within_reach_is_shown(greenfield, riverside):
    asked = waiting(organization="Riverside High", region="ZA-GP")
    assert "A school with a similar name: Riverside High" in panel(ROOT, asked)
    text = panel(GAUTENG, asked)
    assert "A school with a similar name" not in text and str(riverside.ref.id) not in text
    there = waiting(organization="Greenfield Primary", region="US-TX", work_email="other@asks.example")
    assert "A school with a similar name" not in panel(admin_of("US-TX", "tx@example.com"), there)


def test_one_that_is_called_otherwise_is_not():
    assert "Is this school here already?" not in panel(ROOT, waiting(organization="Hoërskool Karoorand"))


def test_a_new_school_is_begun_once_those_alike_were_seen(greenfield):
    asked = waiting(organization="Something Else")
    client, path = browser(ROOT), f"/operator/requests/{asked.id}/approve"
    body = {
        "role": "new_school", "school_name": "Greenfield Primary School", "school_timezone": "Africa/Johannesburg",
        "school_close_time": "14:00", "school_region": "ZA-GP",
    }  # fmt: skip
    again = client.post(path, body)
    text = again.content.decode()
    assert again.status_code == 409 and WORDS in text and "Approve again if this is another one." in text
    assert f'name="seen" value="{greenfield.ref.id}"' in text and 'value="Greenfield Primary School"' in text
    assert not Onboarding.objects.filter(name=body["school_name"]).exists()
    other = str(School.objects.get(slug="riverside").pk)
    assert client.post(path, {**body, "seen": other}).status_code == 409, "another one was seen"
    assert client.post(path, {**body, "seen": str(greenfield.ref.id)}).status_code == 302
    assert Onboarding.objects.filter(name=body["school_name"]).count() == 1
    assert client.post(path, body).status_code == 409, "decided is decided"


def test_the_api_stops_who_says_what_they_have_seen(signed_in, greenfield):
    asked, root = waiting(organization="Greenfield Primary School"), signed_in(ROOT)
    stopped = approve(root, asked, role="school_admin", onboard={"look_alikes_seen": []})
    assert (stopped.status_code, stopped.json()["code"]) == (409, "looks_like")
    assert [one["slug"] for one in stopped.json()["schools"]] == ["greenfield"] and not Onboarding.objects.exists()
    seen = {"look_alikes_seen": [str(greenfield.ref.id)]}
    assert approve(root, asked, role="school_admin", onboard=seen).status_code == 200
    again = approve(root, asked, role="school_admin", onboard={"look_alikes_seen": []})
    assert again.json()["code"] == "already_decided" and Onboarding.objects.count() == 1


def test_the_api_stops_nobody_who_says_nothing(signed_in, greenfield):
    asked = waiting(organization="Greenfield Primary School")
    assert approve(signed_in(ROOT), asked, role="school_admin", onboard=True).status_code == 200


def test_a_request_elsewhere_is_404_before_anything_is_compared(greenfield):
    asked = waiting(organization="Greenfield Primary", region="US-TX")
    answer = browser(GAUTENG).post(f"/operator/requests/{asked.id}/approve", {"role": "new_school"})
    assert answer.status_code == 404
    assert browser(ROOT).post("/operator/requests/no-uuid/approve", {"role": "new_school"}).status_code == 404
    assert (
        browser(ROOT)
        .post(f"/operator/requests/{asked.id}/approve", {"role": "new_school", "school_name": "\0"})
        .status_code
        != 500
    )
