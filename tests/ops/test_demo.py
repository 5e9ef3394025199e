"""The demo's world: whole, made once, completed when it was interrupted. A dozen learners stand for three hundred."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db.models import Value
from django.db.models.functions import Concat

from config.demo import calendar, history, names, seed
from shared_apps.access.models import AccessRequest
from shared_apps.access.services import queue
from shared_apps.identity.models import Login, Membership
from shared_apps.post.models import Letter
from shared_apps.schools.models import UsedSlug
from tenant_apps.attendance.models import Mark, Register
from tenant_apps.events.models import Event, Reaction
from tenant_apps.gate.models import Badge, Flow, Presence, Scan
from tenant_apps.gate.services.flow import rebuild_flow
from tenant_apps.gate.services.presence import how_many_on_site, rebuild_presence
from tenant_apps.messaging.models import MailboxEntry, Message
from tenant_apps.people.models import CalendarDay, ClassGroup, Guardian, Learner, SchoolProfile, Term
from tenant_apps.people.services.calendar import is_school_day
from tenants.models import School
from tenants.scope import school_scope
from tests.groups.test_reach import actor as reached

SUNDAY = datetime(2026, 11, 22, 9, tzinfo=UTC)
SIZE = 12
COUNTED = (Learner, Guardian, Badge, Scan, Presence, Register, Mark, ClassGroup, CalendarDay, Event, Flow, Term)


@pytest.fixture
def nobody_there(real_commits):
    """A database in which the test world's schools do not carry the demo's names."""
    School.objects.update(slug=Concat(Value("old-"), "slug"))
    UsedSlug.objects.all().delete()  # an address leads to no other school, ever
    Login.objects.all().delete()


def ref(slug):
    return School.objects.select_related("placement").get(slug=slug).ref()


def counts():
    found = {"logins": Login.objects.count(), "memberships": Membership.objects.count()}
    for plan in seed.PLANS:
        with school_scope(ref(plan.slug)):
            found |= {f"{plan.slug} {model.__name__}": model.objects.count() for model in COUNTED}
    return found


def test_the_demo_is_made_once_and_nothing_is_set_off(nobody_there):
    seed.seed(now=SUNDAY, size=SIZE)
    first = counts()
    seed.seed(now=SUNDAY + timedelta(hours=3), size=SIZE)
    assert counts() == first
    assert School.objects.get(slug="baobab").state == "disabled"
    for slug in ("greenfield", "riverside"):
        with school_scope(ref(slug)):
            assert Learner.objects.count() == SIZE
            assert Badge.objects.exclude(revoked_at=None).count() == 1
            assert Learner.objects.filter(state="inactive").count() == 1
            assert Learner.objects.filter(restricted=True).count() == 1
            assert is_school_day(SUNDAY.date())
            assert how_many_on_site(now=SUNDAY) == 0
            days = sorted(set(Scan.objects.values_list("scanned_at__date", flat=True)))
            assert days == [date(2026, 11, day) for day in (9, 10, 11, 12, 13, 16, 17, 18, 19, 20)]
            assert not Reaction.objects.exclude(event__kind__startswith="people.").exists()
            assert not Message.objects.exists() and not MailboxEntry.objects.exists()
            assert not Register.objects.filter(submitted_at=None).exists()
            assert not Mark.objects.filter(mark="").exists()


def test_schools_lie_in_regions_and_requests_wait_for_those_who_answer_for_them(nobody_there):
    seed.seed(now=SUNDAY, size=SIZE)
    regions = {slug: School.objects.get(slug=slug).region for slug in ("greenfield", "riverside", "baobab")}
    assert regions == {"greenfield": "ZA-GP", "riverside": "ZA-GP", "baobab": "ZA-WC"}
    asked = list(AccessRequest.objects.order_by("created_at").values_list("region", "state"))
    assert asked == [("ZA-GP", "waiting"), ("ZA-GP", "waiting"), ("US-TX", "waiting")]
    assert set(Letter.objects.values_list("state", flat=True)) == {"sent"}  # none of them is told of as a dead letter
    gauteng, texas = (reached(f"{who}@example.com") for who in ("gauteng", "texas"))
    assert queue.counts(gauteng)["waiting"] == 2 and queue.counts(texas)["waiting"] == 1
    School.objects.filter(slug="greenfield").update(region="")
    School.objects.filter(slug="baobab").update(region="ZA-NC")  # somebody moved it
    AccessRequest.objects.filter(region="US-TX").update(state="rejected")
    seed.seed(now=SUNDAY + timedelta(hours=3), size=SIZE)
    assert School.objects.get(slug="greenfield").region == "ZA-GP"
    assert School.objects.get(slug="baobab").region == "ZA-NC"
    assert AccessRequest.objects.count() == 3 and queue.counts(texas)["waiting"] == 0


def test_projections_are_what_a_rebuild_would_make_of_them(nobody_there):
    seed.seed(now=SUNDAY, size=SIZE)
    with school_scope(ref("greenfield")):

        def projected():
            flow = set(
                Flow.objects.exclude(arrivals=0, departures=0).values_list("day", "starts", "arrivals", "departures")
            )
            return flow, set(Presence.objects.values_list("learner", "on_site", "since"))

        before = projected()
        rebuild_flow()
        rebuild_presence()
        assert projected() == before


def test_a_seeding_that_was_killed_is_completed(nobody_there, monkeypatch):
    """Killed in the middle of a school day: that day is rolled back, those before it stand, the next start goes on."""
    lived = []

    def live(self, whole=history._Day.live):
        lived.append(self.day)
        whole(self)
        if len(lived) == 4:
            raise KeyboardInterrupt

    monkeypatch.setattr(history._Day, "live", live)
    with pytest.raises(KeyboardInterrupt):
        seed.seed(now=SUNDAY, size=SIZE)
    with school_scope(ref("greenfield")):
        assert len(set(Scan.objects.values_list("scanned_at__date", flat=True))) == 3
    assert not School.objects.filter(slug="riverside").exists()
    seed.seed(now=SUNDAY, size=SIZE)
    assert len(lived) == 4 + 7 + 10
    with school_scope(ref("greenfield")):
        assert len(set(Scan.objects.values_list("scanned_at__date", flat=True))) == 10


def test_days_that_have_passed_since_are_filled_and_days_somebody_used_are_left(nobody_there):
    seed.seed(now=SUNDAY, size=SIZE)
    with school_scope(ref("greenfield")):
        before = Scan.objects.count()
    seed.seed(now=SUNDAY + timedelta(days=2), size=SIZE)
    with school_scope(ref("greenfield")):
        newer = Scan.objects.filter(scanned_at__date__gt=SUNDAY.date())
        assert {scan.scanned_at.date() for scan in newer} == {date(2026, 11, 23)}
        assert Scan.objects.count() == before + newer.count()
        assert is_school_day(date(2026, 11, 24))


def test_past_days_are_not_refilled_while_the_school_is_locked_down(nobody_there):
    seed.seed(now=SUNDAY, size=SIZE)
    with school_scope(ref("greenfield")):
        SchoolProfile.objects.update(lockdown=True)
        before = Scan.objects.count()
    seed.seed(now=SUNDAY + timedelta(days=2), size=SIZE)
    with school_scope(ref("greenfield")):
        assert Scan.objects.count() == before


def test_the_sign_ins_of_the_contract_work(nobody_there, signed_in):
    seed.seed(now=SUNDAY, size=SIZE)
    for role, email in (
        ("super_admin", "root@example.com"), ("operator", "operator@example.com"), ("finance", "finance@example.com"),
        ("regional_admin", "gauteng@example.com"), ("regional_admin", "texas@example.com"),
    ):  # fmt: skip
        assert signed_in(email).get("/api/me").json()["roles"] == [role]
    for slug in ("greenfield", "riverside"):
        for word, role in (("admin", "school_admin"), ("officer", "gate_officer"), ("teacher", "teacher")):
            me = signed_in(f"{word}@{slug}.example").get("/api/me").json()
            assert (me["school"]["slug"], me["roles"]) == (slug, [role])
            assert len(me["name"].split()) > 1
        assert signed_in("both@example.com", school=slug).get("/api/me").json()["school"]["slug"] == slug
    held = Membership.objects.filter(role="regional_admin")
    assert {member.region for member in held} == {"ZA-GP", "US-TX"}


def test_the_calendar_is_that_of_2026():
    assert sum(len(_school_days(first, last)) for _, first, last in calendar.TERMS) == 200


def _school_days(first, last):
    closed = {day for day, _, _ in calendar.HOLIDAYS}
    span = (first + timedelta(days=number) for number in range((last - first).days + 1))
    return [day for day in span if day.weekday() < 5 and day not in closed]


def test_three_hundred_children_speak_through_guardians_in_three_languages():
    found = names.families(300, history.Random("greenfield"))
    assert sum(len(family.children) for family in found) == 300
    assert {len(family.parents) for family in found} == {1, 2}
    languages = Counter(parent.language for family in found for parent in family.parents)
    assert set(languages) == {"en", "af", "zu"} and min(languages.values()) >= 50
    assert found == names.families(300, history.Random("greenfield"))
    assert names.surnames("Botha van der Merwe le Roux") == ["Botha", "van der Merwe", "le Roux"]
