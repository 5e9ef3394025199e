"""What journeys do over and over: sign in, look for accessibility faults, keep a picture."""

import os

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests import plugin, world

SCREENS = plugin.ROOT / "docs" / "screens"
RULES = {
    "resultTypes": ["violations"],
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]},
}


def sign_in(page: Page, email: str, password: str = world.PASSWORD) -> None:
    """Fill in the sign-in page and wait for where it leads."""
    page.goto("/login")
    page.locator("[name=email]").fill(email)
    page.locator("[name=password]").fill(password)
    page.locator("form[action='/login'] [type=submit]").click()
    page.wait_for_url(lambda url: not url.endswith("/login"))


def axe_clean(page: Page) -> None:
    """Fail with a readable list when the page has an accessibility fault (WCAG 2.2 AA and good practice)."""
    results = Axe().run(page, options=RULES)
    faults = [
        f"{fault['id']}: {fault['help']}: " + "; ".join(node["html"][:200] for node in fault["nodes"][:4])
        for fault in results.response["violations"]
    ]
    assert not faults, f"{page.url}\n" + "\n".join(faults)


def fits(page: Page) -> None:
    """Fail when the page scrolls sideways."""
    wide, room = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
    assert wide <= room, f"{page.url} is {wide} wide in {room}"


def snap(page: Page, name: str) -> None:
    """Keep a picture: under docs/screens/ with SCREENS=1, else beside the tests' state."""
    folder = SCREENS if os.environ.get("SCREENS") == "1" else plugin.STATE / "screens"
    folder.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=folder / f"{name}.png", full_page=False)
