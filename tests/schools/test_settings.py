"""The settings of a school: saved part by part, refused with reasons, recorded on both sides."""

import re
from datetime import time
from threading import Barrier, Thread

import pytest
from django.db import DatabaseError, ProgrammingError, connections
from django.utils import timezone

from shared_apps.audit.models import PlatformEvent
from shared_apps.schools.models import UsedSlug
from shared_apps.schools.rules import RESERVED, fault_in_slug, mark_of
from shared_apps.schools.services import settings
from tenant_apps.events.models import Event
from tenant_apps.people.models import SchoolProfile
from tenants import provisioning
from tenants.actor import system
from tenants.cells import CellDown
from tenants.models import School
from tenants.problems import Refusal
from tenants.scope import school_scope
from tests import world

OPERATOR = "operator@example.com"


def address(cast):
    return f"/operator/schools/{cast.ref.id}/settings"


@pytest.fixture
def page(client):
    def open_as(email=OPERATOR):
        client.post("/login", {"email": email, "password": world.PASSWORD})
        return client

    return open_as


def directory_of(cast, **changed):
    """What the form of the directory would send."""
    entry = settings.directory_entry(School.objects.get(pk=cast.ref.id))
    return {"section": "directory", "seen": mark_of(entry), **entry, **changed}


def school_of(cast, **changed):
    told = settings.school_settings(School.objects.get(pk=cast.ref.id))
    both = {name: told[name] for name in ("close_time", "default_language")}
    return {"section": "school", "seen": mark_of(told), **both, **changed}


def recorded():
    return [event.school for event in PlatformEvent.objects.filter(kind=settings.KIND)]


def told(cast):
    with school_scope(cast.ref):
        return list(Event.objects.filter(kind="people.settings_changed").values_list("actor", flat=True))


def test_the_directorys_entry_is_saved_and_remembered(page, greenfield):
    client = page()
    body = directory_of(greenfield, name="Greenfield  Primary School", timezone="America/Chicago", region="ZA-GP")
    answer = client.post(address(greenfield), body)
    assert answer.status_code == 302, answer.content
    school = School.objects.get(pk=greenfield.ref.id)
    assert (school.name, school.timezone, school.region) == ("Greenfield Primary School", "America/Chicago", "ZA-GP")
    html = client.get(address(greenfield)).content.decode()
    assert "Name: Greenfield Primary → Greenfield Primary School" in html and "· Operator" in html
    assert recorded() == [greenfield.ref.id] and told(greenfield) == []


def test_what_the_school_keeps_is_saved_there_and_in_both_histories(page, greenfield):
    client = page()
    assert client.post(address(greenfield), school_of(greenfield, close_time="15:30")).status_code == 302
    with school_scope(greenfield.ref):
        assert SchoolProfile.objects.get().close_time == time(15, 30)
    me = PlatformEvent.objects.get(kind=settings.KIND).actor
    assert told(greenfield) == [me] and recorded() == [greenfield.ref.id]
    assert "Campus close time: 17:00 → 15:30" in client.get(address(greenfield)).content.decode()


def test_saving_what_is_there_already_is_recorded_nowhere(page, greenfield):
    client = page()
    assert client.post(address(greenfield), directory_of(greenfield)).status_code == 302
    assert client.post(address(greenfield), school_of(greenfield)).status_code == 302
    assert recorded() == [] == told(greenfield)


@pytest.mark.parametrize("email", ["gauteng@example.com", "circle@example.com", "finance@example.com"])
def test_others_are_refused(page, greenfield, email):
    client = page(email)
    assert client.get(address(greenfield)).status_code == 403
    assert client.post(address(greenfield), directory_of(greenfield, name="Mine")).status_code == 403


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"slug": "riverside"}, "had it once"), ({"slug": "operator"}, "kept for the product"),
        ({"slug": "Green Field"}, "small letters"), ({"slug": "gp"}, "at least 3"),
        ({"slug": "-green"}, "small letters"),
        ({"timezone": "Africa/Gauteng"}, "no such timezone"), ({"timezone": "../etc/passwd"}, "no such timezone"),
        ({"region": "Gauteng"}, "no code of a region"), ({"name": " "}, "required"), ({"name": "x" * 201}, "200"),
    ],
)  # fmt: skip
def test_a_value_that_is_not_right_changes_nothing_and_says_why(page, greenfield, riverside, changed, words):
    before = settings.directory_entry(School.objects.get(pk=greenfield.ref.id))
    answer = page().post(address(greenfield), directory_of(greenfield, **changed))
    assert answer.status_code == 422 and words in answer.content.decode()
    assert settings.directory_entry(School.objects.get(pk=greenfield.ref.id)) == before and recorded() == []


@pytest.mark.parametrize("changed", [{"close_time": "07:59"}, {"close_time": "25:00"}, {"default_language": "fr"}])
def test_a_value_the_school_cannot_live_with_is_refused(page, greenfield, changed):
    assert page().post(address(greenfield), school_of(greenfield, **changed)).status_code == 422
    assert recorded() == [] == told(greenfield)


def test_what_somebody_else_changed_meanwhile_is_not_overwritten(page, greenfield):
    client = page()
    late, late_school = directory_of(greenfield, name="Late"), school_of(greenfield, close_time="12:00")
    client.post(address(greenfield), directory_of(greenfield, name="First"))
    client.post(address(greenfield), school_of(greenfield, close_time="16:00"))
    for body in (late, late_school):
        answer = client.post(address(greenfield), body)
        assert answer.status_code == 409 and "meanwhile" in answer.content.decode()
    assert School.objects.get(pk=greenfield.ref.id).name == "First"


def test_a_school_that_cannot_be_reached_is_said_to_be(page, greenfield, monkeypatch):
    body = school_of(greenfield, close_time="12:00")
    asks(monkeypatch, CellDown("away"))
    client = page()
    assert "cannot be reached now" in client.get(address(greenfield)).content.decode()
    answer = client.post(address(greenfield), body)
    assert answer.status_code == 503 and "Nothing was changed." in answer.content.decode()
    assert client.post(address(greenfield), directory_of(greenfield, name="Still")).status_code == 302


def asks(monkeypatch, error, *, of=None, after=False):
    """A school that answers with `error`, to one question or all; `after`: when it has done what it was asked."""
    ask = settings.ask

    def answer(school, name, **told):
        answered = ask(school, name, **told) if after or of not in (None, name) else None
        if of in (None, name):
            raise error
        return answered

    monkeypatch.setattr(settings, "ask", answer)


def test_a_school_lost_while_it_saves_is_not_said_to_have_changed_nothing(page, greenfield, monkeypatch):
    body = school_of(greenfield, close_time="12:00")
    asks(monkeypatch, CellDown("away"), of="people.change_settings", after=True)
    answer = page().post(address(greenfield), body)
    text = answer.content.decode()
    assert answer.status_code == 503 and "It may have saved the settings" in text and "Nothing was changed." not in text
    assert school_of(greenfield)["close_time"] == "12:00" and recorded() == []


@pytest.mark.parametrize("question", ["people.settings", "people.change_settings"])
def test_a_fault_of_our_own_is_not_called_a_school_out_of_reach(page, greenfield, monkeypatch, question):
    body, client = school_of(greenfield, close_time="12:00"), page()
    asks(monkeypatch, ProgrammingError("no such column"), of=question)
    client.raise_request_exception = False
    assert client.post(address(greenfield), body).status_code == 500
    if question == "people.settings":
        assert client.get(address(greenfield)).status_code == 500


# -- addresses ---------------------------------------------------------------------------------------------------------


def test_an_old_address_leads_to_no_other_school_and_may_come_back(page, greenfield, riverside):
    client = page()
    assert client.post(address(greenfield), directory_of(greenfield, slug="green-park")).status_code == 302
    answer = client.post(address(riverside), directory_of(riverside, slug="greenfield"))
    assert answer.status_code == 422 and "had it once" in answer.content.decode()
    assert client.post(address(greenfield), directory_of(greenfield, slug="greenfield")).status_code == 302
    assert set(UsedSlug.objects.filter(school=greenfield.ref.id).values_list("slug", flat=True)) == {
        "greenfield", "green-park",
    }  # fmt: skip


def test_the_token_decides_under_an_old_address_too(page, client, greenfield, riverside):
    page().post(address(greenfield), directory_of(greenfield, slug="green-park"))
    client.post("/sign-out")
    client.post("/login", {"email": "admin@greenfield.example", "password": world.PASSWORD})
    assert client.get("/s/green-park/learners").status_code == 200
    answer = client.get("/s/greenfield/learners?state=all")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/s/green-park/learners?state=all")
    assert client.get("/s/greenfield").headers["Location"] == "/s/green-park"
    assert client.post("/s/greenfield/learners").status_code == 403
    client.post("/sign-out")
    client.post("/login", {"email": "admin@riverside.example", "password": world.PASSWORD})
    for slug in ("greenfield", "green-park"):
        assert client.get(f"/s/{slug}/learners").status_code == 403


def test_the_database_refuses_an_old_address_to_a_new_school(real_commits):
    cast = world.read("greenfield")
    values = settings.directory_entry(School.objects.get(pk=cast.ref.id))
    settings.change_directory(
        by=system("test"), school_id=cast.ref.id, seen=mark_of(values), values={**values, "slug": "green-park"},
        now=timezone.now(),
    )  # fmt: skip
    before = School.objects.count()
    with pytest.raises(DatabaseError, match="another school"):
        provisioning.provision(name="New", slug="greenfield", timezone="Africa/Johannesburg")
    assert School.objects.count() == before
    new = provisioning.provision(name="New", slug="brand-new", timezone="Africa/Johannesburg")
    assert UsedSlug.objects.get(slug="brand-new").school_id == new.id


def test_two_schools_that_want_one_address_at_once_do_not_both_get_it(real_commits):
    barrier, ended = Barrier(2), []

    def work(slug):
        school = School.objects.get(slug=slug)
        values = settings.directory_entry(school)
        barrier.wait()
        try:
            settings.change_directory(
                by=system("test"), school_id=school.id, seen=mark_of(values),
                values={**values, "slug": "acacia"}, now=timezone.now(),
            )  # fmt: skip
            ended.append("changed")
        except Refusal as refusal:
            ended.append(refusal.errors[0].code)
        finally:
            connections.close_all()

    threads = [Thread(target=work, args=(slug,)) for slug in ("greenfield", "riverside")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(ended) == ["changed", "taken"]


def test_no_word_of_the_products_own_addresses_is_free():
    from config.urls import urlpatterns  # noqa: PLC0415

    first = {re.match(r"[a-z-]*", str(pattern.pattern))[0] for pattern in urlpatterns} - {"", "s"}
    assert first <= RESERVED
    assert [fault_in_slug(word) for word in sorted(RESERVED)] == ["reserved"] * len(RESERVED)
    assert fault_in_slug("greenfield") == fault_in_slug("a-1-b") == ""
    assert fault_in_slug("a--b") == "malformed" and fault_in_slug("x" * 64) == "length"
