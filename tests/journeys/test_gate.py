"""The officer's gate screen in a real browser: wedge, typed code, search, amber and black, offline and back."""

from datetime import UTC, datetime, time, timedelta

import pytest
from playwright.sync_api import Page, expect

from tenant_apps.gate.models import Scan
from tenant_apps.people.models import SchoolProfile
from tenants.scope import school_scope
from tests import world
from tests.journeys.acts import axe_clean, fits, sign_in, snap

pytestmark = pytest.mark.journey
BURST = """code => {
  for (const key of [...code, "Enter"]) (document.activeElement ?? document.body).dispatchEvent(
    new KeyboardEvent("keydown", {key, bubbles: true, cancelable: true}));
}"""
WORDS = {
    "en": {"in": "Checked in", "out": "Checked out", "already": "Already checked in", "stop": "Stop and check",
           "saved": "Saved on this phone", "offline": "Offline · 2 scans saved on this phone",
           "sent": "All scans sent"},
    "zu": {"in": "Ungenile", "out": "Uphumile", "already": "Usengenile kakade", "stop": "Mima uhlole",
           "saved": "Kulondolozwe kule foni", "offline": "Akuxhunyiwe · ukuskena okungu\u20112 kulondolozwe kule foni",
           "sent": "Konke ukuskena kuthunyelwe"},
}  # fmt: skip


def wedge(page: Page, code: str) -> None:
    """What a scanner does: every key of the code at once, then Enter, with nothing focused."""
    page.evaluate(BURST, code)


def result(page: Page, tone: str, title: str) -> None:
    expect(page.locator("#result")).to_be_visible()
    expect(page.locator("#result")).to_have_attribute("data-tone", tone)
    expect(page.locator("#result-title")).to_have_text(title)


@pytest.fixture
def cast(live_site):
    """Greenfield, with a bell and a close that no test runs into."""
    found = world.read("greenfield")
    with school_scope(found.ref):
        SchoolProfile.objects.update(bell=time.max, close_time=time.max)
    return found


@pytest.fixture
def gate(visit, cast):
    """`gate(language="zu")`: an officer's phone on the gate screen."""

    def open_gate(*, language: str = "en", width: int = 360, height: int = 740) -> Page:
        page = visit(language=language, width=width, height=height)
        sign_in(page, cast.email("officer"))
        page.goto("/account/language")
        page.locator(f"[name=language][value={language}]").check()
        page.locator("main [type=submit]").click()
        expect(page.locator("html")).to_have_attribute("lang", language)
        page.goto("/s/greenfield/gate")
        page.wait_for_selector("html[data-ready]")
        return page

    return open_gate


def stored(cast):
    with school_scope(cast.ref):
        return list(Scan.objects.order_by("recorded_at").values_list("code", flat=True))


@pytest.mark.parametrize("language", ["en", "zu"])
def test_an_officer_scans_a_morning_by_wedge(gate, cast, language):
    page, words = gate(language=language), WORDS[language]
    expect(page.locator("html")).to_have_attribute("data-theme", "contrast")
    axe_clean(page)
    fits(page)
    snap(page, f"gate-ready-{language}")

    first, second = cast.learners[:2]
    wedge(page, cast.badges[first.id])
    result(page, "in", words["in"])
    expect(page.locator("#result [data-name]")).to_have_text(first.name)
    snap(page, f"gate-in-{language}")
    axe_clean(page)
    expect(page.locator("#result")).to_be_hidden()  # a plain one leaves by itself

    wedge(page, cast.badges[first.id])
    expect(page.locator("#again")).to_be_visible()  # within ten seconds
    assert stored(cast) == ["ok"]

    page.locator("[name=direction][value=in]").check()
    page.locator("#code").fill(cast.badges[second.id].lower().replace("-", " "))
    page.locator("#code").press("Enter")
    result(page, "in", words["in"])
    wedge(page, cast.revoked_badge)  # a new scan cuts in
    result(page, "stop", words["stop"])
    snap(page, f"gate-stop-{language}")
    axe_clean(page)
    fits(page)
    page.locator("#next").click()

    page.reload()
    page.wait_for_selector("html[data-ready]")
    page.locator("[name=direction][value=in]").check()
    wedge(page, cast.badges[first.id])
    result(page, "watch", words["already"])
    expect(page.locator("#result-line")).to_contain_text(":")  # the earlier time
    snap(page, f"gate-already-{language}")
    axe_clean(page)
    page.locator("#next").click()

    page.locator("[name=direction][value=out]").check()
    wedge(page, cast.badges[second.id])
    result(page, "out", words["out"])
    snap(page, f"gate-out-{language}")
    expect(page.locator("#result")).to_be_hidden()
    snap(page, f"gate-after-{language}")
    assert stored(cast) == ["ok", "ok", "revoked_badge", "already_in", "ok"]


@pytest.mark.parametrize("language", ["en", "zu"])
def test_scans_made_offline_are_kept_and_sent(gate, cast, language):
    page, words = gate(language=language), WORDS[language]
    page.context.set_offline(True)
    wedge(page, cast.badges[cast.learners[0].id])
    result(page, "saved", words["saved"])
    snap(page, f"gate-saved-{language}")
    axe_clean(page)
    expect(page.locator("#result")).to_be_hidden()
    wedge(page, cast.revoked_badge)
    result(page, "saved", words["saved"])  # nobody invents green, and nobody invents black
    expect(page.locator("#result")).to_be_hidden()
    expect(page.locator("#band")).to_have_text(words["offline"])
    snap(page, f"gate-offline-{language}")
    axe_clean(page)
    fits(page)
    assert stored(cast) == []

    page.locator(".gate__menu > summary").click()
    page.locator("#sign-out button").click()
    expect(page.locator("#unsent")).to_be_visible()  # not away with scans on the phone
    snap(page, f"gate-unsent-{language}")
    axe_clean(page)
    page.locator("#unsent [data-close]").click()

    page.context.set_offline(False)
    expect(page.locator("#band")).to_contain_text(words["sent"])
    assert sorted(stored(cast)) == ["ok", "revoked_badge"]
    expect(page.locator("#look li")).to_have_count(1)  # refused on arrival: never dropped
    snap(page, f"gate-look-{language}")
    axe_clean(page)
    page.locator("#look button").click()
    expect(page.locator("#look")).to_be_hidden()


def test_saved_scans_outlive_the_page(gate, cast):
    page = gate()
    page.route("**/api/gate/scans*", lambda route: route.fulfill(status=503, body=""))
    wedge(page, cast.badges[cast.learners[0].id])
    result(page, "saved", "Saved on this phone")
    page.unroute("**/api/gate/scans*")
    page.reload()
    expect(page.locator("#band")).to_contain_text("All scans sent")
    assert stored(cast) == ["ok"]


def test_a_learner_is_found_by_name_and_a_wrong_code_is_told_here(gate, cast):
    page = gate()
    page.locator("#code").fill(cast.badges[cast.learners[0].id][:-1] + "?")
    page.locator("#code").press("Enter")
    expect(page.locator("#code-error")).to_be_visible()
    snap(page, "gate-wrong-code")
    axe_clean(page)
    assert stored(cast) == []

    page.locator("#find-open").click()
    page.locator("#name").fill("learner1")
    expect(page.locator(".find__list button")).to_have_count(1)
    snap(page, "gate-find")
    axe_clean(page)
    fits(page)
    page.locator(".find__list button").click()
    result(page, "in", "Checked in")
    expect(page.locator("#result [data-name]")).to_have_text(cast.learners[1].name)


def test_a_wedge_never_takes_keys_from_a_field_and_slow_keys_are_no_scan(gate, cast):
    page = gate()
    page.locator("#find-open").click()
    page.locator("#name").press_sequentially("Learner2")
    expect(page.locator("#name")).to_have_value("Learner2")
    page.locator("#find [data-close]").click()
    page.evaluate(
        """async code => {
          for (const key of [...code.slice(0, 6), "Enter"]) {
            document.body.dispatchEvent(new KeyboardEvent("keydown", {key, bubbles: true}));
            await new Promise((done) => setTimeout(done, 50));
          }
        }""",
        cast.badges[cast.learners[0].id],
    )
    expect(page.locator("#result")).to_be_hidden()
    assert stored(cast) == []


def test_lockdown_is_red_and_what_is_pressed_is_large(gate, cast):
    page = gate()
    with school_scope(cast.ref):
        SchoolProfile.objects.update(lockdown=True)
    page.reload()
    page.wait_for_selector("html[data-ready]")
    wedge(page, cast.badges[cast.learners[0].id])
    result(page, "lockdown", "Lockdown")
    snap(page, "gate-lockdown")
    axe_clean(page)
    page.locator("#next").click()
    snap(page, "gate-lockdown-after")
    for button in page.locator(".gate__foot button, #code").all():
        box = button.bounding_box()
        assert box["height"] >= 72 and box["y"] > 740 * 2 / 3 - 80
    small = page.evaluate(
        """[...document.querySelectorAll("body *")].filter((one) => one.checkVisibility({visibilityProperty: true})
           && [...one.childNodes].some((node) => node.nodeType === 3 && node.data.trim())
           && !one.closest(".visually-hidden, script") && parseFloat(getComputedStyle(one).fontSize) < 18)
           .map((one) => one.outerHTML.slice(0, 100))"""
    )
    assert small == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_chosen_theme_is_kept_and_readable(gate, cast, live_site, theme):
    page = gate()
    page.context.add_cookies([{"name": "theme", "value": theme, "url": live_site.url}])
    page.reload()
    page.wait_for_selector("html[data-ready]")
    expect(page.locator("html")).to_have_attribute("data-theme", theme)
    axe_clean(page)
    for code, tone in ((cast.badges[cast.learners[0].id], "in"), ("NO-SUCH-BADGE", "stop")):
        wedge(page, code)
        expect(page.locator("#result")).to_have_attribute("data-tone", tone)
        axe_clean(page)
        snap(page, f"gate-{tone}-{theme}")


def test_a_wrong_clock_is_told(gate, cast):
    page = gate()
    page.clock.set_fixed_time(datetime.now(UTC) - timedelta(minutes=10))
    wedge(page, cast.badges[cast.learners[0].id])
    expect(page.locator("#warning")).to_contain_text("clock")
    assert stored(cast) == ["ok"]


@pytest.mark.parametrize("language", ["en", "zu"])
def test_a_scan_at_the_gate_changes_today_on_the_admins_open_page(gate, visit, cast, language):
    """Two people at once: the page that was open before the scan shows it, without being loaded again."""
    phone = gate(language=language)
    desk = visit(language=language, width=360)
    sign_in(desk, cast.email("admin"))
    desk.goto("/s/greenfield/")
    expect(desk.locator(".figure__link")).to_have_text("0")
    wedge(phone, cast.badges[cast.learners[0].id])
    result(phone, "in", WORDS[language]["in"])
    desk.evaluate("document.body.dispatchEvent(new CustomEvent('live', {bubbles: true}))")
    expect(desk.locator(".figure__link")).to_have_text("1")
    expect(desk.locator("[data-key=below]")).to_contain_text(cast.learners[0].name)
    axe_clean(desk)
    fits(desk)
    snap(desk, f"today-after-scan-{language}")
