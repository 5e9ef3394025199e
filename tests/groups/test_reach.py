"""Which schools a person of the platform reaches: the same answer wherever schools are listed or opened."""

import pytest

from shared_apps.groups.models import Circle
from shared_apps.groups.services import within_reach
from shared_apps.identity.models import Login, Membership
from shared_apps.identity.services.sign_in import email_hash
from tenants.actor import Actor
from tenants.models import School

pytestmark = pytest.mark.usefixtures("world_db")


def actor(email: str, *, scope: str = "platform") -> Actor:
    login = Login.objects.get(email_hash=email_hash(email))
    return Actor(kind="person", scope=scope, roles=frozenset(m.role for m in login.memberships.all()), login=login.id)


def reached(who: Actor) -> set[str]:
    return set(within_reach(who).values_list("slug", flat=True))


@pytest.mark.parametrize("email", ["root@example.com", "operator@example.com", "finance@example.com"])
def test_platform_staff_reach_every_school(email):
    assert reached(actor(email)) == {"greenfield", "riverside"}


def test_a_regional_admin_reaches_what_lies_under_the_region():
    assert reached(actor("gauteng@example.com")) == {"greenfield"}


def test_a_region_is_not_a_beginning_of_letters():
    School.objects.filter(slug="greenfield").update(region="ZA-GPX")
    assert reached(actor("gauteng@example.com")) == set()


def test_a_wider_region_reaches_the_narrower_ones():
    Membership.objects.filter(role="regional_admin").update(region="ZA")
    assert reached(actor("gauteng@example.com")) == {"greenfield"}


def test_a_regional_admin_without_a_region_reaches_nothing():
    Membership.objects.filter(role="regional_admin").update(region="")
    School.objects.filter(slug="riverside").update(region="")
    assert reached(actor("gauteng@example.com")) == set()


def test_a_role_taken_away_reaches_nothing():
    who = actor("gauteng@example.com")
    Membership.objects.filter(role="regional_admin").update(active=False)
    assert reached(who) == set()


def test_a_local_operator_reaches_their_circle_alone():
    assert reached(actor("circle@example.com")) == {"greenfield"}
    Circle.objects.get().keepers.clear()
    assert reached(actor("circle@example.com")) == set()


def test_a_schools_person_reaches_no_school_this_way():
    assert reached(actor("admin@greenfield.example", scope="school")) == set()
