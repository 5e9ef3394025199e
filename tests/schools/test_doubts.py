"""Likely duplicates of a new school: alike by their telling words, there already or on their way in."""

from datetime import timedelta

import pytest
from django.utils import timezone

from shared_apps.identity.models import Login
from shared_apps.schools.rules import likeness
from shared_apps.schools.services import onboarding_doubts
from shared_apps.schools.services.onboarding_doubts import alike, beginning
from shared_apps.workflows.models import Run
from tenants.actor import Actor
from tests.schools.test_list import add
from tests.schools.test_onboarding_pages import create, fill, text

pytestmark = pytest.mark.usefixtures("world_db")
OPERATOR = Actor(kind="person", scope="platform", roles=frozenset({"operator"}))
WORDS = "A school with a similar name is on its way in:"


def names(found):
    return [one.name for one in found]


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("Laerskool Greenfield", ["Greenfield Primary"]),
        ("Isikole samabanga aphansi iGreenfield", []),  # a word with a concord is another word
        ("ISIKOLE GREENFIELD", ["Greenfield Primary"]),
        ("Greenfield", ["Greenfield Primary"]),
        ("The Greenfield Combined School", ["Greenfield Primary"]),
        ("Hoërskool Riverside", ["Riverside High"]),
        ("Primary School", []),  # no telling word: every school would be like it
        ("Laerskool Greenwood", []),
        ("Greenfield River Academy", []),
    ],
)
def test_names_with_the_same_telling_words_are_alike(name, found):
    assert names(alike(name, actor=OPERATOR)) == found


def test_one_that_is_alike_is_found_among_many_that_only_begin_alike():
    add(*(f"Green {number:03}" for number in range(210)))
    assert names(alike("Laerskool Greenfield", actor=OPERATOR))[0] == "Greenfield Primary"


def test_the_likest_come_first_and_only_those_within_reach():
    add("Greenfields Primary", "Laerskool Greenfield")
    assert names(alike("Greenfield", actor=OPERATOR))[:2] == ["Greenfield Primary", "Laerskool Greenfield"]
    login = Login.objects.get(memberships__role="regional_admin").id
    gauteng = Actor(kind="person", scope="platform", roles=frozenset({"regional_admin"}), login=login)
    assert names(alike("Greenfield", actor=gauteng)) == ["Greenfield Primary"]
    assert names(alike("Hoërskool Riverside", actor=gauteng)) == []


def test_likeness_of_names_that_are_told_by_other_words_is_that_of_their_letters():
    assert likeness("Hoërskool Karoorand", "Karoorand High School") == 1.0
    assert onboarding_doubts.ALIKE <= likeness("Greenfields Primary", "Greenfield Primary") < 1
    assert likeness("Laerskool Greenfield", "Laerskool Riverside") < onboarding_doubts.ALIKE


def test_one_on_its_way_in_is_pointed_out(browse):
    client = browse()
    here = create(client, name="Hoërskool Karoorand")
    page = text(client.get(fill(client, name="Karoorand High School")))
    assert f'href="{here}">{WORDS} Hoërskool Karoorand</a>' in page
    assert WORDS not in text(client.get(fill(client, name="Laerskool Sol Plaatje")))
    Run.objects.update(state="failed", ended_at=timezone.now() - timedelta(days=1))
    assert WORDS not in text(client.get(fill(client, name="Karoorand High School")))


def test_who_reaches_few_schools_is_told_of_none_that_is_not_there_yet(browse):
    create(browse())
    assert names(beginning("Karoorand High", actor=OPERATOR)) == ["Hoërskool Karoorand"]
    for role, scope in (("regional_admin", "platform"), ("operator", "school")):
        assert beginning("Karoorand High", actor=Actor(kind="person", scope=scope, roles=frozenset({role}))) == []
