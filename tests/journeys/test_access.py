"""From a stranger’s request to their first sign-in: the real web process, a real worker, links out of the mail."""

import re

import pytest
from playwright.sync_api import expect

from tests import processes
from tests.journeys.acts import axe_clean, fits, sign_in, snap

pytestmark = [pytest.mark.journey, pytest.mark.processes]
NEW = "quiet river walks home"
TO = "naledi@district.example"
WAYS = [
    ("en", 1280, "light", False), ("en", 320, "dark", True), ("zu", 360, "dark", True), ("zu", 1280, "light", True),
    ("af", 320, "contrast", True),
]  # fmt: skip


def looked_at(page, name):
    axe_clean(page)
    fits(page)
    snap(page, f"access-{name}")


def mail(page, worker, words):
    """The link in the newest mail that holds `words`, once the worker has sent it."""

    def items():
        return page.request.get("/dev/mailbox.json", params={"to": TO}).json()["items"]

    processes.eventually(lambda: any(words in one["text"] for one in items()), words, log=worker.log)
    text = next(one["text"] for one in items() if words in one["text"])
    return re.search(r"http://\S+/(?:request-access|set-password)/\S+", text)[0]


@pytest.mark.parametrize(("language", "width", "theme", "script"), WAYS)
def test_a_stranger_asks_is_approved_and_signs_in(live_site, visit, tmp_path, language, width, theme, script):
    shape = f"{language}-{width}-{theme}"
    with processes.worker(live_site.database, tmp_path / "worker.log") as worker:
        # Without JavaScript in the first of these: asking, confirming and choosing a password must not need it.
        page = visit(language=language, width=width, theme=theme, script=script)
        look = (lambda name: looked_at(page, f"{name}-{shape}")) if script else (lambda name: None)
        page.goto("/login")
        look("sign-in")
        page.locator("a[href='/request-access']").click()
        look("ask")
        page.locator("a[href='/request-access/notice']").click()
        expect(page.locator("html")).to_have_attribute("lang", language)
        expect(page.locator("main")).to_contain_text("POPIAComplaints@inforegulator.org.za")
        look("notice")
        page.locator("main a[href='/request-access']").last.click()
        page.locator("main form [type=submit]").click()
        expect(page.locator("[data-summary]")).to_be_visible()
        look("ask-empty")
        for name, value in (("full_name", "Naledi Khumalo"), ("work_email", TO), ("organization", "Tshwane North")):
            page.locator(f"[name={name}]").fill(value)
        page.locator("[name=region]").select_option("ZA-GP")
        page.locator("[name=reason]").fill("I look after the schools of the north.")
        page.locator("main form [type=submit]").click()
        page.wait_for_url("**/request-access?sent=*")
        look("sent")
        page.goto(mail(page, worker, "/request-access/confirm/"))
        look("confirm")
        expect(page.locator("html")).to_have_attribute("lang", language)
        page.locator("main form [type=submit]").click()
        page.wait_for_url("**/request-access/status/**")
        look("status")

        decider = visit(language=language, width=width, theme=theme)
        sign_in(decider, "gauteng@example.com")
        decider.goto("/operator/requests")
        looked_at(decider, f"queue-{shape}")
        decider.locator("th[scope=row] a").click()
        decider.locator("#role-local_operator").check()
        looked_at(decider, f"panel-{shape}")
        decider.locator("[name=schools]").first.check()
        decider.locator(".requests__grant [type=submit].button--primary").click()
        decider.wait_for_url("**saved=request_approved")
        expect(decider.locator(".toast")).to_be_visible()
        looked_at(decider, f"approved-{shape}")

        spent = mail(page, worker, "/set-password/")
        page.goto(spent)
        look("set-password")
        page.locator("[name=new]").fill("short")
        page.locator("main form [type=submit]").click()
        expect(page.locator("[data-summary]")).to_be_visible()
        look("set-password-weak")
        page.locator("[name=new]").fill(NEW)
        page.locator("main form [type=submit]").click()
        page.wait_for_url("**/login?saved")
        look("saved")
        page.goto(spent)
        expect(page.locator("h1")).to_be_visible()
        look("link-used")
        page.goto("/login")
        page.locator("[name=email]").fill(TO)
        page.locator("[name=password]").fill(NEW)
        page.locator("form[action='/login'] [type=submit]").click()
        page.wait_for_url(lambda url: "/login" not in url)
        told = page.request.get("/api/me").json()
        assert (told["name"], told["roles"]) == ("Naledi Khumalo", ["local_operator"])
    secrets = re.findall(r"/(?:confirm|status|set-password)/([A-Za-z0-9_-]{40,})", live_site.log.read_text())
    assert secrets == [], "no secret of a link is in the log"


def asks(page, worker, organization, region):
    """Ask and confirm, without looking; the path of the status page."""
    page.goto("/request-access")
    for name, value in (("full_name", "Naledi Khumalo"), ("work_email", TO), ("organization", organization)):
        page.locator(f"[name={name}]").fill(value)
    page.locator("[name=region]").select_option(region)
    page.locator("[name=reason]").fill("I am the principal.")
    page.locator("main form [type=submit]").click()
    page.wait_for_url("**/request-access?sent=*")
    page.goto(mail(page, worker, "/request-access/confirm/"))
    page.locator("main form [type=submit]").click()
    page.wait_for_url("**/request-access/status/**")
    return page.url


@pytest.mark.parametrize(
    ("language", "width", "theme"), [("en", 1280, "dark"), ("zu", 320, "light"), ("af", 360, "dark")]
)
def test_an_admin_of_a_school_that_is_here_signs_in_at_its_own_address(
    live_site, visit, tmp_path, language, width, theme
):
    """The panel shows the school that the request looks like; the first sign-in is at the school's own page."""
    shape = f"{language}-{width}-{theme}"
    with processes.worker(live_site.database, tmp_path / "worker.log") as worker:
        page = visit(language=language, width=width, theme=theme)
        status = asks(page, worker, "Greenfield Primary School", "ZA-GP")
        decider = visit(language=language, width=width, theme=theme)
        sign_in(decider, "gauteng@example.com")
        decider.goto("/operator/requests")
        decider.locator("th[scope=row] a").click()
        alike = decider.locator(".requests__panel .notice a[href^='/operator/schools/']")
        expect(alike).to_contain_text("Greenfield Primary")
        looked_at(decider, f"panel-alike-{shape}")
        key = alike.get_attribute("href").rpartition("/")[2]
        decider.locator("#role-school_admin").check()
        decider.locator(f"[name=schools][value='{key}']").check()
        decider.locator(".requests__grant [type=submit].button--primary").click()
        decider.wait_for_url("**saved=request_approved")
        page.goto(status)
        looked_at(page, f"status-approved-{shape}")
        page.goto(mail(page, worker, "/set-password/"))
        page.locator("[name=new]").fill(NEW)
        page.locator("main form [type=submit]").click()
        page.wait_for_url("**/login?saved")
        page.goto("/s/greenfield/")
        expect(page.locator("h1")).to_contain_text("Greenfield Primary")
        looked_at(page, f"branded-{shape}")
        page.locator("[name=email]").fill(TO)
        page.locator("[name=password]").fill(NEW)
        page.locator("form[action='/login'] [type=submit]").click()
        page.wait_for_url("**/s/greenfield/")
        told = page.request.get("/api/me").json()
        assert (told["name"], told["roles"], told["school"]["slug"]) == (
            "Naledi Khumalo", ["school_admin"], "greenfield"
        )  # fmt: skip


@pytest.mark.parametrize(("language", "width", "theme"), [("zu", 360, "light"), ("en", 320, "dark")])
def test_a_rejected_request_is_reopened(live_site, visit, tmp_path, language, width, theme):
    shape = f"{language}-{width}-{theme}"
    with processes.worker(live_site.database, tmp_path / "worker.log") as worker:
        page = visit(language=language, width=width, theme=theme)
        status = asks(page, worker, "Tshwane North", "ZA-GP")
        decider = visit(language=language, width=width, theme=theme)
        sign_in(decider, "gauteng@example.com")
        decider.goto("/operator/requests")
        decider.locator("th[scope=row] a").click()
        decider.locator(".requests__reject [name=reason]").fill("The district has somebody already.")
        decider.locator(".requests__reject [type=submit]").click()
        decider.wait_for_url("**saved=request_rejected")
        looked_at(decider, f"rejected-{shape}")
        page.goto(status)
        expect(page.locator("blockquote")).to_have_text("The district has somebody already.")
        looked_at(page, f"status-rejected-{shape}")
        decider.locator("form[action*='/reopen'] button").click()
        decider.wait_for_url("**saved=request_reopened")
        page.reload()
        expect(page.locator("blockquote")).to_have_count(0)
        looked_at(page, f"status-reopened-{shape}")
        page.goto("/request-access/status/" + "x" * 43)
        looked_at(page, f"status-unknown-{shape}")


@pytest.mark.parametrize(("language", "width", "theme"), [("zu", 320, "light"), ("af", 1280, "dark")])
def test_a_request_becomes_a_new_school_from_the_queue(live_site, visit, tmp_path, language, width, theme):
    """The panel shows what belongs to the chosen role alone, and leads to the onboarding it began."""
    with processes.worker(live_site.database, tmp_path / "worker.log") as worker:
        page = visit(language=language)
        asks(page, worker, "Laerskool Hoogland", "ZA-NC")
        decider = visit(language=language, width=width, theme=theme)
        sign_in(decider, "root@example.com")
        decider.goto("/operator/requests")
        decider.locator("th[scope=row] a").click()
        decider.locator("#role-school_admin").check()
        expect(decider.locator(".requests__schools")).to_be_visible()
        for other in ("regions", "new", "circle"):
            expect(decider.locator(f".requests__{other}")).to_be_hidden()
        looked_at(decider, f"panel-school-admin-{language}-{width}")
        decider.locator("#role-new_school").check()
        expect(decider.locator("[name=school_name]")).to_have_value("Laerskool Hoogland")
        expect(decider.locator("[name=school_region]")).to_have_value("ZA-NC")
        expect(decider.locator(".requests__schools")).to_be_hidden()
        looked_at(decider, f"panel-new-school-{language}-{width}")
        decider.locator(".requests__grant [type=submit].button--primary").click()
        decider.wait_for_url("**saved=request_approved")
        decider.locator("a[href^='/operator/onboardings/']").last.click()
        expect(decider.locator(".steps__one")).to_have_count(3)
        assert "/set-password/" in mail(page, worker, "/set-password/")


@pytest.mark.parametrize(("language", "width", "theme"), [("en", 360, "light"), ("zu", 1280, "dark")])
def test_somebody_who_forgot_their_password_comes_back(live_site, visit, tmp_path, language, width, theme):
    page = visit(language=language, width=width, theme=theme)
    page.goto("/s/greenfield/")
    expect(page.locator("h1")).to_contain_text("Greenfield Primary")
    looked_at(page, f"school-sign-in-{language}-{width}-{theme}")
    page.locator("a[href='/forgot-password']").click()
    looked_at(page, f"forgot-{language}-{width}-{theme}")
    page.locator("[name=email]").fill("admin@greenfield.example")
    page.locator("main form [type=submit]").click()
    page.wait_for_url("**/forgot-password?sent")
    looked_at(page, f"forgot-sent-{language}-{width}-{theme}")
    page.goto("/set-password/" + "x" * 43)
    looked_at(page, f"link-spent-{language}-{width}-{theme}")
