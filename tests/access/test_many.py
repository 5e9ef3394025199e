"""More requests than one look holds: a search looks into all, newest first, and what is left out is said."""

import pytest

from shared_apps.access.services import queue
from tests.access.people import GAUTENG, waiting
from tests.identity.people import browser

pytestmark = pytest.mark.django_db(databases=["default", "schools"])


@pytest.fixture
def three():
    """Oldest first."""
    return [waiting(work_email=f"n{number}@district.example", full_name=f"Naledi {word}")
            for number, word in enumerate(("Oldest", "Middle", "Newest"))]  # fmt: skip


def shown(path):
    answer = browser(GAUTENG).get(path)
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_search_looks_into_every_request_however_many_parts_it_takes(three, monkeypatch):
    monkeypatch.setattr(queue, "OPENED_AT_ONCE", 1)
    for word in ("Oldest", "Middle", "Newest"):
        page = shown(f"/operator/requests?search={word}")
        assert f"Naledi {word}" in page and page.count("data-row") == 1
    page = shown("/operator/requests?search=naledi")
    assert page.index("Naledi Oldest") < page.index("Naledi Middle") < page.index("Naledi Newest")
    assert "did not look into" not in page


def test_beyond_its_bound_a_search_says_what_it_left_out(three, monkeypatch, signed_in):
    monkeypatch.setattr(queue, "SEARCHED", 2)
    page = shown("/operator/requests?search=naledi")
    assert "Naledi Newest" in page and "Naledi Middle" in page and "Naledi Oldest" not in page
    assert "Older requests that the search did not look into: 1" in page
    assert "did not look into" not in shown("/operator/requests")
    client = signed_in(GAUTENG)
    told = client.get("/api/admin/requests?search=naledi").json()
    assert told["unsearched"] == 1 and len(told["items"]) == 2
    assert client.get("/api/admin/requests").json()["unsearched"] == 0
    lines = shown("/operator/requests.csv?search=naledi").splitlines()
    assert lines[-1] == '"Older requests that the search did not look into: 1"'


def test_a_search_goes_on_where_a_page_ends(three, signed_in):
    client, cursor, seen = signed_in(GAUTENG), "", []
    while True:
        told = client.get(f"/api/admin/requests?search=naledi&limit=1&cursor={cursor}").json()
        seen += [one["full_name"] for one in told["items"]]
        if not (cursor := told["next"]):
            break
    assert seen == ["Naledi Oldest", "Naledi Middle", "Naledi Newest"]


def test_a_file_that_does_not_hold_everything_says_so_and_so_does_the_page(three, monkeypatch):
    monkeypatch.setattr("shared_apps.access.views.requests.EXPORTED", 3)
    assert "These are not all" not in shown("/operator/requests.csv")
    assert "The file holds" not in shown("/operator/requests")
    monkeypatch.setattr("shared_apps.access.views.requests.EXPORTED", 2)
    lines = shown("/operator/requests.csv").splitlines()
    assert len(lines) == 4 and lines[-1] == '"These are not all. The oldest requests are here: 2."'
    assert "The file holds the oldest requests: 2." in shown("/operator/requests")
