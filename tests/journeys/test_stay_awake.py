"""Screens that nobody touches for hours ask the browser to stay awake: the gate's, and the console on a wall."""

import pytest
from playwright.sync_api import expect

from tests import world
from tests.journeys.acts import sign_in

pytestmark = pytest.mark.journey
# A tab is never hidden here and a screen never sleeps: what is asked of the browser is what can be seen.
LISTEN = """
window.asked = [];
const asks = {
  request: async (kind) => { window.asked.push(kind); if (window.refuse) throw new Error("no"); return {}; },
};
Object.defineProperty(navigator, "wakeLock", { value: asks });
window.turn = (hidden) => {
  Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
  Object.defineProperty(document, "visibilityState", { value: hidden ? "hidden" : "visible", configurable: true });
  document.dispatchEvent(new Event("visibilitychange"));
  return window.asked.length;
};
"""
NONE = 'Object.defineProperty(navigator, "wakeLock", { value: undefined });'


@pytest.fixture
def screen(visit, live_site):
    """`screen("gate")`, `screen("wall")`, `screen("console")`: the screen, in a browser that notes what it is asked."""
    slug = world.read("greenfield").ref.slug
    screens = {
        "gate": (f"officer@{slug}.example", f"/s/{slug}/gate"), "wall": ("operator@example.com", "/operator?wall=1"),
        "console": ("operator@example.com", "/operator"),
    }  # fmt: skip

    def show(name, script=LISTEN):
        page = visit()
        page.add_init_script(script)
        who, path = screens[name]
        sign_in(page, who)
        page.goto(path)
        page.wait_for_load_state("networkidle")
        return page

    return show


@pytest.mark.parametrize("name", ["gate", "wall"])
def test_it_stays_awake_and_again_when_it_is_looked_at_again(screen, name):
    page = screen(name)
    page.wait_for_function("window.asked.length === 1")
    assert page.evaluate("window.asked") == ["screen"]
    assert page.evaluate("turn(true)") == 1  # hidden: the browser has let go, and there is nothing to keep awake
    assert page.evaluate("turn(false)") == 2
    page.evaluate("window.refuse = true")
    assert page.evaluate("turn(false)") == 3  # a refusal breaks nothing: `visit` fails on any script that does


def test_the_console_at_a_desk_leaves_the_screen_alone(screen):
    page = screen("console")
    assert page.evaluate("window.asked") == [] and page.evaluate("turn(false)") == 0


@pytest.mark.parametrize("name", ["gate", "wall"])
def test_a_browser_that_cannot_stay_awake_shows_the_page_all_the_same(screen, name):
    expect(screen(name, NONE).locator("h1")).to_have_count(1)
