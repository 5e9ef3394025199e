"""First thirty days that stand still or are stopped: who sees it, Retry, Resume, Cancel, Take up again; and how those
of a school begin whose admin a person confirmed."""

from datetime import timedelta

import pytest
from django.utils import timezone

from shared_apps.audit.models import PlatformEvent
from shared_apps.groups.models import Circle, CircleSchool
from shared_apps.identity.models import Login
from shared_apps.operator.services.needs import needs_of
from shared_apps.operator.services.picture import picture
from shared_apps.post import services as post
from shared_apps.post.services import mailbox
from shared_apps.schools.models import Onboarding, Welcome
from shared_apps.schools.services import onboarding_help, onboarding_steps, welcome_help, welcome_letters
from shared_apps.workflows.models import Run, Step
from shared_apps.workflows.services.advance import advance
from shared_apps.workflows.services.registry import Lane
from tenants.actor import Actor
from tenants.models import School
from tenants.problems import Refusal
from tests.operator.ground import work_runs
from tests.schools.acts import Clock, work
from tests.schools.after_go import Month, named
from tests.schools.test_onboarding_help import broken as broken
from tests.schools.test_onboarding_help import days, make_admin, partial
from tests.schools.test_onboarding_pages import create, links, text

OPERATOR = Actor(kind="person", scope="platform", roles=frozenset({"operator"}))
rolled_back = pytest.mark.usefixtures("world_db")
commits = pytest.mark.usefixtures("real_commits")
LIST = "/operator/onboardings"


@pytest.fixture
def broken_off(greenfield, monkeypatch):
    """A month whose second letter was given up."""
    month = Month(greenfield)
    month.on(1)

    def fail(*args, **kwargs):
        raise RuntimeError("a@b.example said no")

    with monkeypatch.context() as away:
        away.setattr(welcome_letters, "reached", fail)
        month.on(3)
    return month


def at(month):
    return f"{LIST}/{month.onboarding.pk}"


def titles(now):
    work_runs(now)
    return [need.title for need in needs_of(picture(OPERATOR, now=now)) if need.key.startswith(("welcome", "run-"))]


@rolled_back
def test_what_was_given_up_is_on_the_console_and_a_retry_brings_it_on(browse, broken_off):
    client, here = browse(), at(broken_off)
    assert titles(broken_off.clock()) == [f"Emails and evaluation stand still: {broken_off.onboarding.name}"]
    console = text(client.get("/operator"))
    assert f'href="{here}#after-go"' in console
    page = text(client.get(here))
    assert "The emails and the evaluation broke off." in page and "Code: RuntimeError" in page and "a@b" not in page
    assert f"Retry step: {broken_off.onboarding.name}" in text(client.get(LIST))
    assert client.send(f"{here}/welcome/resume").status_code == 409
    assert client.get(f"{here}/welcome/retry")["Location"] == here  # a visit does nothing
    assert client.send(f"{here}/welcome/retry")["Location"] == f"{here}?saved=retried"
    assert client.send(f"{here}/welcome/retry").status_code == 409
    assert titles(timezone.now()) == [] and "broke off" not in text(client.get(here))
    Step.objects.filter(run=broken_off.welcome.run_id, state="waiting").update(wake_at=broken_off.clock())
    broken_off.work()
    assert broken_off.subjects() == named("welcome", "roster")


@rolled_back
def test_what_nobody_does_is_on_the_console_and_can_be_resumed(browse, greenfield):
    month, client = Month(greenfield), browse()
    Step.objects.filter(run=month.welcome.run_id, name="welcome").update(wake_at=timezone.now() - timedelta(minutes=10))
    assert f"Emails and evaluation stand still: {month.onboarding.name}" in text(client.get("/operator"))
    assert "It stands still" in text(client.get(at(month))) and "Resume emails and evaluation" in text(client.get(LIST))
    assert client.send(f"{at(month)}/welcome/retry").status_code == 409
    assert client.send(f"{at(month)}/welcome/resume").status_code == 302
    assert welcome_help.stuck_welcomes(OPERATOR, now=timezone.now()) == []
    assert Step.objects.get(run=month.welcome.run_id, name="welcome").fence == 1


@rolled_back
@pytest.mark.parametrize(
    ("state", "ago", "leased", "stuck"),
    [
        ("waiting", 1, None, False), ("waiting", 3, None, True), ("waiting", -60, None, False),  # it sleeps
        ("running", 30, -5, False), ("running", 30, 1, False), ("running", 30, 3, True),  # its worker died
    ],
)  # fmt: skip
def test_a_run_is_stuck_when_its_step_could_have_been_done_for_two_minutes(greenfield, state, ago, leased, stuck):
    month, now = Month(greenfield), timezone.now()
    Step.objects.filter(run=month.welcome.run_id, name="welcome").update(
        state=state, wake_at=now - timedelta(minutes=ago),
        leased_until=None if leased is None else now - timedelta(minutes=leased),
    )  # fmt: skip
    assert bool(welcome_help.stuck_welcomes(OPERATOR, now=now)) is stuck


@rolled_back
def test_a_cancelled_month_sends_nothing_more_until_it_is_taken_up(browse, greenfield):
    month, client = Month(greenfield), browse()
    month.on(1)
    asked = text(client.get(f"{at(month)}/welcome/cancel"))
    assert "No more emails go to the school’s admin" in asked and "The school itself goes on as it is." in asked
    assert client.send(f"{at(month)}/welcome/cancel", leaves="live").status_code == 302
    assert client.send(f"{at(month)}/welcome/cancel", leaves="live").status_code == 409
    assert client.get(f"{at(month)}/welcome/cancel")["Location"] == at(month)
    page = text(client.get(at(month)))
    assert "The emails and the evaluation were cancelled." in page and "The evaluation was cancelled." in page
    month.on(9)
    assert month.subjects() == named("welcome") and School.objects.get(pk=greenfield.ref.id).state == "active"
    assert client.send(f"{at(month)}/welcome/take-up").status_code == 302
    assert client.send(f"{at(month)}/welcome/take-up").status_code == 409
    month.on(23)
    assert month.subjects() == named("welcome", "scan", "delivery", "outcome")  # the roster's time had passed
    assert PlatformEvent.objects.filter(kind="workflows.run_taken_up").count() == 1


@rolled_back
def test_what_broke_off_can_be_laid_to_rest(browse, broken_off):
    client = browse()
    assert client.send(f"{at(broken_off)}/welcome/cancel", leaves="live").status_code == 302
    assert titles(broken_off.clock()) == [] and Run.objects.get(pk=broken_off.welcome.run_id).state == "cancelled"
    client.send(f"{at(broken_off)}/welcome/take-up")  # and taken up where it broke
    broken_off.work()
    assert broken_off.subjects() == named("welcome", "roster")


@rolled_back
def test_only_who_reaches_a_school_is_told(greenfield, riverside):
    for cast in (greenfield, riverside):
        run = Month(cast).welcome.run_id
        Step.objects.filter(run=run, name="welcome").update(wake_at=timezone.now() - timedelta(minutes=10))
    login = Login.objects.get(memberships__role="regional_admin").id
    gauteng = Actor(kind="person", scope="platform", roles=frozenset({"regional_admin"}), login=login)
    now = timezone.now()
    assert [one.name for one in welcome_help.stuck_welcomes(gauteng, now=now)] == [greenfield.ref.name]
    assert len(welcome_help.stuck_welcomes(OPERATOR, now=now)) == 2


# -- a person confirmed that there is an admin -------------------------------------------------------------------------


@commits
def test_an_acknowledged_school_is_opened_and_its_thirty_days_begin(browse, broken):
    client = browse()
    here = partial(client, broken)
    school = School.objects.get(slug="hoerskool-karoorand")
    assert school.state == "pending" and not Welcome.objects.exists()
    make_admin()
    assert client.send(f"{here}/acknowledge", confirmed="1").status_code == 302
    school.refresh_from_db()
    begun = Welcome.objects.get()
    assert school.state == "active" and begun.run.state == "running"
    page = text(client.get(here))
    assert "Somebody confirmed that this school has an admin" in page and "Checklist" in page
    assert "Retry step" not in page and "Onboarding complete" in page
    now = timezone.now()
    work(Clock(at=now + timedelta(hours=1)))
    post.drain(now=now + timedelta(hours=2))
    assert [mail["subject"] for mail in mailbox(to="by@hand.example")] == named("welcome")
    # Taken back, the thirty days stop; the school stays open; confirmed again, they go on and nothing is sent twice.
    client.send(f"{here}/undo")
    assert Run.objects.get(pk=begun.run_id).state == "cancelled"
    assert work(days(4)) == [] and School.objects.get(pk=school.pk).state == "active"
    assert client.send(f"{here}/acknowledge", confirmed="1").status_code == 302
    assert Run.objects.get(pk=begun.run_id).state == "running" and Welcome.objects.count() == 1
    done = Step.objects.filter(run=begun.run_id, state="done")
    assert [step.name for step in done] == ["welcome"] and len(mailbox(to="by@hand.example")) == 1


@commits
def test_an_acknowledged_school_joins_its_group_and_its_accounts_can_be_handed_over(browse, monkeypatch):
    client = browse()
    circle = Circle.objects.create(name="Karoo")
    here = create(client, circle=str(circle.pk))
    monkeypatch.setattr(onboarding_steps, "admit", lambda _: (_ for _ in ()).throw(RuntimeError("no")))
    work(days(1))
    monkeypatch.undo()
    assert Run.objects.get().state == "partial_failure" and "Show the links" not in text(client.get(here))
    assert client.send(f"{here}/passwords").status_code == 409
    client.send(f"{here}/acknowledge", confirmed="1")
    assert "Show the links" in text(client.get(here))
    assert len(links(client.send(f"{here}/passwords"))) == 1
    assert CircleSchool.objects.filter(circle=circle, school=Onboarding.objects.get().school).count() == 1


@commits
def test_what_was_cancelled_after_the_school_can_be_acknowledged_as_well(browse):
    client = browse()
    here = create(client)
    assert advance(Lane.PROVISIONER, clock=Clock())
    client.send(f"{here}/cancel", leaves="school")
    assert client.send(f"{here}/acknowledge", confirmed="1").status_code == 409  # no admin is there
    make_admin()
    assert client.send(f"{here}/acknowledge", confirmed="1").status_code == 302
    assert Welcome.objects.get().run.state == "running"
    assert School.objects.get(slug="hoerskool-karoorand").state == "active"


@rolled_back
def test_an_onboarding_that_made_nothing_cannot_be_acknowledged(browse):
    client = browse()
    here = create(client)
    client.send(f"{here}/cancel", leaves="nothing")
    with pytest.raises(Refusal) as refused:
        onboarding_help.acknowledge(Onboarding.objects.get(), by=OPERATOR, now=timezone.now())
    assert refused.value.code == "no_admin" and not Welcome.objects.exists()
