"""What was given up or stands still: the list, Retry, Resume, Acknowledge with its evidence, Start again."""

from datetime import timedelta

import psycopg
import pytest
from django.utils import timezone

from shared_apps.audit.models import PlatformEvent
from shared_apps.identity.models import Login, Membership
from shared_apps.identity.services.accounts import give_role
from shared_apps.schools.models import Draft, Onboarding
from shared_apps.schools.services import onboarding_check, onboarding_help, onboarding_steps
from shared_apps.workflows.models import Run, Step
from shared_apps.workflows.services import control
from tenants import provisioning
from tenants.actor import Actor
from tenants.ask import Unavailable
from tenants.models import School
from tests.database import ADMIN
from tests.schools.acts import Clock, work
from tests.schools.test_onboarding_pages import FIELDS, create, fill, text

LIST = "/operator/onboardings"
OPERATOR = Actor(kind="person", scope="platform", roles=frozenset({"operator"}))


def days(number):
    """A clock some days from now, so that every pause is over."""
    return Clock(at=timezone.now() + timedelta(days=number), step=timedelta(hours=1))


@pytest.fixture
def broken(monkeypatch):
    """`broken(what)` breaks one thing; `mended()` makes it whole again."""

    class Broken:
        def __call__(self, place, name, error=None):
            def fail(*args, **kwargs):
                raise error or RuntimeError("a@b.example said no")

            monkeypatch.setattr(place, name, fail)

        mended = staticmethod(monkeypatch.undo)

    return Broken()


def partial(client, broken):
    """An onboarding whose school is there and whose second step was given up; its path."""
    here = create(client)
    broken(onboarding_steps, "ask")
    work(days(1))
    broken.mended()
    assert Run.objects.get().state == "partial_failure"
    return here


@pytest.mark.usefixtures("real_commits")
def test_a_failure_at_the_schools_creation_leaves_nothing_behind(browse, broken, real_commits):
    client = browse()
    before = set(School.objects.values_list("slug", flat=True)), Login.objects.count()
    here = create(client, officer_name="Sipho Dlamini", officer_email="sipho@karoorand.example")
    broken(provisioning, "grants")  # late in the one transaction: role, schema, tables and rows are there by then
    work(days(1))
    broken.mended()
    page = text(client.get(here))
    assert "Nothing was created" in page and "Failed" in page and "a@b.example" not in page
    assert (set(School.objects.values_list("slug", flat=True)), Login.objects.count()) == before
    assert Step.objects.get(name="create_school").attempts == 5
    with psycopg.connect(ADMIN, dbname=real_commits) as admin:
        (schemas,) = admin.execute("SELECT count(*) FROM pg_namespace WHERE nspname ~ '^t_'").fetchone()
    assert schemas == len(before[0])
    assert "Dismiss: Hoërskool Karoorand" in text(client.get(LIST))  # there is no school to help, but somebody waits
    again = client.send(f"{here}/again")["Location"]
    assert 'value="Marelize Steyn"' in text(client.get(again)) and 'value="Sipho Dlamini"' in text(client.get(again))
    key = fill(client, at=again).rpartition("/")[2]
    assert key != here.rpartition("/")[2]


@pytest.mark.usefixtures("real_commits")
def test_a_later_failure_keeps_the_school_and_can_be_retried(browse, broken):
    client = browse()
    here = partial(client, broken)
    school = School.objects.get(slug="hoerskool-karoorand")
    page = text(client.get(here))
    assert "Needs follow-up" in page and "The school and this record stay." in page and "Code: RuntimeError" in page
    assert school.state == "pending" and Draft.objects.exists() and not Membership.objects.filter(school=school)
    listed = text(client.get(LIST))
    assert "Retry step: Hoërskool Karoorand" in listed and "Acknowledge: Hoërskool Karoorand" in listed
    assert client.send(f"{here}/retry")["Location"] == f"{here}?saved=retried"
    work(days(2))
    assert "Onboarding complete" in text(client.get(here))
    school.refresh_from_db()
    assert school.state == "active" and not Draft.objects.exists()
    assert "No school setup needs help." in text(client.get(LIST))
    assert client.send(f"{here}/retry").status_code == 409


@pytest.mark.usefixtures("real_commits")
def test_an_acknowledgement_needs_an_admin_keeps_its_evidence_and_can_be_undone(browse, broken):
    client = browse()
    here = partial(client, broken)
    asked = text(client.get(f"{here}/acknowledge"))
    assert "No admin was found" in asked
    assert client.send(f"{here}/acknowledge").status_code == 409  # not confirmed
    assert client.send(f"{here}/acknowledge", confirmed="1").status_code == 409  # confirmed, but it is not so
    assert Onboarding.objects.get().acknowledged_at is None
    make_admin()
    assert "An admin was found" in text(client.get(f"{here}/acknowledge"))
    left = client.send(f"{here}/acknowledge", confirmed="1")["Location"]
    page = text(client.get(left))
    assert "No school setup needs help." in page and "Acknowledged: Hoërskool Karoorand" in page and "Undo" in page
    kept = Onboarding.objects.get()
    assert kept.evidence["accounts"] == kept.evidence["present"] == 1 and kept.evidence["answered"] is True
    (told,) = PlatformEvent.objects.filter(kind="schools.setup_acknowledged")
    assert '"present":1' in told.body and told.actor == kept.acknowledged_by
    assert client.send(f"{here}/acknowledge", confirmed="1").status_code == 409
    client.send(f"{here}/undo")
    assert "Retry step: Hoërskool Karoorand" in text(client.get(LIST)) and Onboarding.objects.get().evidence == {}
    assert client.send(f"{here}/undo").status_code == 409


def make_admin():
    """Somebody took an admin on by hand."""
    onboarding = Onboarding.objects.get()
    people = [{"id": onboarding.admin, "given_name": "By", "family_name": "Hand", "email": "by@hand.example"}]
    now = timezone.now()
    onboarding_steps.ask(School.objects.get(pk=onboarding.school).ref(), "people.take_on", people=people, now=now)
    give_role(
        email="by@hand.example", role="school_admin", by="test", now=now, school=onboarding.school,
        person=onboarding.admin, password="some-password",
    )  # fmt: skip


@pytest.mark.usefixtures("real_commits")
def test_a_school_that_does_not_answer_is_said_to_be_unknown(browse, broken):
    client = browse()
    here = partial(client, broken)
    broken(onboarding_check, "ask", onboarding_check.CellDown())
    check = onboarding_check.admin_check(Onboarding.objects.get().school)
    assert isinstance(check.present, Unavailable) and check.evidence(timezone.now())["present"] is None
    assert "Not known: the school’s data did not answer" in text(client.get(f"{here}/acknowledge"))


@pytest.mark.usefixtures("world_db")
def test_one_that_stands_still_is_shown_and_resumed(browse):
    client = browse()
    here = create(client)
    assert "Resume onboarding" not in text(client.get(here)) and "No school setup needs help." in text(client.get(LIST))
    Step.objects.filter(name="create_school").update(wake_at=timezone.now() - timedelta(minutes=10))
    for path in (here, LIST):
        assert "Resume onboarding" in text(client.get(path))
    (task,) = onboarding_help.open_setup_tasks(OPERATOR, now=timezone.now())
    assert task.stalled and task.name == FIELDS["name"] and task.step == "create_school"
    assert f"School setup needs help: {FIELDS['name']}" in text(client.get("/operator"))
    client.send(f"{here}/resume")
    assert onboarding_help.open_setup_tasks(OPERATOR, now=timezone.now()) == []
    assert Step.objects.get(name="create_school").fence == 1


@pytest.mark.usefixtures("world_db")
def test_who_reaches_few_schools_sees_the_tasks_of_those_alone(browse, greenfield, riverside):
    client = browse()
    for cast in (greenfield, riverside):
        create(client, name=cast.ref.name, admin_email=f"new@{cast.slug}.test")
    Step.objects.filter(position=0).update(wake_at=timezone.now() - timedelta(minutes=10))
    for cast in (greenfield, riverside):  # as if these schools had come in that way
        Onboarding.objects.filter(name=cast.ref.name).update(school=cast.ref.id)
    login = Login.objects.get(memberships__role="regional_admin").id
    gauteng = Actor(kind="person", scope="platform", roles=frozenset({"regional_admin"}), login=login)
    now = timezone.now()
    assert [task.name for task in onboarding_help.open_setup_tasks(gauteng, now=now)] == [greenfield.ref.name]
    assert len(onboarding_help.open_setup_tasks(OPERATOR, now=now)) == 2
    teacher = Actor(kind="person", scope="school", roles=frozenset({"teacher"}))
    assert onboarding_help.open_setup_tasks(teacher, now=now) == []


@pytest.mark.usefixtures("world_db")
def test_a_cancelled_onboarding_leaves_nothing_and_says_so(browse):
    client = browse()
    here = create(client)
    control.cancel(Run.objects.get().pk, by="somebody", now=timezone.now())
    assert "Nothing was created" in text(client.get(here)) and work(days(1)) == []
    assert client.send(f"{here}/resume").status_code == 409


@pytest.mark.usefixtures("world_db")
@pytest.mark.parametrize("email", ["gauteng@example.com", "finance@example.com", "admin@greenfield.example"])
def test_others_may_do_nothing_here(browse, email):
    here, other = create(browse()), browse(email)
    assert other.get(LIST).status_code == other.get(here).status_code == 403
    for act in ("passwords", "retry", "resume", "again", "acknowledge", "undo"):
        assert other.send(f"{here}/{act}", confirmed="1").status_code == 403
    assert PlatformEvent.objects.filter(kind__startswith="workflows.").count() == 0
