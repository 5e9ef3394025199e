"""Region by prefix on list, open, search, act and export: California gets 404 for Texas, the US admin sees both."""

import pytest

from shared_apps.access.models import AccessRequest
from shared_apps.audit.models import PlatformEvent
from shared_apps.groups.services import within_reach
from tenants.models import School
from tests.access.people import GAUTENG, ROOT, SAID, admin_of, approve, reject, waiting
from tests.groups.test_reach import actor
from tests.identity.people import browser, login_of, post, problem

pytestmark = pytest.mark.django_db(databases=["default", "schools"])
STATES = {"CA": "US-CA", "TX": "US-TX"}


@pytest.fixture
def two():
    """A request from California and one from Texas, with the admins of both states and of the country."""
    for letters, region in {**STATES, "US": "US"}.items():
        admin_of(region, f"{letters.lower()}@example.com")
    return {
        letters: waiting(work_email=f"{letters.lower()}@asks.example", region=region, organization=f"Org {letters}")
        for letters, region in STATES.items()
    }


def regions(client, **query):
    return [item["region"] for item in client.get("/api/admin/requests", query).json()["items"]]


def test_the_list_and_the_search_hold_ones_own_region_alone(signed_in, two):
    assert regions(signed_in("ca@example.com")) == ["US-CA"]
    assert regions(signed_in("ca@example.com"), search="Org TX") == []
    assert regions(signed_in("us@example.com")) == ["US-CA", "US-TX"]
    assert regions(signed_in("us@example.com"), search="org tx") == ["US-TX"]
    assert regions(signed_in(GAUTENG)) == []
    assert regions(signed_in(ROOT)) == ["US-CA", "US-TX"]


def test_another_regions_request_is_404_for_every_act(signed_in, two):
    california = signed_in("ca@example.com")
    for answer in (
        approve(california, two["TX"], role="regional_admin", regions=["US-CA"]),
        reject(california, two["TX"]),
        post(f"/api/admin/reopen/{two['TX'].id}", client=california),
    ):
        problem(answer, 404, "not_found")
    page = browser("ca@example.com")
    path = f"/operator/requests/{two['TX'].id}"
    assert page.get(path).status_code == 404
    for act, body in (("approve", {"role": "local_operator"}), ("reject", {"reason": "x"}), ("reopen", {})):
        assert page.post(f"{path}/{act}", body).status_code == 404
    assert set(AccessRequest.objects.values_list("state", flat=True)) == {"waiting"}
    assert approve(signed_in("us@example.com"), two["TX"], role="regional_admin", regions=["US-TX"]).status_code == 200


def test_the_pages_and_the_export_hold_ones_own_region_alone(two):
    page = browser("ca@example.com")
    for path in ("/operator/requests", f"/operator/requests/{two['CA'].id}", "/operator/requests.csv"):
        text = page.get(path).content.decode()
        assert "Org CA" in text and "Org TX" not in text
    assert "Org TX" in browser("us@example.com").get("/operator/requests.csv").content.decode()


def test_a_region_is_not_a_beginning_of_letters(signed_in):
    waiting(region="US-TN")
    assert regions(signed_in(admin_of("US-T", "t@example.com"))) == []


def test_an_admin_of_two_regions_sees_both(signed_in, two):
    email = admin_of("US-CA", "both-states@example.com")
    admin_of("US-TX", email)
    assert regions(signed_in(email)) == ["US-CA", "US-TX"]
    School.objects.filter(slug="greenfield").update(region="US-CA-north")
    assert set(within_reach(actor(email)).values_list("slug", flat=True)) == {"greenfield", "riverside"}


def test_schools_are_reached_by_the_same_rule(two):
    """Riverside lies in Texas: California does not reach it, the whole country does."""
    reached = {
        who: set(within_reach(actor(f"{who}@example.com")).values_list("slug", flat=True)) for who in ("ca", "us")
    }
    assert reached == {"ca": set(), "us": {"riverside"}}


def test_nobody_gives_away_what_lies_outside_their_region(signed_in, two, riverside):
    california = signed_in("ca@example.com")
    for body in (
        {"role": "regional_admin", "regions": ["US-TX"]},
        {"role": "regional_admin", "regions": ["US"]},
        {"role": "regional_admin", "regions": ["US-CA", "ZA"]},
        {"role": "local_operator", "schools": [str(riverside.ref.id)]},
    ):
        problem(approve(california, two["CA"], **body), 422, "invalid")
    problem(approve(california, two["CA"], role="operator"), 403, "forbidden")
    problem(approve(california, two["CA"], role="super_admin"), 403, "forbidden")
    assert set(AccessRequest.objects.values_list("state", flat=True)) == {"waiting"}


def test_a_request_that_no_region_answers_for_goes_up(signed_in):
    asked = waiting(region="BW", organization="Gaborone Schools")
    assert regions(signed_in(ROOT)) == ["BW"]
    text = browser(ROOT).get(f"/operator/requests/{asked.id}").content.decode()
    assert "Super admins, as nobody answers for this region" in text
    admin_of("BW", "bw@example.com")
    assert "Regional admin: Botswana" in browser(ROOT).get(f"/operator/requests/{asked.id}").content.decode()


def test_duplicates_are_told_within_ones_own_region(two):
    waiting(work_email="ca@asks.example", region="US-CA", organization="Somebody else")
    waiting(work_email="third@asks.example", region="US-TX", organization="  org   ca ")
    assert browser("ca@example.com").get("/operator/requests").content.decode().count("Possible duplicate") == 2
    assert "Possible duplicate" not in browser("tx@example.com").get("/operator/requests").content.decode()
    assert browser("us@example.com").get("/operator/requests").content.decode().count("Possible duplicate") == 3


def test_a_page_of_the_list_goes_on_where_the_one_before_ended(signed_in):
    for number in range(5):
        waiting(work_email=f"n{number}@asks.example", organization=f"Org {number}")
    client, found, cursor = signed_in(ROOT), [], ""
    while True:
        body = client.get("/api/admin/requests", {"limit": 2, "cursor": cursor}).json()
        found += [item["organization"] for item in body["items"]]
        cursor = body["next"]
        if not cursor:
            break
    assert found == [f"Org {number}" for number in range(5)], "oldest first, each once"
    for wrong in ({"cursor": "x"}, {"limit": 101}, {"state": "unconfirmed"}, {"nope": "1"}):
        problem(client.get("/api/admin/requests", wrong), 422, "invalid")


def test_what_starts_a_formula_does_not_start_one_in_a_spreadsheet():
    waiting(full_name='=HYPERLINK("https://x.example")', organization="+1")
    text = browser(ROOT).get("/operator/requests.csv").content.decode("utf-8-sig")
    event = PlatformEvent.objects.get(kind="access.exported")
    assert event.actor == str(login_of(ROOT).id) and '"count":1' in event.body
    assert "'=HYPERLINK" in text and '"\'+1"' in text and SAID["work_email"] in text
