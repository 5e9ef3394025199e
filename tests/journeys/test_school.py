"""Today, Learners and Register as people see them: in every width, theme and language, and by keyboard."""

from datetime import datetime, time, timedelta

import pytest
from django.utils import timezone

from tenant_apps.attendance.models import Mark, Register
from tenant_apps.attendance.services import marks, proposals
from tenant_apps.gate.models import Flow, Gate, Presence, Scan
from tenant_apps.people.models import ClassGroup, Learner, SchoolProfile
from tenant_apps.people.services import calendar
from tenants.actor import system
from tenants.ids import new_id
from tenants.scope import school_scope
from tests import world
from tests.journeys.acts import axe_clean, fits, sign_in, snap

pytestmark = pytest.mark.journey
ROOT = "/s/greenfield/"
BY = system("test")
NAMES = [
    ("Lerato", "Dube"), ("Thandiwe", "Mokoena"), ("Anika", "van Wyk"), ("Sipho", "Nkosi"), ("Johannes", "Labuschagne"),
    ("Nokuthula", "Mabaso-Khumalo"), ("Kagiso", "Dlamini"), ("Fatima", "Patel"),
]  # fmt: skip


@pytest.fixture
def morning(real_commits):
    """A school day under way: arrivals through the morning, one absence that the gate contradicts."""
    cast = world.read("greenfield")
    now = timezone.now()
    zone = cast.ref.zone
    today = now.astimezone(zone).date()
    at = [min(now, datetime.combine(today, time(6, 40), zone) + timedelta(minutes=12 * place)) for place in range(8)]
    with school_scope(cast.ref):
        calendar.add_calendar_day(by=BY, now=now, date=today, school_day=True, name="Today")
        gate = Gate.objects.order_by("name").first()
        learners = list(Learner.objects.order_by("number"))
        for learner, (given, family) in zip(learners, NAMES, strict=True):
            learner.given_name, learner.family_name = given, family
            learner.save()
        for place, learner in enumerate(learners[:6]):
            here = place != 4
            Presence.objects.create(learner=learner, on_site=here, since=at[place], gate=gate)
            Scan.objects.create(
                id=new_id(), badge_code="X", learner=learner, gate=gate, asked="auto",
                direction="in" if here else "out", verdict="admitted", answer_on_site=here,
                code="ok" if place < 5 else "late_arrival",
                scanned_at=at[place], recorded_at=at[place], digest="x",
            )  # fmt: skip
        Scan.objects.create(
            id=new_id(), badge_code="X", learner=None, gate=gate, asked="in", direction="in", verdict="refused",
            code="other_school", scanned_at=at[7], recorded_at=at[7], digest="x",
        )  # fmt: skip
        for place, (arrivals, departures) in enumerate([(14, 0), (96, 0), (212, 3), (31, 2), (4, 0), (0, 9), (1, 55)]):
            Flow.objects.create(
                day=today, starts=time(6 + place // 2, 30 * (place % 2)), arrivals=arrivals, departures=departures
            )
        proposals.propose_many(by=BY, now=now, arrivals=list(zip(learners[:3], at, strict=False)))
        group = ClassGroup.objects.get(name="4A")
        marks.confirm(by=BY, now=now, class_group=group, date=today, learner=learners[1], mark="A")
        marks.confirm(by=BY, now=now, class_group=group, date=today, learner=learners[3], mark="E", reason="b")
    return cast


@pytest.mark.parametrize(
    ("language", "width", "theme"),
    [("en", 1280, "light"), ("zu", 360, "light"), ("af", 768, "dark"), ("en", 360, "dark"), ("zu", 1280, "dark")],
)
def test_the_pages_of_a_school_fit_and_are_accessible(morning, visit, language, width, theme):
    with school_scope(morning.ref):
        SchoolProfile.objects.update(default_language=language)
    page = visit(language=language, width=width, theme=theme)
    sign_in(page, "admin@greenfield.example")
    group = morning.classes[0].id
    for name, path in (
        ("today", ""), ("learners", "learners?state=all"), ("learner", f"learners/{morning.learners[4].id}"),
        ("classes", "register"), ("register", f"register?class={group}"),
    ):  # fmt: skip
        page.goto(ROOT + path)
        assert page.locator("html").get_attribute("lang") == language
        fits(page)
        axe_clean(page)
        snap(page, f"{name}-{width}-{language}-{theme}")


def test_a_teacher_marks_a_class_by_keyboard(morning, visit):
    page = visit()
    sign_in(page, "teacher@greenfield.example")
    page.goto(ROOT + "register")
    rows = page.locator("tr[data-key]")
    first = rows.nth(0).get_attribute("data-key")
    page.locator(f"#mark-P-{first}").focus()
    with page.expect_response("**/register/mark"):
        page.keyboard.press("l")
    page.locator(f"#mark-L-{first}[aria-pressed=true]").wait_for()
    assert page.evaluate("document.activeElement.id") == f"mark-L-{first}"
    page.keyboard.press("ArrowDown")
    second = rows.nth(1).get_attribute("data-key")
    assert page.evaluate("document.activeElement.closest('tr').dataset.key") == second
    with page.expect_response("**/register/mark"):
        page.keyboard.press("e")
    page.locator(f"#reason-{second}").wait_for()
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == f"reason-{second}"
    with page.expect_response("**/register/mark"):
        page.locator(f"#reason-{second}").select_option("f")
    page.get_by_role("button", name="Mark rest present").click()
    page.get_by_role("button", name="Submit register").click()
    page.locator("#register-summary .chip--ok").wait_for()
    with school_scope(morning.ref):
        assert Register.objects.get().submitted_at
        found = {str(mark.learner_id): (mark.mark, mark.reason) for mark in Mark.objects.all()}
    assert found[first] == ("L", "") and found[second] == ("E", "f")


def test_a_mark_made_without_a_connection_is_kept_and_sent_again(morning, visit):
    page = visit()
    sign_in(page, "teacher@greenfield.example")
    page.goto(ROOT + "register")
    first = page.locator("tr[data-key]").nth(0).get_attribute("data-key")
    page.context.set_offline(True)
    page.locator(f"#mark-A-{first}").click()
    page.locator(f"#row-{first} .register__unsaved:not([hidden])").wait_for()
    page.context.set_offline(False)
    page.locator(f"#mark-A-{first}[aria-pressed=true]").wait_for()
    assert page.locator(f"#row-{first} .register__unsaved[hidden]").count() == 1
    with school_scope(morning.ref):
        assert Mark.objects.get(learner=first).mark == "A"
