"""Dead letters that were dealt with are seen to leave the list, and the rail's count goes with them."""

import pytest
from django.utils import timezone

from shared_apps.deliveries.services import batches
from tenants.actor import Actor
from tests import world
from tests.deliveries.acts import tell
from tests.deliveries.test_dead_letters import TELL, dead_in
from tests.journeys.acts import sign_in
from tests.operator.ground import figures, trouble, work_runs

pytestmark = pytest.mark.journey
OPERATOR = Actor(kind="person", scope="platform", roles=frozenset({"operator"}))
WATCH = """() => {
  window.seen = null;
  new MutationObserver(() => {
    const row = document.querySelector(".leaving");
    if (row && !window.seen) window.seen = [row.tagName, getComputedStyle(row).animationName, row.inert];
  }).observe(document.body, { subtree: true, attributes: true, childList: true });
}"""


@pytest.fixture
def both(live_site):
    """One cause at each school."""
    greenfield, riverside = world.read("greenfield"), world.read("riverside")
    work_runs()
    dead_in(greenfield, timezone.now().replace(microsecond=0), reason="KeyError")
    tell(greenfield, timezone.now())
    figures(riverside.ref, dead=3)
    trouble(riverside.ref, 3, reason="unreachable")
    return greenfield, riverside


def dealt_with(act, why=""):
    """Somebody else does it, and the school tells at once."""
    now = timezone.now()
    batch = batches.begin(by=OPERATOR, now=now, act=act, handler=TELL, reason="KeyError")
    batches.confirm(batch, by=OPERATOR, now=now, why=why)


def opened(visit, motion):
    page = visit()
    page.emulate_media(reduced_motion=motion)
    sign_in(page, "operator@example.com")
    page.goto("/operator/dead-letters")
    page.wait_for_selector("html[data-ready]")
    assert page.locator("tbody tr").count() == 2 and page.locator("[data-rail-count=d]").first.inner_text() == "5"
    return page


def gone(page):
    page.locator("tbody tr").nth(1).wait_for(state="detached")
    assert page.locator("tbody").inner_text().startswith("Mail server out of reach")


@pytest.mark.parametrize(("act", "why", "animation"), [("replay", "", "settle"), ("discard", "sent_twice", "leave")])
def test_a_row_fades_and_leaves_and_the_count_beside_its_page_goes_down(visit, both, act, why, animation):
    page = opened(visit, "no-preference")
    dealt_with(act, why)
    page.evaluate(WATCH)
    page.keyboard.press("r")
    gone(page)
    assert page.evaluate("() => window.seen") == ["TR", animation, True]
    assert page.locator("[data-rail-count=d]").first.inner_text() == "3"


def test_a_beat_in_the_middle_of_it_neither_keeps_the_row_nor_writes_into_it(visit, both):
    page = opened(visit, "no-preference")
    dealt_with("replay")
    page.keyboard.press("r")
    page.wait_for_selector(".leaving", state="attached")
    with page.expect_response("**/operator/dead-letters"):
        page.keyboard.press("r")
    gone(page)


def test_without_motion_a_row_is_gone_at_once(visit, both):
    page = opened(visit, "reduce")
    dealt_with("replay")
    page.evaluate(WATCH)
    page.keyboard.press("r")
    gone(page)
    assert page.evaluate("() => window.seen") is None
