"""/operator/requests: the queue and one request beside it, without JavaScript."""

from datetime import timedelta

import pytest
from django.utils import timezone

from shared_apps.access.models import AccessRequest
from tests.access.people import GAUTENG, ROOT, SAID, waiting
from tests.identity.people import browser, login_of

pytestmark = pytest.mark.django_db(databases=["default", "schools"])


def text_of(answer):
    return answer.content.decode()


def test_an_empty_queue_says_why():
    assert "No request waits for you." in text_of(browser(GAUTENG).get("/operator/requests"))
    assert "No request matches this search: zz" in text_of(browser(GAUTENG).get("/operator/requests?search=zz"))
    assert browser(GAUTENG).get("/operator/requests?state=nope").status_code == 404


def test_age_turns_amber_after_three_days():
    asked = waiting()
    page = browser(GAUTENG)
    assert "chip--watch" not in text_of(page.get("/operator/requests"))
    AccessRequest.objects.update(confirmed_at=timezone.now() - timedelta(days=4))
    text = text_of(page.get("/operator/requests"))
    assert "chip--watch" in text and "4 days" in text
    AccessRequest.objects.update(state="rejected")
    assert "chip--watch" not in text_of(page.get("/operator/requests?state=rejected"))
    assert asked.reference in text_of(page.get(f"/operator/requests/{asked.id}"))


def test_the_panel_says_what_is_created_and_shows_what_is_mailed(greenfield):
    asked = waiting()
    text = text_of(browser(GAUTENG).get(f"/operator/requests/{asked.id}"))
    assert "Approving creates an account with this role" in text and "72 hours" in text
    assert "Your request for access was approved" in text and "Your request for access was rejected" in text
    assert "Greenfield Primary" in text and 'value="operator"' not in text
    assert 'value="operator"' in text_of(browser(ROOT).get(f"/operator/requests/{asked.id}"))


def test_schools_are_found_by_name_and_a_choice_is_kept(greenfield, riverside):
    asked = waiting()
    page = browser(ROOT)
    query = {"role": "local_operator", "schools": str(greenfield.ref.id), "find": "river"}
    text = text_of(page.get(f"/operator/requests/{asked.id}", query))
    assert f'value="{greenfield.ref.id}" checked' in text and f'value="{riverside.ref.id}">' in text
    assert "Riverside" not in text_of(browser(GAUTENG).get(f"/operator/requests/{asked.id}", query))


def test_approving_on_the_page_looks_at_what_belongs_to_the_role_alone(greenfield):
    asked = waiting()
    body = {"role": "regional_admin", "regions": ["ZA-GP", "", "ZA-GP"], "schools": [str(greenfield.ref.id)]}
    answer = browser(GAUTENG).post(f"/operator/requests/{asked.id}/approve", body)
    assert answer["Location"] == f"/operator/requests/{asked.id}?saved=request_approved"
    held = login_of(SAID["work_email"]).memberships.get()
    assert (held.role, held.region) == ("regional_admin", "ZA-GP")


def test_a_choice_that_is_missing_is_said_and_what_was_chosen_stays():
    asked = waiting()
    answer = browser(GAUTENG).post(f"/operator/requests/{asked.id}/approve", {"role": "local_operator"})
    text = text_of(answer)
    assert answer.status_code == 422 and "Choose at least one school." in text
    assert 'value="local_operator" checked' in text


def test_rejecting_and_reopening_on_the_page():
    asked = waiting()
    page = browser(GAUTENG)
    path = f"/operator/requests/{asked.id}"
    assert page.post(f"{path}/reject", {"reason": ""}).status_code == 422
    assert page.post(f"{path}/reject", {"reason": "No.", "notify": "on"})["Location"].endswith("saved=request_rejected")
    assert "What they were told" in text_of(page.get(path))
    assert page.post(f"{path}/reopen")["Location"].endswith("saved=request_reopened")
    again = page.post(f"{path}/reopen")
    assert again.status_code == 409 and "Only a rejected request can be reopened, or" in text_of(again)


def test_a_visit_by_link_decides_nothing():
    asked = waiting()
    for act in ("approve", "reject", "reopen"):
        assert browser(ROOT).get(f"/operator/requests/{asked.id}/{act}").status_code == 302
    assert AccessRequest.objects.get().state == "waiting"


def test_what_somebody_wrote_is_never_markup():
    asked = waiting(full_name="<script>alert(1)</script>", reason="<img src=x>")
    text = text_of(browser(ROOT).get(f"/operator/requests/{asked.id}"))
    assert "<script>alert" not in text and "<img src" not in text


def test_a_district_is_added_inside_ones_own_region_and_can_be_asked_for():
    body = {"parent": "ZA-GP", "word": "tshwane", "name_en": "Tshwane", "name_af": "", "name_zu": "iTshwane"}
    page = browser(GAUTENG)
    assert page.post("/operator/regions", body)["Location"] == "/operator/regions?saved=region_added"
    assert "ZA-GP-tshwane" in text_of(page.get("/operator/regions"))
    assert '<option value="ZA-GP-tshwane">' in text_of(page.get("/request-access"))
    again = page.post("/operator/regions", body)
    assert again.status_code == 422 and "There is such a place already." in text_of(again)
    for wrong in ({"parent": "US-TX"}, {"parent": "ZA"}, {"word": "Tshwane"}, {"word": ""}, {"name_en": ""}):
        assert page.post("/operator/regions", {**body, "word": "other", **wrong}).status_code == 422
    waiting(region="ZA-GP-tshwane")
    assert "Gauteng" not in text_of(browser(ROOT).get("/operator/requests.csv"))
    assert SAID["full_name"] in text_of(page.get("/operator/requests"))


def test_an_old_request_is_among_what_needs_somebody_for_those_who_decide():
    waiting()
    words = "Access requests older than three days: 1"
    assert words not in text_of(browser(ROOT).get("/operator"))
    AccessRequest.objects.update(confirmed_at=timezone.now() - timedelta(days=4))
    assert words in text_of(browser(ROOT).get("/operator"))
    assert words not in text_of(browser("operator@example.com").get("/operator"))


def test_once_approved_the_panel_says_what_was_given_and_warns_of_nothing(greenfield):
    asked = waiting()
    page, path = browser(GAUTENG), f"/operator/requests/{asked.id}"
    assert "UTC" not in text_of(page.get(path)), "the page speaks its reader’s time, as every other does"
    page.post(f"{path}/approve", {"role": "local_operator", "schools": str(greenfield.ref.id)})
    text = text_of(page.get(f"{path}?state=approved"))
    assert "Local operator" in text and "local_operator" not in text
    assert "Somebody signs in with this address already" not in text and "Is this school here already?" not in text
    assert "The account stays." in text


def test_what_no_form_would_send_is_refused_and_breaks_nothing():
    asked = waiting()
    page, path = browser(ROOT), f"/operator/requests/{asked.id}"
    for body in ({"role": "regional_admin", "regions": "ZA\0"}, {"role": "local_operator", "schools": "\0"}):
        assert page.post(f"{path}/approve", body).status_code == 422
    assert page.post(f"{path}/approve", {"role": "no\0ne"}).status_code == 403
    assert page.post(f"{path}/reject", {"reason": "a\0b"}).status_code == 422
    for query in ("find=%00", "schools=%00", "regions=%00", "search=%00&state=all", "role=%00", "cursor=%00"):
        assert page.get(f"{path}?{query}").status_code == 200, query
    assert page.get("/operator/requests/%00").status_code == 404
