"""A gate whose school is suspended: the phone keeps every scan, says why, and sends each of them once afterwards."""

from datetime import time
from urllib.parse import urlsplit

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from shared_apps.schools.services import standing
from tenant_apps.gate.models import Scan
from tenant_apps.people.models import SchoolProfile
from tenants.actor import system
from tenants.scope import school_scope
from tests import world
from tests.journeys.acts import axe_clean, fits, sign_in, snap
from tests.journeys.test_gate import result, wedge

pytestmark = pytest.mark.journey
WORDS = {
    "en": {"saved": "Saved on this phone", "why": "This school is suspended. The scans stay on this phone.",
           "line": "The scan is kept on this phone and sent later", "sent": "All scans sent"},
    "af": {"saved": "Op hierdie foon gestoor",
           "why": "Hierdie skool is opgeskort. Die skanderings bly op hierdie foon.",
           "line": "Die skandering bly op hierdie foon", "sent": "Alle skanderings gestuur"},
    "zu": {"saved": "Kulondolozwe kule foni", "why": "Lesi sikole simisiwe okwesikhashana. Ukuskena kuhlala kule foni.",
           "line": "Ukuskena kulondolozwe kule foni", "sent": "Konke ukuskena kuthunyelwe"},
}  # fmt: skip
KEPT = """async () => {
  const name = (await indexedDB.databases()).find((one) => one.name.startsWith("gate-")).name;
  const open = await new Promise((done) => { const o = indexedDB.open(name); o.onsuccess = () => done(o.result); });
  const all = await new Promise((done) => {
    const asked = open.transaction("scans").objectStore("scans").getAll(); asked.onsuccess = () => done(asked.result);
  });
  open.close();
  return all.map((one) => one.tap.scan_id).sort();
}"""


@pytest.fixture
def cast(live_site):
    found = world.read("greenfield")
    with school_scope(found.ref):
        SchoolProfile.objects.update(bell=time.max, close_time=time.max)
    return found


def stand(cast, deed):
    told = {"by": system("test"), "school_id": cast.ref.id, "reason": "Asked for", "now": timezone.now()}
    if deed == "suspend":
        standing.suspend(confirm_name="Greenfield Primary", **told)
    else:
        standing.reactivate(**told)


def stored(cast):
    with school_scope(cast.ref):
        return sorted(str(key) for key in Scan.objects.values_list("id", flat=True))


def phone(visit, cast, language):
    page = visit(language=language, width=320, height=640)
    sign_in(page, cast.email("officer"))
    page.goto("/account/language")
    page.locator(f"[name=language][value={language}]").check()
    page.locator("main [type=submit]").click()
    expect(page.locator("html")).to_have_attribute("lang", language)
    page.goto("/s/greenfield/gate")
    page.wait_for_selector("html[data-ready]")
    return page


@pytest.mark.parametrize("language", ["en", "af", "zu"])
def test_scans_at_a_suspended_school_wait_on_the_phone_and_arrive_once(visit, cast, language):
    page, words, answers = phone(visit, cast, language), WORDS[language], []
    page.on("response", lambda one: answers.append(one) if "/api/gate/scans" in one.url else None)
    stand(cast, "suspend")
    for learner in cast.learners[:3]:
        wedge(page, cast.badges[learner.id])
        result(page, "saved", words["saved"])
        expect(page.locator("#result-line")).to_contain_text(words["line"])
        expect(page.locator("#result")).to_be_hidden()
    expect(page.locator("#warning")).to_have_text(words["why"])
    page.evaluate("dispatchEvent(new Event('online'))")  # it tries again, all of them together, and is refused again
    with page.expect_response("**/api/gate/scans/batch") as refused:
        page.evaluate("dispatchEvent(new Event('online'))")
    assert refused.value.status == 423 and refused.value.json()["code"] == "school_suspended"
    assert {one.status for one in answers} == {423}
    axe_clean(page)
    fits(page)
    snap(page, f"gate-suspended-{language}")
    kept = page.evaluate(KEPT)
    assert len(kept) == 3 and stored(cast) == []

    page.goto("/s/greenfield/gate")  # a page loaded anew says so, and the scans lie where they lay
    expect(page.locator("main form[action='/logout'], main a, main button").first).to_be_visible()
    assert urlsplit(page.url).path == "/s/greenfield/gate" and page.evaluate(KEPT) == kept

    stand(cast, "reactivate")
    lost = iter([True])

    def lose_the_first_answer(route):
        """The server has them and the phone does not know: it sends them again."""
        answer = route.fetch()
        route.abort("connectionrefused") if next(lost, False) else route.fulfill(response=answer)

    page.route("**/api/gate/scans/batch", lose_the_first_answer)
    page.reload()
    expect(page.locator("#band")).to_contain_text(words["sent"], timeout=30_000)
    assert stored(cast) == kept and page.evaluate(KEPT) == []
    assert next(lost, None) is None
