"""GET /api/operator/schools and the page: within reach, by name, searched, counted, page by page."""

import pytest
from django.db import connection
from django.db.models import Count
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from shared_apps.groups.models import Circle
from shared_apps.identity.models import Login
from shared_apps.schools.models import SchoolTally
from shared_apps.schools.rules import Place, folded, grams, read_cursor
from shared_apps.schools.services import directory
from tenants.actor import Actor
from tenants.ids import new_id
from tenants.models import School

URL = "/api/operator/schools"
OPERATOR = "operator@example.com"
pytestmark = pytest.mark.usefixtures("world_db")


def items(client, **query):
    answer = client.get(URL, query)
    assert answer.status_code == 200, answer.content
    return answer.json()["items"]


def named(client, **query):
    return [row["name"] for row in items(client, **query)]


def add(*names, **more):
    """Schools of the directory alone: what a list needs of one."""
    rows = [
        School(slug=f"s-{new_id().hex}", schema_name=f"t_{new_id().hex}", name=name, **{"state": "active", **more})
        for name in names
    ]  # fmt: skip
    return School.objects.bulk_create(rows)


def code_of(answer):
    return answer.status_code, answer.json()["code"]


def test_an_operator_sees_every_school_in_the_contracts_shape(signed_in, greenfield):
    found = items(signed_in(OPERATOR))
    assert [row["name"] for row in found] == ["Greenfield Primary", "Riverside High"]
    school = School.objects.get(slug="greenfield")
    born = found[0].pop("created_at")
    assert abs((timezone.datetime.fromisoformat(born) - school.created_at).total_seconds()) < 0.001
    assert found[0].pop("onboarding") == "complete"
    assert found[0] == {
        "id": str(school.id), "slug": "greenfield", "name": "Greenfield Primary", "timezone": "Africa/Johannesburg",
        "state": "active",
    }  # fmt: skip


@pytest.mark.parametrize("email", ["gauteng@example.com", "circle@example.com"])
def test_whoever_reaches_one_school_sees_and_counts_that_one_alone(signed_in, email):
    client = signed_in(email)
    assert named(client) == ["Greenfield Primary"] == named(client, search="e")
    assert named(client, search="Riverside") == []
    who = Login.objects.get(pk=client.get("/api/me").json()["id"])
    roles = frozenset(held.role for held in who.memberships.all())
    actor = Actor(kind="person", scope="platform", roles=roles, login=who.id)
    assert (
        directory.counts(actor) == {"all": 1, "active": 1, "pending": 0, "disabled": 0} == directory.counts(actor, "e")
    )


@pytest.mark.parametrize("email", ["finance@example.com", "admin@greenfield.example"])
def test_others_are_refused(signed_in, email):
    assert code_of(signed_in(email).get(URL)) == (403, "forbidden")


def test_a_state_is_a_tab(signed_in):
    add("Baobab Academy", state="disabled")
    add("Acacia College", state="pending")
    operator = signed_in(OPERATOR)
    assert named(operator, state="disabled") == ["Baobab Academy"]
    assert named(operator, state="pending") == ["Acacia College"]
    assert named(operator, state="active") == ["Greenfield Primary", "Riverside High"]
    assert len(named(operator, state="all")) == 4


def test_search_looks_for_each_word_anywhere_in_name_and_timezone(signed_in):
    add("Hoërskool Karoorand", timezone="Africa/Johannesburg")
    add("St Mary’s", timezone="America/Argentina/Buenos_Aires")
    operator = signed_in(OPERATOR)
    assert named(operator, search="hoerskool") == ["Hoërskool Karoorand"] == named(operator, search="HOËRSKOOL")
    assert named(operator, search="rand karoo") == ["Hoërskool Karoorand"] == named(operator, search="skool")
    assert named(operator, search="buenos") == ["St Mary’s"] == named(operator, search="argentina st")
    assert named(operator, search="johannes green") == ["Greenfield Primary"]
    assert named(operator, search="ee") == ["Greenfield Primary"]
    assert named(operator, search="green river") == [] == named(operator, search="%") == named(operator, search="a_r")


@given(st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=12))
def test_what_is_part_of_a_name_shares_its_letters_in_threes(word):
    plain = folded(f"x{word}y z")
    assert set(grams(folded(word))) <= set(grams(plain))


@pytest.mark.parametrize("name", ["Hoërskool Ûmlazi", "İstanbul Straße", "ﬁnal Å e\u0301", "Ḧ¨½"])
def test_the_database_folds_a_name_as_we_fold_a_word(name):
    with connection.cursor() as cursor:
        cursor.execute("SELECT schools_plain(%s, ''), schools_grams(schools_plain(%s, ''))", [name, name])
        plain, letters = cursor.fetchone()
    assert plain.strip() == folded(name).strip() and sorted(letters) == grams(plain)


def test_pages_follow_one_another_without_gap_or_repeat_and_back_again(signed_in):
    add("acacia", "Acacia", "ÁCACIA", "Zebra", "zebra", "Milkwood")
    operator = signed_in(OPERATOR)
    whole = [row["id"] for row in items(operator)]
    everybody = directory.find(Actor(kind="system", scope="platform"), directory.Sought())
    for limit in (1, 2, 3, 8):
        seen, cursor = [], None
        while True:
            answer = operator.get(URL, {"limit": limit, **({"cursor": cursor} if cursor else {})}).json()
            seen += [row["id"] for row in answer["items"]]
            cursor = answer["next"]
            if cursor is None:
                break
        assert seen == whole
        back = []
        page = directory.page_of(everybody, limit=limit, before=Place("zzz", new_id()))
        while True:
            back = [str(school.id) for school in page.rows] + back
            if page.previous is None:
                break
            page = directory.page_of(everybody, limit=limit, before=read_cursor(page.previous))
        assert back == whole


def test_schools_that_come_and_go_between_two_pages_neither_repeat_nor_hide_another(signed_in):
    add("Acacia", "Baobab", "Karoo", "Milkwood", "Protea", "Umlazi")
    operator = signed_in(OPERATOR)
    there, seen, cursor = {row["name"] for row in items(operator)}, [], None
    comers = iter(["Aardvark", "Zebra", "Kiepersol"])
    while True:
        answer = operator.get(URL, {"limit": 2, **({"cursor": cursor} if cursor else {})}).json()
        seen += [row["name"] for row in answer["items"]]
        cursor = answer["next"]
        if cursor is None:
            break
        if name := next(comers, None):
            add(name)
        if len(seen) == 4:  # the very school that the cursor stands on is renamed away
            School.objects.filter(name=seen[-1]).update(name="AAA first of all")
    assert len(seen) == len(set(seen)) and there <= set(seen) and "Zebra" in seen
    assert [directory.folded(name) for name in seen] == sorted(directory.folded(name) for name in seen)


def test_a_cursor_or_limit_that_is_none_of_ours_is_refused(signed_in):
    operator = signed_in(OPERATOR)
    for query in (
        {"cursor": "x"}, {"cursor": Place("\0", new_id()).cursor()}, {"cursor": "é"}, {"limit": 0}, {"limit": 101},
        {"state": "gone"}, {"colour": "red"}, {"search": "x" * 101}, {"search": "\0"},
    ):  # fmt: skip
        assert code_of(operator.get(URL, query)) == (422, "invalid"), query


@given(st.text(max_size=60))
def test_no_text_breaks_the_reading_of_a_cursor(text):
    found = read_cursor(text)
    assert found is None or read_cursor(found.cursor()) == found


# -- how many ----------------------------------------------------------------------------------------------------------


def tallied():
    return directory.counts(Actor(kind="person", scope="platform", roles=frozenset({"operator"})))


def test_the_tally_says_what_counting_would_after_whatever_happened():
    one, two, three = add("One", "Two", "Three", state="pending", region="ZA-GP")
    School.objects.filter(pk=one.pk).update(state="active")
    School.objects.filter(pk=two.pk).update(region="ZA-WC", name="Two again")
    two.refresh_from_db()
    two.state = "disabled"
    two.save()
    three.delete()
    for _ in range(3):
        counted = dict(School.objects.values_list("state").annotate(n=Count("pk")).order_by())
        assert tallied() == {"all": 4, "active": 3, "pending": 0, "disabled": 1}
        assert {state: n for state, n in tallied().items() if n and state != "all"} == counted
        directory.add_up()
    regions = dict(SchoolTally.objects.values_list("region").annotate(n=Count("pk")))
    assert regions == {"ZA-GP-tshwane": 1, "US-TX": 1, "ZA-GP": 1, "ZA-WC": 1}


def test_a_region_is_counted_with_its_parts_and_nothing_else():
    add("In Gauteng", region="ZA-GP", state="disabled")
    add("Elsewhere", region="ZA-GPX")
    gauteng = Login.objects.get(memberships__role="regional_admin")
    actor = Actor(kind="person", scope="platform", roles=frozenset({"regional_admin"}), login=gauteng.id)
    assert directory.counts(actor) == {"all": 2, "active": 1, "pending": 0, "disabled": 1}


def test_a_search_stops_counting_at_a_thousand(monkeypatch):
    monkeypatch.setattr(directory, "COUNTED", 3)
    add(*(f"Bench {number}" for number in range(9)))
    actor = Actor(kind="person", scope="platform", roles=frozenset({"operator"}))
    assert directory.counts(actor, "bench")["all"] == 4


def test_an_address_that_was_one_schools_is_refused_to_another():
    one, two = add("One", "Two")
    School.objects.filter(pk=one.pk).update(slug="acacia")
    School.objects.filter(pk=one.pk).update(slug="acacia-park")
    School.objects.filter(pk=one.pk).update(slug="acacia")
    with pytest.raises(Exception, match="another school"):
        School.objects.filter(pk=two.pk).update(slug="acacia-park")


# -- the page ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def page(client):
    def open_as(email):
        client.post("/login", {"email": email, "password": "password123"})
        return client

    return open_as


def test_the_page_names_reach_counts_and_the_deeds_of_a_role(page):
    html = page(OPERATOR).get("/operator/schools").content.decode()
    assert "Riverside High" in html and html.count("data-standing") == 2
    html = page("gauteng@example.com").get("/operator/schools").content.decode()
    assert "Greenfield Primary" in html and "Riverside" not in html and "data-standing" not in html


def test_the_picker_leads_straight_to_a_school_within_reach(page, greenfield, riverside):
    operator = page(OPERATOR)
    assert operator.get("/operator/schools/jump?to=riverside HIGH").headers["Location"].endswith(str(riverside.ref.id))
    assert operator.get("/operator/schools/jump?to=riverside").headers["Location"].endswith(str(riverside.ref.id))
    assert operator.get("/operator/schools/jump?to=high").headers["Location"] == "/operator/schools?search=high"
    assert b"Riverside" in operator.get("/operator/schools/suggestions?to=river").content
    gauteng = page("gauteng@example.com")
    assert (
        gauteng.get("/operator/schools/jump?to=riverside").headers["Location"] == "/operator/schools?search=riverside"
    )
    assert b"Riverside" not in gauteng.get("/operator/schools/suggestions?to=river").content


@pytest.mark.parametrize("email", ["gauteng@example.com", "circle@example.com"])
def test_a_school_out_of_reach_is_not_there(page, riverside, greenfield, email):
    client = page(email)
    assert client.get(f"/operator/schools/{riverside.ref.id}").status_code == 404
    assert client.get(f"/operator/schools/{new_id()}").status_code == 404
    assert client.get("/operator/schools/not-an-id").status_code == 404
    answer = client.get(f"/operator/schools/{greenfield.ref.id}")
    assert answer.status_code == 200 and b"brand__school" not in answer.content


def test_a_school_that_joins_a_circle_is_within_reach_at_once(page, riverside):
    client = page("circle@example.com")
    Circle.objects.get().schools.add(School.objects.get(slug="riverside"))
    assert client.get(f"/operator/schools/{riverside.ref.id}").status_code == 200
    assert b"Riverside High" in client.get("/operator/schools").content
