"""A live page: beats while it is looked at, swaps only what differs, and says honestly when it is not live."""

import pytest
from django.template.loader import render_to_string
from playwright.sync_api import expect

from tests.journeys.acts import sign_in

pytestmark = pytest.mark.journey
ROWS = '<li data-key="{0}" id="row-{0}"><input aria-label="{0}" value=""> <b>{1}</b></li>'


class Server:
    """What the live page's polls are answered, and what they asked."""

    def __init__(self) -> None:
        self.status = 200
        self.rows = "".join(ROWS.format(name, 1) for name in "abc")
        self.asked: list[dict[str, str]] = []

    def answer(self, route):
        self.asked.append(route.request.headers)
        route.fulfill(status=self.status, body=self.rows, content_type="text/html")


@pytest.fixture
def server():
    return Server()


@pytest.fixture
def live(visit, server):
    """`live(url)`: a page of the product with a live list of three rows, on a clock of the test's own."""

    def arrive(url="/rows"):
        page = visit()
        sign_in(page, "admin@greenfield.example")
        page.clock.install()
        told = {"url": url, "target": "#rows", "live_zone": "Africa/Johannesburg", "live_clock": "07:12:00"}
        more = f'{render_to_string("_components/live.html", told)}<ul id="rows">{server.rows}</ul><div>'

        def with_list(route):
            original = route.fetch()
            text = original.text().replace('<div class="page-head__actions">', more, 1)
            route.fulfill(response=original, body=text)

        page.route("**/account/profile", with_list)
        page.route("**/rows", server.answer)
        page.goto("/account/profile")
        expect(page.locator("html")).to_have_attribute("data-ready", "")
        return page

    return arrive


def test_a_beat_comes_after_thirty_seconds_and_changes_only_what_differs(live, server):
    page = live()
    server.rows = ROWS.format("c", 1) + ROWS.format("b", 2) + ROWS.format("d", 1)
    field = page.locator("#row-b input")
    field.fill("half a sente")
    page.evaluate("window.kept = document.querySelector('#row-c')")
    page.clock.run_for(31_000)
    expect(page.locator("#row-d")).to_be_visible()
    expect(page.locator("#rows li")).to_have_count(3)
    expect(page.locator("#row-b b")).to_have_text("2")
    expect(field).to_have_value("half a sente")
    expect(field).to_be_focused()
    assert page.evaluate("window.kept.isConnected && window.kept === document.querySelector('#rows').firstElementChild")
    assert server.asked[0]["x-live"] == "1"


def test_ninety_seconds_without_an_answer_are_said_and_retry_mends_it(live, server):
    page = live()
    server.status = 500
    mark = page.locator("[data-live]")
    expect(mark).to_contain_text("Live · updated")
    expect(mark).to_have_attribute("data-state", "live")
    page.clock.run_for(92_000)
    expect(mark).to_have_attribute("data-state", "stale")
    expect(page.get_by_text("Not live · last updated")).to_be_visible()
    expect(page.locator("#rows li")).to_have_count(3)
    server.status = 200
    page.get_by_role("button", name="Retry").click()
    expect(mark).to_have_attribute("data-state", "live")


def test_a_page_nobody_looks_at_does_not_ask(live, server):
    page = live()
    page.evaluate("Object.defineProperty(document, 'hidden', {get: () => true, configurable: true})")
    page.clock.run_for(120_000)
    assert server.asked == []
    page.evaluate("delete document.hidden; document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.locator("[data-live]")).to_have_attribute("data-state", "live")
    assert len(server.asked) == 1


def test_a_session_that_ended_is_said_over_the_page(live):
    page = live("/account/sessions")
    page.context.clear_cookies()
    page.locator("#row-a input").fill("kept")
    page.clock.run_for(31_000)
    expect(page.get_by_role("heading", name="You have been signed out")).to_be_visible()
    page.get_by_role("button", name="Back to the page").click()
    expect(page.locator("#row-a input")).to_have_value("kept")


def test_keys_go_where_they_say_and_can_be_switched_off(visit):
    page = visit()
    sign_in(page, "admin@greenfield.example")
    page.goto("/account/profile")
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#keys")).to_be_hidden()
    page.keyboard.press("g")
    page.keyboard.press("l")
    page.wait_for_url("**/s/greenfield/learners")
    page.goto("/account/appearance")
    page.locator("[name=keys][value=off]").check()
    page.locator("main [type=submit]").click()
    expect(page.locator("html")).to_have_attribute("data-keys", "off")
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_hidden()


def test_escape_closes_the_account_menu_and_gives_focus_back(visit):
    page = visit(width=360)
    sign_in(page, "officer@greenfield.example")
    page.goto("/account/profile")
    menu = page.locator(".person")
    menu.locator("summary").click()
    expect(menu.get_by_role("link", name="Sessions")).to_be_visible()
    page.keyboard.press("Escape")
    expect(menu.get_by_role("link", name="Sessions")).to_be_hidden()
    expect(menu.locator("summary")).to_be_focused()
