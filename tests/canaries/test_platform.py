"""What the platform shows is searched too: nothing out of reach for those who look after few schools, and no
particulars of a school's people for anybody."""

from collections import defaultdict

import pytest
from django.db import connection
from django.http import HttpResponse

from config.canaries import asking, callers, reach
from config.canaries.places import own_canary
from shared_apps.access.models import AccessRequest
from shared_apps.audit.models import PlatformEvent
from shared_apps.audit.services import record
from shared_apps.billing.forms import file as billing_forms
from shared_apps.deliveries.services import schools as listed
from shared_apps.groups import services as groups
from shared_apps.groups.services import within_reach
from shared_apps.identity.models import Login, Session
from shared_apps.operator import views as operator_views
from shared_apps.schools.services import directory
from shared_apps.schools.views import directory as pages
from tenants.actor import Actor, Bounds
from tenants.models import School
from tenants.scope import school_scope
from tests.access import people
from tests.architecture.complexity import ROOT
from tests.operator import ground
from tests.world import MORNING

LOCAL, REGIONAL = "as local_operator", "as regional_admin"
ALL_ROLES = {"super_admin", "operator", "finance", "regional_admin", "local_operator"}


def everything(actor):
    return School.objects.all()


# -- planted: a school out of reach -----------------------------------------------------------------------------------


def test_a_list_that_forgets_who_asks_is_found(search, monkeypatch):
    monkeypatch.setattr(directory, "within_reach", everything)
    found = search()[1]
    assert f"GET /operator/schools {LOCAL}" in found and f"GET /operator/schools {REGIONAL}" in found
    assert f"GET /api/operator/schools {LOCAL}" in found
    assert f"GET /operator/schools/{{school_id}} {LOCAL}" in found  # opened by its id
    assert f"GET /operator/schools/suggestions {LOCAL}" in found  # searched for
    assert f"GET /operator/schools/jump {LOCAL}" in found  # where it sends on to
    assert not {place for place in found if "super_admin" in place or "as" not in place}


def test_figures_of_a_school_out_of_reach_are_found(search, monkeypatch, greenfield):
    ground.figures(greenfield.ref)
    monkeypatch.setattr(listed, "within_reach", everything)
    found = search()[1]
    assert {f"GET /operator/health {LOCAL}", f"GET /api/operator/health {REGIONAL}"} <= found


def test_a_name_alone_of_a_school_out_of_reach_is_found(search, monkeypatch, greenfield):
    monkeypatch.setattr(pages, "about", lambda actor, school: {"school": school, "row": {"name": greenfield.ref.name}})
    monkeypatch.setattr(pages, "render", lambda request, name, context: HttpResponse(str(context)))
    assert f"GET /operator/schools/{{school_id}} {LOCAL}" in search()[1]


def test_a_region_is_no_beginning_of_letters(search, greenfield, riverside, monkeypatch):
    """The search has its own idea of a region, and does not ask the one it tries."""
    School.objects.filter(slug="riverside").update(region="ZA-GP-tsh")
    monkeypatch.setattr(groups, "under", lambda region: groups.Q(region__startswith=region))
    found = search()[1]
    assert f"GET /operator/schools {REGIONAL}" in found
    assert f"GET /operator/schools {LOCAL}" not in found


def test_a_request_of_another_region_is_no_schools_and_is_asked_for(search):
    people.waiting(region="US-TX")
    turn, found = search(whole=True)
    assert found == set()
    heard = [one for one in turn.heard if one.place == f"GET /operator/requests/{{request_id}} {REGIONAL}"]
    assert any("Naledi" in one.marks.opaque for one in heard)


# -- planted: particulars of people -----------------------------------------------------------------------------------


@pytest.mark.parametrize("what", ["name", "badge", "mail", "phone", "canary"])
def test_particulars_on_a_page_for_those_who_see_all_are_found(search, monkeypatch, greenfield, what):
    with school_scope(greenfield.ref):
        guardian = greenfield.learners[0].guardianships.first().guardian
        said = {
            "name": guardian.name, "mail": guardian.email, "phone": guardian.phone,
            "badge": next(iter(greenfield.badges.values())), "canary": own_canary(),
        }[what]  # fmt: skip
    monkeypatch.setattr(pages, "STATES", defaultdict(lambda: ("ok", said)))
    found = search(whole=True)[1]
    assert "GET /operator/schools as super_admin" in found and "GET /operator/schools as operator" in found
    assert f"GET /operator/schools {LOCAL}" in found


def test_the_asked_schools_own_people_are_none_of_the_platforms_business(search, monkeypatch, riverside):
    monkeypatch.setattr(pages, "STATES", defaultdict(lambda: ("ok", riverside.learners[0].name)))
    assert {"GET /operator/schools as super_admin", f"GET /operator/schools {LOCAL}"} <= search(whole=True)[1]


def test_a_file_that_is_taken_away_is_read_and_leaves_no_line_in_the_history(search, monkeypatch, greenfield):
    before = PlatformEvent.objects.count()
    monkeypatch.setattr(billing_forms, "csv_text", lambda *table: greenfield.learners[0].name)
    turn, found = search(whole=True)
    assert {"GET /operator/billing/download as finance", "GET /api/operator/billing.csv as operator"} <= found
    assert turn.failed == [] and PlatformEvent.objects.count() == before


def test_a_platform_page_that_writes_is_refused_and_told_as_failed(search, monkeypatch):
    def writes(actor, *, now):
        with connection.cursor() as cursor:  # the ORM's way would spoil the test's own transaction
            cursor.execute("UPDATE tenants_school SET region = ''")
        return {}

    monkeypatch.setattr(operator_views, "failed_sign_ins", writes)
    assert set(search(whole=True)[0].failed) == {"GET /operator"}
    assert School.objects.exclude(region="").count() == 2


def test_a_file_taken_away_may_write_its_line_and_nothing_else(search, monkeypatch):
    def writes(rows, *, cut_at):
        with connection.cursor() as cursor:
            cursor.execute("UPDATE tenants_school SET region = ''")
        return HttpResponse("")

    monkeypatch.setattr(operator_views, "trail_csv", writes)
    assert set(search(whole=True)[0].failed) == {"GET /operator/audit/download"}
    assert School.objects.exclude(region="").count() == 2


@pytest.mark.parametrize("role", ["learner", "staff"])
def test_a_row_of_the_platform_that_names_somebody_is_found(search, greenfield, role):
    somebody = greenfield.learners[0] if role == "learner" else greenfield.staff["teacher"]
    record("schools.suspended", by="system:x", now=MORNING, facts={"reason": f"told by {somebody.name}"})
    found = search(whole=True)[1]
    assert {"platform table audit_platformevent", "GET /operator/audit as operator"} <= found


def test_who_asked_for_access_themselves_may_be_named(search, greenfield):
    people.waiting(full_name=greenfield.staff["teacher"].name, region="ZA-GP")
    assert AccessRequest.objects.count() == 1
    assert search(whole=True)[1] == set()


def test_nor_does_their_address_behind_their_name_name_them_anew(search, greenfield):
    """In a file the two stand beside each other: `Ann Botha`, `ann@…` reads as one Botha Ann."""
    name = greenfield.staff["teacher"].name
    people.waiting(full_name=name, work_email=f"{name.split()[0].casefold()}@elsewhere.example", region="ZA-GP")
    assert search(whole=True)[1] == set()


def test_a_school_may_be_named_after_somebody(search, greenfield):
    School.objects.filter(slug="riverside").update(name=f"{greenfield.learners[0].name} High")
    assert not {place for place in search(whole=True)[1] if " as " in place}


# -- who asks ---------------------------------------------------------------------------------------------------------


def test_the_bounds_of_a_stand_in_are_its_reach(greenfield, riverside):
    local, regional = callers.bound_to(School.objects.get(slug="greenfield"))
    assert {local.name_in_audit, regional.name_in_audit} == {"system:canaries"}
    for actor in (local, regional):
        assert [school.slug for school in within_reach(actor)] == ["greenfield"]
    nobody = Actor("system", "platform", frozenset({"local_operator", "regional_admin"}), bounds=Bounds())
    assert not within_reach(nobody).exists()


def test_bounds_are_for_the_system_alone():
    with pytest.raises(TypeError):
        Actor("person", "platform", bounds=Bounds())


def test_only_the_search_has_stand_ins():
    """No token, header or row makes one: the name is written in these files alone."""
    where = {
        str(file.relative_to(ROOT)) for folder in ("config", "tenants", "shared_apps", "tenant_apps")
        for file in (ROOT / folder).rglob("*.py") if "Bounds" in file.read_text() or "bounds=" in file.read_text()
    }  # fmt: skip
    assert {name for name in where if not name.startswith("config/canaries/")} == {"tenants/actor.py"}


def test_callers_hold_no_login_and_no_session(world_db, greenfield):
    for actor in (*callers.everywhere(), *callers.bound_to(School.objects.get(slug="greenfield"))):
        assert actor.kind == "system" and actor.school is None
        assert not Login.objects.filter(pk=actor.login).exists() and not Session.objects.filter(pk=actor.session)


def test_every_table_of_the_platform_is_read(search):
    turn, _ = search(whole=True)
    asked = {one.place for one in turn.heard if one.place.startswith("platform table")}
    assert {"platform table django_q_task", "platform table identity_login", "platform table tenants_school"} <= asked
    assert len(asked) == len(reach.platform_tables())


def test_a_short_turn_asks_what_depends_on_the_school(search):
    turn, _ = search()
    asked = {one.place for one in turn.heard}
    assert f"GET /operator/health {LOCAL}" in asked and "GET /operator/health as operator" not in asked
    assert "GET /operator/schools/{school_id}/support as super_admin" in asked
    assert {read.path for read in asking.about_one()} >= {"/operator/billing/{school_id}"}
