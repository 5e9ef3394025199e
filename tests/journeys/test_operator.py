"""The operator's way round in a real browser: console, wall screen, health, dead letters."""

from datetime import timedelta

import pytest
from django.utils import timezone

from shared_apps.audit.services import record
from shared_apps.deliveries.models import DeadLetter
from shared_apps.deliveries.services import batches
from shared_apps.deliveries.services.places import POST
from shared_apps.post.models import Letter
from shared_apps.post.services import send
from tenant_apps.events.models import Reaction
from tenants.actor import Actor
from tenants.scope import school_scope
from tests import world
from tests.deliveries.acts import die, seen_at_gate, tell
from tests.journeys.acts import axe_clean, fits, sign_in, snap
from tests.messaging.scans import drained, scan
from tests.operator.ground import figures, work_runs

pytestmark = pytest.mark.journey
TELL = "messaging.tell_guardians"
MINUTE = timedelta(minutes=1)
OPERATOR = Actor(kind="person", scope="platform", roles=frozenset({"operator"}))
EVERYWHERE = [
    ("en", 1280, "light"), ("zu", 360, "dark"), ("af", 360, "light"), ("en", 800, "contrast"), ("zu", 1280, "light"),
    ("af", 320, "dark"), ("zu", 320, "light"),
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


def a_dead_mail():
    """A mail of the platform's own that was given up; its id."""
    now = timezone.now()
    key = send(template="access/rejected", to="ann@example.org", language="en", now=now)
    Letter.objects.filter(pk=key).update(state="dead", error="unreachable", attempts=12, died_at=now)
    return key


@pytest.mark.parametrize(("language", "width", "theme"), EVERYWHERE)
def test_every_page_is_clean_and_fits(visit, busy, language, width, theme):
    page = visit(language=language, width=width, theme=theme, height=900)
    sign_in(page, "operator@example.com")
    letter, mail = DeadLetter.objects.first(), a_dead_mail()
    batch = batches.begin(by=OPERATOR, now=timezone.now(), act="discard", letters=[letter.pk, mail])
    batches.work(batch.pk, now=timezone.now())
    paths = {
        "console": "", "wall": "?wall=1", "health": "/health", "dead": "/dead-letters",
        "cause": f"/dead-letters/cause?handler={TELL}&reason=KeyError", "letter": f"/dead-letters/letters/{letter.pk}",
        "mails": f"/dead-letters/cause?handler={POST}&reason=unreachable", "mail": f"/dead-letters/letters/{mail}",
        "batch": f"/dead-letters/batches/{batch.pk}",
        "audit": "/audit", "proof": "/audit?kind=deliveries,post&begins=2026-01-01T00:00:00%2B00:00",
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
    page.get_by_role("link", name="Dead letters: 2", exact=True).click()
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
    page.get_by_role("link", name="Stuck work: 3", exact=True).wait_for()
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
    page.get_by_role("link", name="Dead letters: 2", exact=True).click()
    page.get_by_role("link", name="KeyError").click()
    page.get_by_role("button", name="Replay all of this cause…").click()
    page.get_by_role("button", name="Replay now: 2").click()
    assert "Outcome still open" in page.locator("main").inner_text()


@pytest.mark.parametrize(
    ("language", "width", "failed", "history"),
    [
        ("en", 1280, "Failed sign-ins, last hour", "History"),
        ("af", 320, "Mislukte aanmeldings, laaste uur", "Geskiedenis"),
        ("zu", 320, "Ukungena okwehlulekile, ihora elidlule", "Umlando"),
    ],
)
def test_from_health_to_what_proves_a_signal_and_back(visit, busy, language, width, failed, history):
    for minutes in (3, 40, 200):
        record("identity.sign_in_failed", by="stranger", now=timezone.now() - minutes * MINUTE)
    page = visit(language=language, width=width)
    sign_in(page, "operator@example.com")
    page.goto("/operator/health")
    page.wait_for_selector("html[data-ready]")
    signal = page.locator("[data-key=signal-failed_sign_ins]")
    assert signal.locator("dt").inner_text() == failed and signal.locator("dd").inner_text().startswith("2")
    signal.get_by_role("link", name=f"{history}: {failed}").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/operator/audit?*")
    page.wait_for_selector("html[data-ready]")
    assert page.locator(".trail tbody > tr").count() == 2 and ": 2 ·" in page.locator("#found").inner_text()
    axe_clean(page)
    fits(page)
    snap(page, f"operator-proof-{language}-{width}")
    page.go_back()
    page.wait_for_url("**/operator/health")
    page.get_by_role("link", name="Greenfield Primary", exact=True).focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/operator/schools/*")
    assert page.locator("h1").inner_text() == "Greenfield Primary"


def test_a_local_operator_goes_from_health_to_their_schools_alone(visit, busy):
    greenfield, riverside = busy
    page = visit(width=320)
    sign_in(page, "circle@example.com")
    page.goto("/operator/health")
    assert page.get_by_role("link", name="Riverside High").count() == 0
    assert page.locator("main a[href*='/operator/audit'], main a[href*='dead-letters']").count() == 0
    axe_clean(page)
    fits(page)
    page.get_by_role("link", name="Greenfield Primary").click()
    page.wait_for_url(f"**/operator/schools/{greenfield.ref.id}")
    assert page.goto(f"/operator/schools/{riverside.ref.id}").status == 404


def test_the_platforms_own_mail_is_looked_into_and_sent_again(visit, busy):
    key = a_dead_mail()
    page = visit(width=360)
    sign_in(page, "operator@example.com")
    page.get_by_role("link", name="Dead letters: 3", exact=True).click()
    page.get_by_role("link", name="Mail server out of reach").click()
    page.get_by_role("link", name="Email: access request rejected").click()
    page.get_by_role("button", name="Reveal").click()
    page.get_by_text("ann@example.org").wait_for()
    axe_clean(page)
    page.get_by_role("button", name="Replay…").click()
    page.wait_for_url("**/batches/*")
    assert "People who would be told" in page.locator("main").inner_text()
    fits(page)
    page.get_by_role("button", name="Replay now: 1").click()
    page.get_by_text("Outcome still open").wait_for()
    assert Letter.objects.get(pk=key).state == "queued"
    page.goto("/operator/audit?kind=post")
    for words in ("Revealed whom a mail of the platform was to", "Sent mails of the platform again"):
        page.get_by_text(words).wait_for()
