"""The operator's way round in a real browser: console, wall screen, health, dead letters."""

from datetime import timedelta

import pytest
from django.utils import timezone

from shared_apps.deliveries.models import DeadLetter
from tenant_apps.events.models import Reaction
from tenants.scope import school_scope
from tests import world
from tests.deliveries.acts import die, seen_at_gate, tell
from tests.journeys.acts import axe_clean, fits, sign_in, snap
from tests.messaging.scans import drained, scan
from tests.operator.ground import figures, work_runs

pytestmark = pytest.mark.journey
TELL = "messaging.tell_guardians"
MINUTE = timedelta(minutes=1)
EVERYWHERE = [
    ("en", 1280, "light"), ("zu", 360, "dark"), ("af", 360, "light"), ("en", 800, "contrast"), ("zu", 1280, "light"),
]  # fmt: skip


@pytest.fixture
def busy(live_site):
    """Greenfield has a busy morning with two dead letters; Riverside went quiet; the background work runs."""
    now = timezone.now()
    greenfield, riverside = world.read("greenfield"), world.read("riverside")
    with school_scope(greenfield.ref):
        guardian = greenfield.learners[2].guardianships.get().guardian
        guardian.email = ""
        guardian.save()
    for place, minutes in ((0, 300), (1, 130), (2, 40), (3, 5)):
        at = now - minutes * MINUTE
        seen_at_gate(greenfield, at)
        scan(greenfield, greenfield.learners[place], at=at)
        drained(greenfield, at)
    for place in (0, 1):
        scan(greenfield, greenfield.learners[place], at=now - MINUTE, direction="out")
    die(greenfield, handler=TELL, reason="KeyError", at=now)
    drained(greenfield, now)
    tell(greenfield, timezone.now())
    figures(riverside.ref, quiet_days=4, last_gate_activity=now - timedelta(days=6), sent_week=120, failed_week=3)
    work_runs()
    return greenfield, riverside


@pytest.mark.parametrize(("language", "width", "theme"), EVERYWHERE)
def test_every_page_is_clean_and_fits(visit, busy, language, width, theme):
    page = visit(language=language, width=width, theme=theme, height=900)
    sign_in(page, "operator@example.com")
    letter = DeadLetter.objects.first()
    paths = {
        "console": "", "wall": "?wall=1", "health": "/health", "dead": "/dead-letters",
        "cause": f"/dead-letters/cause?handler={TELL}&reason=KeyError", "letter": f"/dead-letters/letters/{letter.pk}",
    }  # fmt: skip
    for name, path in paths.items():
        page.goto(f"/operator{path}")
        page.wait_for_selector("html[data-ready]")
        axe_clean(page)
        fits(page)
        snap(page, f"operator-{name}-{language}-{width}-{theme}")


def test_from_the_red_line_to_a_replay_by_keyboard_and_pointer(visit, busy):
    greenfield, _ = busy
    page = visit()
    sign_in(page, "operator@example.com")
    page.wait_for_url("**/operator")
    page.get_by_role("link", name="Dead letters: 2").click()
    page.get_by_role("link", name="KeyError").click()
    page.get_by_role("checkbox").first.check()
    page.get_by_role("button", name="Replay chosen…").click()
    page.wait_for_url("**/batches/*")
    assert "People who would be told" in page.locator("main").inner_text()
    axe_clean(page)
    page.get_by_role("button", name="Replay now: 1").click()
    page.get_by_text("Outcome still open").wait_for()
    axe_clean(page)
    with school_scope(greenfield.ref):
        assert Reaction.objects.filter(handler=TELL, state="dead").count() == 1
    page.keyboard.press("g")
    page.keyboard.press("d")
    page.wait_for_url("**/operator/dead-letters")
    page.get_by_role("link", name="KeyError").click()
    page.locator("tbody a").first.click()
    page.get_by_role("button", name="Reveal").click()
    page.get_by_text("That you saw this is written down").wait_for()
    page.get_by_role("button", name="Discard…").click()
    page.get_by_role("button", name="Discard now: 1").click()
    assert page.title().startswith("Error:")
    axe_clean(page)
    page.get_by_label("Why are these discarded?").select_option("told_otherwise")
    page.get_by_role("button", name="Discard now: 1").click()
    page.get_by_text("They were told in another way").wait_for()


def test_the_console_stays_live_keeps_an_open_table_and_says_what_is_new(visit, busy):
    _, riverside = busy
    page = visit()
    sign_in(page, "operator@example.com")
    page.get_by_text("Show as table").click()
    figures(riverside.ref, quiet_days=4, stuck=3, stuck_since=timezone.now())
    with page.expect_response(lambda answer: answer.url.endswith("/operator")):
        page.keyboard.press("r")
    page.get_by_role("link", name="Stuck work: 3").wait_for()
    assert page.locator("[data-needs-said]").inner_text() == "New in Needs you now: Stuck work: 3"
    assert page.locator("#chart-table").get_attribute("open") is not None


def test_the_wall_screen_is_large_has_a_clock_and_a_way_out(visit, busy):
    page = visit(width=1920, height=1080)
    sign_in(page, "operator@example.com")
    plain = page.evaluate("getComputedStyle(document.documentElement).fontSize")
    page.get_by_role("link", name="Wall screen").click()
    page.wait_for_url("**/operator?wall=1")
    assert (plain, page.evaluate("getComputedStyle(document.documentElement).fontSize")) == ("16px", "20px")
    assert page.locator(".rail").count() == 0 and ":" in page.locator("[data-wall-clock]").inner_text()
    snap(page, "operator-wall-1920")
    page.get_by_role("link", name="Leave wall screen").click()
    page.locator(".rail").wait_for()


def test_without_script_every_page_answers_and_a_replay_can_be_confirmed(visit, busy):
    page = visit(script=False)
    sign_in(page, "operator@example.com")
    page.get_by_role("link", name="Dead letters: 2").click()
    page.get_by_role("link", name="KeyError").click()
    page.get_by_role("button", name="Replay all of this cause…").click()
    page.get_by_role("button", name="Replay now: 2").click()
    assert "Outcome still open" in page.locator("main").inner_text()
