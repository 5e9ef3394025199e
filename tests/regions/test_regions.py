"""Places: countries and their parts from public lists, districts of our own, and what lies in what."""

import pytest

from shared_apps.regions import services
from shared_apps.regions.rules import answering, built_in, holds, parent_of, well_formed
from tenants.problems import Refusal
from tests.world import MORNING


def test_every_country_is_there_and_the_parts_of_those_we_serve():
    known = built_in()
    assert len([code for code in known if len(code) == 2]) > 240
    assert len([code for code in known if code.startswith("ZA-")]) == 9
    assert len([code for code in known if code.startswith("US-")]) == 51
    assert all(well_formed(code) and known[code]["en"] for code in known)
    assert all(parent_of(code) in known for code in known if "-" in code)


@pytest.mark.parametrize(
    ("outer", "inner", "yes"),
    [
        ("ZA", "ZA", True), ("ZA", "ZA-GP-tshwane", True), ("ZA-GP", "ZA-GP-tshwane", True), ("US", "US-TX", True),
        ("ZA-GP", "ZA", False), ("ZA-G", "ZA-GP", False), ("US-CA", "US-TX", False), ("", "ZA", False), ("", "", False),
    ],
)  # fmt: skip
def test_what_lies_in_what(outer, inner, yes):
    assert holds(outer, inner) is yes


@pytest.mark.parametrize(
    ("region", "owned", "who"),
    [
        ("ZA-GP-tshwane", {"ZA", "ZA-GP", "US"}, "ZA-GP"), ("ZA-WC", {"ZA", "ZA-GP"}, "ZA"), ("ZA-WC", {"ZA-GP"}, ""),
        ("US-CA", {"US-CA", "US-TX"}, "US-CA"), ("BW", set(), ""), ("BW", {""}, ""),
    ],
)  # fmt: skip
def test_the_nearest_above_answers_and_what_nobody_owns_goes_up(region, owned, who):
    assert answering(region, owned) == who


@pytest.mark.parametrize(
    "code", ["", "za", "ZAF", "ZA-", "ZA-GP-", "ZA-GP-Tshwane", "ZA--x", "ZA-GP-x'y", "ZA-" + "a" * 70]
)
def test_what_is_no_path_is_no_place(code):
    assert not well_formed(code)


@pytest.mark.django_db
def test_a_district_is_added_below_a_known_place_and_has_its_names():
    services.add(code="ZA-GP-tshwane", names={"en": "Tshwane", "zu": "iTshwane"}, by="test", now=MORNING)
    assert services.is_known("ZA-GP-tshwane")
    assert [services.name_of("ZA-GP-tshwane", language) for language in ("en", "af", "zu")] == [
        "Tshwane",
        "Tshwane",
        "iTshwane",
    ]
    south_africa = services.choices("en")[0]
    assert south_africa[0] == "South Africa" and ("ZA-GP-tshwane", "Gauteng: Tshwane") in south_africa[1]
    services.add(code="ZA-GP-tshwane-north", names={"en": "Tshwane North"}, by="test", now=MORNING)
    services.add(code="BW-SE", names={"en": "South-East"}, by="test", now=MORNING)
    assert ("Botswana", [("BW", "Botswana"), ("BW-SE", "South-East")]) in services.choices("en")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("code", "why"),
    [("ZA", "no_place"), ("XX-AA", "no_place"), ("ZA-GP-a-b", "no_place"), ("nope", "no_place"), ("ZA-GP", "conflict")],
)
def test_what_hangs_on_nothing_is_no_place(code, why):
    with pytest.raises(Refusal) as refused:
        services.add(code=code, names={"en": "x"}, by="test", now=MORNING)
    assert why in (refused.value.code, *(error.code for error in refused.value.errors))


@pytest.mark.django_db
def test_choices_keep_to_what_somebody_answers_for():
    assert services.choices("zu", within=["ZA-GP"]) == [("iNingizimu Afrika", [("ZA-GP", "iGauteng")])]
    assert services.choices("en", within=[]) == []
    assert services.choices("en", within=["US-CA", "ZA-GP"])[1] == ("United States", [("US-CA", "California")])
    assert services.name_of("nowhere", "en") == "nowhere" and not services.is_known("nowhere")
