"""A school's first thirty days as an operator sees them, and an onboarding that is cancelled: light and dark, on a desk
and at 320 px, in three languages."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from shared_apps.schools.models import Onboarding, Welcome
from shared_apps.schools.services import go_live, welcome
from shared_apps.workflows.models import Run, RunState, Step
from tests import world
from tests.journeys.acts import axe_clean, fits, sign_in, snap
from tests.journeys.test_onboarding import fill
from tests.operator.ground import figures
from tests.schools.after_go import BARE

pytestmark = pytest.mark.journey
DAY = timedelta(days=1)
LOOKS = [("en", "light", 1280), ("zu", "dark", 320), ("af", "contrast", 320), ("zu", "light", 768)]


@pytest.fixture
def month(real_commits):
    """Greenfield on its day 31: some of it done, one letter given up, and it is not live."""
    cast, now = world.read("greenfield"), timezone.now()
    begun = now - 31 * DAY
    run = Run.objects.create(
        workflow="schools.onboarding", key="k", started_by="t", created_at=begun, state=RunState.COMPLETE
    )
    onboarding = Onboarding.objects.create(
        run=run, school=cast.ref.id, name=cast.ref.name, timezone="Africa/Johannesburg", close_time="17:00",
        admin=cast.staff["admin"].id,
    )  # fmt: skip
    for position, name in enumerate(("create_school", "create_admin", "provisioned")):
        Step.objects.create(
            run=run, position=position, name=name, lane="worker", state="done", spent_at=5, wake_at=begun,
            started_at=begun, ended_at=begun + timedelta(seconds=1),
        )  # fmt: skip
    figures(cast.ref, now=now, **(BARE | {"classes": 4, "learners": 30, "active_learners": 12}))
    welcome.begin(run.pk, begun)
    fates = {"welcome": "send", "roster": "reached", "scan": "send", "delivery": "late"}
    steps = Step.objects.filter(run=Welcome.objects.get().run_id)
    for name, fate in fates.items():
        steps.filter(name=name).update(state="done", result={"fate": fate}, ended_at=begun + 4 * DAY)
    go_live.keep(
        Welcome.objects.get(), go_live.criteria(go_live.figures_of([cast.ref.id], now=now)[cast.ref.id], now=now),
        by="test", now=now,
    )  # fmt: skip
    steps.filter(name="evaluation").update(state="done", ended_at=now)
    steps.filter(name="outcome").update(state="failed", attempts=5, reason="lost", ended_at=now)
    Run.objects.filter(workflow="schools.welcome").update(state=RunState.PARTIAL)
    return onboarding


def looks_right(page, name):
    axe_clean(page)
    fits(page)
    snap(page, name)


@pytest.mark.parametrize(("language", "theme", "width"), LOOKS)
def test_the_checklist_the_letters_and_day_thirty_and_what_stands_still(visit, month, language, theme, width):
    page = visit(language=language, theme=theme, width=width, height=1600)
    look = f"{language}-{theme}-{width}"
    sign_in(page, "operator@example.com")
    page.goto("/operator")
    expect(page.locator(f"a[href='/operator/onboardings/{month.pk}#after-go']").first).to_be_visible()
    looks_right(page, f"month-console-{look}")
    page.goto("/operator/onboardings")
    looks_right(page, f"month-list-{look}")
    page.locator(f"a[href='/operator/onboardings/{month.pk}#after-go']").first.click()
    expect(page.locator("#after-go")).to_be_visible()
    expect(page.locator("[data-item=class][data-state=done]")).to_be_visible()
    expect(page.locator("[data-item=scan][data-state=overdue]")).to_be_visible()
    looks_right(page, f"month-{look}")
    page.locator("[data-stuck] a").click()
    expect(page.locator("form[data-leaves=live]")).to_be_visible()
    looks_right(page, f"month-cancel-{look}")
    page.locator("form[data-leaves] [type=submit]").click()
    expect(page.locator("[data-cancelled]")).to_be_visible()
    looks_right(page, f"month-cancelled-{look}")
    page.locator("[data-cancelled] [type=submit]").click()
    expect(page.locator("[data-cancelled]")).to_have_count(0)
    expect(page.locator("[data-stuck]")).to_have_count(0)


@pytest.mark.parametrize("script", [True, False])
@pytest.mark.parametrize(("language", "theme", "width"), LOOKS[:2])
def test_an_onboarding_is_cancelled_after_it_was_said_what_stays(visit, live_site, language, theme, width, script):
    page = visit(language=language, theme=theme, width=width, script=script)
    look = f"{language}-{theme}-{width}"
    sign_in(page, "operator@example.com")
    fill(page, "Karoorand")
    page.locator("[name=admin_email]").press("Enter")
    page.locator("main form [type=submit]").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector(".steps")
    page.locator("a[href$='/cancel']").focus()
    page.keyboard.press("Enter")
    expect(page.locator("form[data-leaves=nothing]")).to_be_visible()
    if script:
        looks_right(page, f"cancel-{look}")
    page.locator("form[data-leaves] .button--plain").click()  # let it go on
    expect(page.locator("a[href$='/cancel']")).to_be_visible()
    page.locator("a[href$='/cancel']").click()
    page.locator("form[data-leaves] [type=submit]").click()
    expect(page.locator("[data-key=failed]")).to_be_visible()
    expect(page.locator("a[href$='/cancel']")).to_have_count(0)
    if script:
        looks_right(page, f"cancelled-{look}")
    assert Run.objects.get().state == "cancelled"
