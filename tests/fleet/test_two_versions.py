"""This code on two versions of the schema at once: half the fleet has moved, and both halves go on working."""

from uuid import uuid4

import pytest
from django.db import connections
from django.utils import timezone

from tenants import fleet
from tenants.models import SchoolPlacement
from tenants.provisioning import fingerprint
from tenants.scope import school_scope
from tests import world
from tests.ahead import EXPAND, SLOW
from tests.fleet.looking import NOTHING, by_hand
from tests.messaging.scans import drained

PAST_ITS_TIME = """
    migrations.AddField("Learner", "old{n}", models.CharField(max_length=40, default="", db_default="")),
"""
CONTRACT = """
    migrations.RemoveField("Learner", "old{before}"),
"""


def columns(cast, name):
    with connections["migrator"].cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM information_schema.columns"
            " WHERE table_schema = %s AND table_name = 'people_learner' AND column_name = %s",
            [cast.ref.schema, name],
        )
        return cursor.fetchone()[0]


def use(cast, signed_in):
    """A day at school through the API: learners found and added, a scan, its follow-up, the register confirmed."""
    officer, admin = signed_in(cast.email("officer")), signed_in(cast.email("admin"))
    teacher = signed_in(cast.email("teacher"), **{"school": cast.slug})
    learner = cast.learners[0]

    found = admin.get("/api/learners?state=all").json()["items"]
    assert {item["id"] for item in found} >= {str(one.id) for one in cast.learners}
    assert admin.get(f"/api/learners/{learner.id}").json()["guardians"]

    scan = {
        "scan_id": str(uuid4()), "badge": cast.badges[learner.id], "gate": str(cast.gates[0].id),
        "direction": "in", "scanned_at": timezone.now().isoformat(),
    }  # fmt: skip
    assert officer.post("/api/gate/scans", scan, content_type="application/json").status_code == 201
    assert officer.post("/api/gate/scans", scan, content_type="application/json").status_code == 200
    assert officer.get("/api/gate/on-site").json()["count"] == 1
    drained(cast, timezone.now())

    asked = teacher.get(f"/api/attendance/registers?class={cast.classes[0].id}")
    assert asked.status_code == 200, asked.content
    marks = {item["learner"]["id"]: item["mark"] for item in asked.json()["items"]}
    assert len(marks) == 4
    with school_scope(cast.ref):
        group = cast.classes[1]
        type(learner).objects.create(
            number=uuid4().hex[:8], given_name="New", family_name=cast.canary, class_group=group,
            enrolled_on=timezone.now().date(),
        )  # fmt: skip
    assert len(admin.get("/api/learners?state=all").json()["items"]) == len(found) + 1


@pytest.fixture
def halves(real_commits):
    """The two schools in the order in which the fleet takes them."""
    slugs = SchoolPlacement.objects.order_by("school__created_at").values_list("school__slug", flat=True)
    return [world.read(slug) for slug in slugs]


def states():
    return sorted(SchoolPlacement.objects.values_list("fingerprint", flat=True))


def test_both_halves_of_an_expanding_release_work(ahead, halves, signed_in):
    """N and N+1: a column with a default in the database, a table, an index, and one built slowly."""
    added = ahead.add(EXPAND)
    ahead.add(SLOW, atomic=False)
    assert fleet.migrate_fleet(first=1) == fleet.Outcome(1)
    moved, before = halves
    assert [columns(cast, f"nick{int(added[:4])}") for cast in halves] == [1, 0]
    assert len(set(states())) == 2
    for cast in (moved, before):
        use(cast, signed_in)
    assert fleet.migrate_fleet() == fleet.Outcome(1)
    for cast in (moved, before):
        use_again(cast, signed_in)
    assert set(states()) == {fingerprint()}
    assert by_hand() == NOTHING


def use_again(cast, signed_in):
    officer = signed_in(cast.email("officer"))
    assert officer.get("/api/gate/on-site").json()["count"] == 1
    assert len(signed_in(cast.email("admin")).get("/api/learners?state=all").json()["items"]) == len(cast.learners) + 1


def test_both_halves_of_a_contracting_release_work(ahead, halves, signed_in):
    """N and N+1: a column that this code no longer knows is there in one half and gone in the other."""
    name = ahead.add(PAST_ITS_TIME)
    old = f"old{int(name[:4])}"
    assert fleet.migrate_fleet() == fleet.Outcome(2)
    ahead.add(CONTRACT.replace("{before}", str(int(name[:4]))))
    assert fleet.migrate_fleet(first=1) == fleet.Outcome(1)
    assert [columns(cast, old) for cast in halves] == [0, 1]
    for cast in halves:
        use(cast, signed_in)


def test_a_column_without_a_default_in_the_database_is_noticed_here(ahead, halves, signed_in):
    """What the habit forbids breaks the half that has moved: this test would see it."""
    ahead.add('migrations.AddField("Learner", "must{n}", models.CharField(max_length=9, default="")),')
    fleet.migrate_fleet(first=1)
    with pytest.raises(Exception, match="null value in column"):
        use(halves[0], signed_in)
    use(halves[1], signed_in)
