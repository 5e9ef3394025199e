"""The call for the platform's history: as the page, in pages that follow each other; bad input, out of reach."""

from datetime import timedelta

import pytest
from django.utils import timezone

from shared_apps.audit.services import record, sealing
from shared_apps.identity.models import Login
from shared_apps.identity.services.sign_in import email_hash


@pytest.fixture
def operator(signed_in):
    return signed_in("operator@example.com")


def happened(kind, *, by="system:test", school=None, ago=timedelta(0), **facts):
    return record(kind, by=by, now=timezone.now() - ago, school=school, facts=facts)


def asked(client, query=""):
    answer = client.get(f"/api/operator/audit{query}")
    assert answer.status_code == 200, answer.content
    return answer.json()


def test_an_entry_says_what_the_page_says(operator, greenfield):
    login = Login.objects.get(email_hash=email_hash("operator@example.com"))
    event = happened("test.thing", by=str(login.id), school=greenfield.ref.id, changes={"a": [1, 2]}, note="x")
    (one,) = asked(operator, "?kind=test")["items"]
    assert one.pop("at")
    assert one == {
        "id": str(event.pk), "number": None, "kind": "test.thing", "actor": str(login.id), "actor_name": "Operator",
        "school": {"id": str(greenfield.ref.id), "name": "Greenfield Primary"},
        "facts": {"changes": {"a": [1, 2]}, "note": "x"},
    }  # fmt: skip
    sealing.seal(now=timezone.now() + timedelta(minutes=5), all_of_it=True)
    assert asked(operator, "?kind=test")["items"][0]["number"] > 0


def test_pages_follow_each_other_without_a_gap(operator):
    at = timezone.now()
    made = [str(record("test.thing", by="system:test", now=at).pk) for _ in range(5)]  # all at one moment
    seen, cursor = [], ""
    while True:
        told = asked(operator, f"?kind=test&limit=2&cursor={cursor}")
        seen += [one["id"] for one in told["items"]]
        if not (cursor := told["next"]):
            break
    assert seen == sorted(made, reverse=True)


def test_filters_by_kind_actor_school_day_and_moment(operator, greenfield, riverside):
    old = happened("test.old", by="system:a", school=greenfield.ref.id, ago=timedelta(days=3))
    new = happened("test.new", by="system:b", school=riverside.ref.id)
    day, between = timezone.localdate(), (timezone.now() - timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    for query, found in (
        ("kind=test.old", old), ("actor=system:a", old), ("kind=test&school=greenfield", old),
        (f"kind=test&school={riverside.ref.id}", new), (f"kind=test&since={day}", new),
        (f"kind=test&until={day - timedelta(days=2)}", old), (f"kind=test&begins={between}", new),
        (f"kind=test&ends={between}", old),
    ):  # fmt: skip
        assert [one["id"] for one in asked(operator, f"?{query}")["items"]] == [str(found.pk)], query


@pytest.mark.parametrize(
    "query", ["since=junk", "until=2026-99-99", "begins=2026-11-01T10:00:00", "cursor=junk", "limit=0", "limit=101",
              "cursor=0199c0de-0000-7000-8000-000000000000", "kind=%00", "wrong=1"],
)  # fmt: skip
def test_junk_is_refused(operator, query):
    assert operator.get(f"/api/operator/audit?{query}").status_code == 422


@pytest.mark.parametrize("email", ["finance@example.com", "gauteng@example.com", "circle@example.com"])
def test_who_may_not_read_the_history_is_refused(signed_in, greenfield, email):
    assert signed_in(email).get("/api/operator/audit").status_code == 403
