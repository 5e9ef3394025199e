"""The operator's schools in a browser: found, suspended in a dialog by keyboard, felt at a gate, and taken up again."""

from urllib.parse import urlsplit

import pytest
from django.utils import timezone, translation
from django.utils.translation import gettext
from playwright.sync_api import expect

from shared_apps.identity.models import Login
from shared_apps.identity.services.sign_in import email_hash
from shared_apps.schools.rules import mark_of
from shared_apps.schools.services import settings, standing
from tenant_apps.events.models import Reaction
from tenant_apps.events.services.record import record
from tenant_apps.messaging.jobs import tell_platform
from tenant_apps.people.models import SchoolProfile
from tenants.actor import Actor, system
from tenants.models import School
from tenants.scope import school_scope
from tests import world
from tests.journeys.acts import axe_clean, fits, sign_in, snap

pytestmark = pytest.mark.journey
OPERATOR = "operator@example.com"
SUSPENDING = "Suspending blocks all logins and gate scans for this school."


def in_trouble(cast):
    """Work that was given up, and all of it published."""
    now = timezone.now()
    with school_scope(cast.ref):
        event = record("gate.scanned", by=system("test"), at=now, now=now, quiet=True)
        Reaction.objects.create(
            event=event, handler="messaging.tell_guardians", lane="movement-postcommit", next_at=now, state="dead",
            attempts=8, error="mailbox_full", done_at=now,
        )  # fmt: skip
    tell_platform(school=cast.ref)


def stood_down(slug):
    """A school that an operator suspended, with a reason."""
    school = School.objects.get(slug=slug)
    standing.suspend(
        by=somebody(), school_id=school.id, confirm_name=school.name, reason="Closed for good by the district office",
        now=timezone.now(),
    )  # fmt: skip


def settings_changed(cast):
    school = School.objects.get(pk=cast.ref.id)
    before = settings.directory_entry(school)
    settings.change_directory(
        by=somebody(), school_id=school.id, seen=mark_of(before), now=timezone.now(),
        values={**before, "timezone": "Africa/Maputo", "slug": "greenfield-primary-school-of-the-east"},
    )  # fmt: skip


def somebody():
    login = Login.objects.get(email_hash=email_hash(OPERATOR))
    return Actor(kind="person", scope="platform", roles=frozenset({"operator"}), login=login.id)


@pytest.mark.parametrize(
    ("language", "width", "theme"),
    [
        ("en", 1280, "light"),
        ("zu", 320, "light"),
        ("af", 768, "dark"),
        ("en", 360, "dark"),
        ("zu", 1280, "dark"),
        ("af", 320, "contrast"),
    ],
)
def test_the_pages_of_the_schools_fit_and_are_accessible(visit, language, width, theme):
    School.objects.filter(slug="riverside").update(
        name="Hoërskool Karoorand-Noord en Omstreke Privaat Kollege", timezone="America/Argentina/Buenos_Aires"
    )
    cast, riverside = world.read("greenfield"), world.read("riverside").ref.id
    in_trouble(cast)
    stood_down("riverside")
    settings_changed(cast)
    page = visit(language=language, width=width, theme=theme)
    sign_in(page, OPERATOR)
    key = cast.ref.id
    for name, path in (
        ("schools", ""), ("schools-none", "?search=nowhere"), ("school", f"/{key}"), ("suspend", f"/{key}/suspend"),
        ("settings", f"/{key}/settings"), ("support", f"/{key}/support"), ("disabled", f"/{riverside}"),
        ("reactivate", f"/{riverside}/reactivate"), ("tab-pending", "?state=pending"),
    ):  # fmt: skip
        page.goto(f"/operator/schools{path}")
        assert page.locator("html").get_attribute("lang") == language
        fits(page)
        axe_clean(page)
        snap(page, f"operator-{name}-{width}-{language}-{theme}")
    page.goto("/operator/schools?search=greenfield")
    page.locator(".schools details summary").first.click()
    fits(page)
    snap(page, f"operator-schools-menu-{width}-{language}-{theme}")
    page.locator("[data-progress]").first.click()
    page.locator(".schools__more dl").wait_for()
    fits(page)
    axe_clean(page)
    snap(page, f"operator-schools-progress-{width}-{language}-{theme}")
    page.locator(".schools details summary").first.click()
    page.locator("[data-standing]").first.click()
    page.locator("dialog[open]").wait_for()
    fits(page)
    axe_clean(page)
    snap(page, f"operator-suspend-dialog-{width}-{language}-{theme}")


def test_a_school_is_suspended_by_keyboard_and_its_people_are_out(visit, live_site):
    admin = visit()
    sign_in(admin, "admin@greenfield.example")
    page = visit()
    sign_in(page, OPERATOR)
    page.goto("/operator/schools")
    page.keyboard.press("/")
    page.keyboard.type("greenf")
    page.keyboard.press("Enter")
    page.wait_for_url("**search=greenf")
    expect(page.locator("tbody tr")).to_have_count(1)
    page.locator(".schools summary").focus()
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Suspend", exact=True).focus()
    page.keyboard.press("Enter")
    dialog = page.locator("dialog[open]")
    expect(dialog).to_contain_text(SUSPENDING)
    button = dialog.get_by_role("button", name="Suspend this school")
    expect(dialog.locator("[name=confirm_name]")).to_be_focused()
    expect(button).to_be_disabled()
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    assert page.evaluate("document.activeElement.tagName") == "SUMMARY"
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Suspend", exact=True).click()
    page.keyboard.type("greenfield primary")
    expect(button).to_be_disabled()
    dialog.locator("[name=confirm_name]").fill("Greenfield Primary")
    expect(button).to_be_enabled()
    dialog.locator("[name=reason]").fill("Asked for by the district")
    button.click()
    page.wait_for_url("**saved=suspended**")
    expect(page.locator(".toast")).to_contain_text("School suspended")
    expect(page.locator("tbody tr", has_text="Greenfield")).to_contain_text("Disabled")
    admin.reload()
    expect(admin.locator("h1")).to_have_text("This school is suspended")
    page.get_by_role("link", name="Greenfield Primary").click()
    expect(page.get_by_role("main")).to_contain_text("Reason: Asked for by the district")
    axe_clean(page)
    snap(page, "operator-suspended")
    page.get_by_role("link", name="Reactivate").click()
    page.locator("dialog[open]").get_by_role("button").click()
    page.wait_for_url("**saved=reactivated**")
    admin.goto("/s/greenfield/")
    expect(admin.locator("h1")).not_to_have_text("This school is suspended")


def test_without_script_a_school_is_suspended_on_a_page_of_its_own(visit, live_site):
    page = visit(script=False, width=360)
    sign_in(page, OPERATOR)
    page.goto("/operator/schools")
    page.locator("[name=to]").fill("Riverside High")
    page.get_by_role("button", name="Go", exact=True).click()
    expect(page.locator("h1")).to_have_text("Riverside High")
    page.get_by_role("link", name="Suspend").click()
    expect(page.get_by_role("main")).to_contain_text(SUSPENDING)
    page.locator("[name=confirm_name]").fill("riverside high")
    page.locator("[name=reason]").fill("A wrong name first")
    page.get_by_role("button", name="Suspend this school").click()
    expect(page.locator("[name=confirm_name]")).to_have_attribute("aria-invalid", "true")
    expect(page.locator("[name=reason]")).to_have_value("A wrong name first")
    page.locator("[name=confirm_name]").fill("Riverside High")
    page.get_by_role("button", name="Suspend this school").click()
    page.wait_for_url("**saved=suspended**")
    assert School.objects.get(slug="riverside").state == "disabled"


def test_the_picker_offers_schools_while_one_types(visit, live_site):
    page = visit()
    sign_in(page, OPERATOR)
    page.goto("/operator/schools")
    page.locator("[name=to]").type("high")
    expect(page.locator("#jump-names option")).to_have_count(1)
    assert page.locator("#jump-names option").get_attribute("value") == "Riverside High"


@pytest.mark.parametrize(
    ("language", "width", "theme"), [("en", 1280, "light"), ("af", 320, "light"), ("zu", 320, "dark")]
)
def test_an_admin_is_helped_back_in_from_support(visit, live_site, language, width, theme):
    cast = world.read("greenfield")
    page = visit(language=language, width=width, theme=theme)
    sign_in(page, OPERATOR)
    page.goto(f"/operator/schools/{cast.ref.id}/support")
    page.locator("main [name=email]").fill("nobody@example.com")
    page.keyboard.press("Enter")  # the first of the two deeds
    expect(page.locator("main [name=email]")).to_have_attribute("aria-invalid", "true")
    axe_clean(page)
    fits(page)
    page.locator("main [name=email]").fill(cast.email("admin"))
    page.locator("[name=deed][value=reset]").press("Enter")
    link = page.locator("[data-link]").inner_text()
    axe_clean(page)
    fits(page)
    snap(page, f"operator-support-link-{width}-{language}-{theme}")
    page.goto(page.url)
    assert page.locator("[data-link]").count() == 0  # once
    admin = visit(language=language, width=width, theme=theme)
    admin.goto(urlsplit(link).path)
    admin.locator("[name=new]").fill("quiet river walks home")
    admin.locator("main [type=submit]").click()
    sign_in(admin, cast.email("admin"), "quiet river walks home")
    admin.wait_for_url("**/s/greenfield/**")


@pytest.mark.parametrize("language", ["en", "af", "zu"])
def test_a_school_with_an_emergency_is_not_suspended_and_is_told_why(visit, live_site, language):
    cast = world.read("greenfield")
    with school_scope(cast.ref):
        SchoolProfile.objects.update(lockdown=True)
    page = visit(language=language, width=320)
    sign_in(page, OPERATOR)
    page.goto(f"/operator/schools/{cast.ref.id}")
    page.wait_for_selector("html[data-ready]")
    page.locator("[data-standing]").press("Enter")
    dialog = page.locator("dialog[open]")
    dialog.locator("[name=confirm_name]").fill("Greenfield Primary")
    dialog.locator("[name=reason]").fill("Unpaid")
    dialog.locator("[type=submit]").press("Enter")
    with translation.override(language):
        why = gettext("An emergency is active at this school. It cannot be suspended now.")
    expect(page.get_by_role("main")).to_contain_text(why)
    axe_clean(page)
    fits(page)
    snap(page, f"operator-suspend-emergency-{language}")
    assert School.objects.get(pk=cast.ref.id).state == "active"
