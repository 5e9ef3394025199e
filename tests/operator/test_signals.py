"""Every signal leads to what proves it: each printed address answers its reader, and the counts there agree."""

import re
from datetime import datetime, time, timedelta
from html import unescape
from html.parser import HTMLParser

import pytest
from django.test import Client
from django.utils import timezone

from shared_apps.audit.models import PlatformEvent
from shared_apps.audit.services import record
from shared_apps.audit.services.canary_turns import note_canaries
from shared_apps.schools.models import Onboarding
from shared_apps.schools.services.onboarding import WORKFLOW
from shared_apps.workflows.models import Run, Step
from tenants.ids import new_id
from tenants.models import DriftFinding, School
from tests import world
from tests.operator.ground import delivered, figures, trouble, work_runs
from tests.schools.acts import post

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
OPERATORS = ("root@example.com", "operator@example.com")
WATCHERS = ("gauteng@example.com", "circle@example.com")
PAGES = ("/operator", "/operator?wall=1", "/operator/health", "/operator/health?state=quiet")


class Links(HTMLParser):
    """The addresses inside `<main>`, with the text of each."""

    def __init__(self, page):
        super().__init__()
        self.inside, self.open, self.found = False, None, {}
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.inside |= tag == "main"
        if tag == "a" and self.inside:
            self.open = dict(attributes)["href"]
            said = dict(attributes).get("aria-label", "")  # several signals may lead to one place
            self.found[self.open] = " · ".join(filter(None, (self.found.get(self.open), said)))

    def handle_endtag(self, tag):
        self.inside &= tag != "main"
        if tag == "a":
            self.open = None

    def handle_data(self, text):
        if self.open and ": " not in self.found[self.open]:
            self.found[self.open] += text


def browser(email):
    client = Client()
    client.post("/login", {"email": email, "password": world.PASSWORD})
    return client


def links(client, path):
    answer = client.get(path)
    assert answer.status_code == 200, (path, answer.status_code)
    return Links(answer.content.decode()).found


def proofs(client, path):
    """The audit views a page leads to, by the words of the link."""
    return {text: address for address, text in links(client, path).items() if address.startswith("/operator/audit?")}


def counted(client, address):
    return int(re.search(r'id="found">Entries: (\d+)', client.get(address).content.decode())[1])


@pytest.fixture
def troubled(greenfield, riverside):
    """A platform on which every signal has something to say."""
    now = timezone.now()
    work_runs(now - HOUR)
    figures(greenfield.ref, stuck=2, stuck_since=now - HOUR, waiting=3, waiting_since=now - HOUR, dead=2)
    figures(riverside.ref, quiet_days=5)
    delivered(greenfield.ref, 5)
    delivered(greenfield.ref, 2, reason="unreachable")
    trouble(greenfield.ref, 2)
    trouble(greenfield.ref, 1, state="retrying")
    note_canaries(
        riverside.ref.id, by="system:test", now=now, others=1, asked=9, failed=[], found=["GET /api/learners"]
    )
    DriftFinding.objects.create(school_id=greenfield.ref.id, differences=["- a"], number=1, found_at=now, seen_at=now)
    for ago in (MINUTE, 30 * MINUTE, 2 * HOUR, 30 * HOUR):
        record("identity.sign_in_failed", by="stranger", now=now - ago)
    return greenfield, riverside


@pytest.mark.parametrize("email", [*OPERATORS, *WATCHERS])
def test_every_address_these_pages_print_answers_whoever_sees_it(troubled, email):
    client, opened = browser(email), 0
    for path in PAGES[2:] if email in WATCHERS else PAGES:
        base = path.partition("?")[0]
        for address in links(client, path):
            if not address.startswith("#"):
                target = address if address.startswith("/") else base + address
                assert client.get(target).status_code == 200, (path, address)
                opened += 1
    assert opened > 12


@pytest.mark.parametrize("email", OPERATORS)
@pytest.mark.parametrize("path", ["/operator", "/operator/health"])
def test_the_failed_sign_ins_of_the_hour_are_the_entries_behind_the_figure(troubled, email, path):
    client = browser(email)
    proven = proofs(client, path)
    hour = next(address for text, address in proven.items() if text.startswith("History: Failed sign-ins") and (
        path == "/operator" or "last hour" in text
    ))  # fmt: skip
    record("identity.sign_in_failed", by="stranger", now=timezone.now())  # after the page was made: in no count of it
    assert counted(client, hour) == 2
    shown = client.get(hour).content.decode()
    assert shown.count("Failed to sign in") == 3, "two entries and the choice of the filter"
    if path != "/operator":
        assert counted(client, proven["History: Failed sign-ins, last 24 hours"]) == 3


def test_a_real_failure_is_counted_and_proven_alike(world_db):
    for _ in range(3):
        Client().post("/login", {"email": "nobody@example.com", "password": "wrong"})
    client = browser("operator@example.com")
    page = client.get("/operator/health").content.decode()
    said = re.search(r'data-key="signal-failed_sign_ins">.*?<dd>(\d+)', page, re.S)[1]
    address = unescape(re.search(r'data-key="signal-failed_sign_ins">.*?href="([^"]+)"', page, re.S)[1])
    assert int(said) == counted(client, address) == 3


def test_an_attack_that_the_throttle_holds_is_seen_and_proven(world_db):
    for _ in range(17):
        Client().post("/login", {"email": "nobody@example.com", "password": "wrong"})
    client = browser("operator@example.com")
    page = client.get("/operator/health").content.decode()

    def signal(key):
        said = page[page.index(f'data-key="signal-{key}"') :].split("</div>")[0]
        return int(re.search(r"<dd>(\d+)", said)[1]), said, unescape(re.search(r'href="([^"]+)"', said)[1])

    count, _, address = signal("failed_sign_ins")
    assert count == counted(client, address) == 10
    for key in ("refused_sign_ins", "refused_sign_ins_day"):
        count, said, address = signal(key)
        minutes = int(re.search(r"each in the history: (\d+)", said)[1])
        assert count == 7 and minutes == counted(client, address) in (1, 2)
    console = client.get("/operator").content.decode()
    assert "Refused without checking, after too many failures: 7" in console
    told = {one["key"]: one["value"] for one in client.get("/api/operator/health").json()["signals"]}
    assert (told["failed_sign_ins"], told["refused_sign_ins"], told["refused_sign_ins_day"]) == ("10", "7", "7")


def test_each_kind_of_signal_shows_its_own_events(troubled):
    greenfield, _ = troubled
    happened = {
        "schools.suspended": "History: Schools", "deliveries.letters_replayed": "History: Dead letters",
        "deliveries.letters_discarded": "History: Deliveries",
        "schools.setup_acknowledged": "History: Open setup tasks",
        "wall.canary_found": "History: Answers that held another school’s data",
    }  # fmt: skip
    client = browser("operator@example.com")
    for kind in set(happened) - {"wall.canary_found"}:
        record(kind, by="system:test", now=timezone.now(), school=greenfield.ref.id)
    proven = proofs(client, "/operator/health")
    for kind, text in happened.items():
        same = next(address for words, address in proven.items() if text.removeprefix("History: ") in words)
        page = client.get(same).content.decode()
        keys = set(re.findall(r'<tr data-key="([0-9a-f-]+)"', page))
        assert str(PlatformEvent.objects.get(kind=kind).pk) in keys, kind
        assert "Failed to sign in" not in page, kind


def rows_of(client, address):
    """What stands in the rows of the list at `address`: the schools, and the words about their work."""
    page = client.get(address).content.decode()
    body = page[page.index("<tbody>") : page.index("</tbody>")]
    return {
        unescape(re.search(r'<th scope="row"><a href="[^"]+">([^<]+)', row)[1]): unescape(row)
        for row in body.split("<tr ")[1:]
    }


@pytest.mark.parametrize(
    ("key", "words", "name"),
    [("waiting", "Work that waits", "waiting"), ("stuck", "Stuck work", "stuck"), ("dead", "Dead letters", "dead")],
)
def test_what_schools_told_is_proven_by_the_list_of_those_schools(troubled, key, words, name):
    """The rows behind the figure add up to it, and each leads to what its school told."""
    greenfield, riverside = troubled
    figures(riverside.ref, **{name: 5})
    trouble(riverside.ref, 5)
    client = browser("operator@example.com")
    page = client.get("/operator/health").content.decode()
    said = page[page.index(f'data-key="signal-{key}"') :].split("</div>")[0]
    figure = int(re.search(r"<dd>(\d+)", said)[1])
    (address,) = re.findall(rf'href="(/operator/health\?state={key})"', said)
    rows = rows_of(client, address)
    told = {school: int(re.search(rf">[^<]*{words}: (\d+)", row)[1]) for school, row in rows.items()}
    assert sum(told.values()) == figure and set(told) == {"Greenfield Primary", "Riverside High"}
    support = re.search(r'href="(/operator/schools/[^"]+/support)"', rows["Riverside High"])[1]
    assert client.get(support).status_code == 200 and str(riverside.ref.id) in support
    for email in WATCHERS:
        seen = rows_of(browser(email), address)
        assert set(seen) == {"Greenfield Primary"} and "/support" not in seen["Greenfield Primary"]


def test_the_link_beside_dead_letters_says_what_it_proves(troubled):
    """What was done about them: what died stands in the schools."""
    client = browser("operator@example.com")
    for path, place in (("/operator", 'id="snapshot-title"'), ("/operator/health", 'data-key="signal-dead"')):
        page = client.get(path).content.decode()
        part = page[page.index(place) :]
        link = re.search(r'<a class="small proof" href="/operator/audit[^"]*kind=deliveries[^>]*>([^<]+)</a>', part)
        assert link[1] == "Replayed or discarded"


def test_what_has_no_history_says_so(troubled):
    page = browser("operator@example.com").get("/operator/health").content.decode()
    for key in ("work", "provisioner"):
        said = page[page.index(f'data-key="signal-{key}"') :].split("</div>")[0]
        assert "It says so itself; no history is kept of that." in said


def test_the_schools_that_drifted_are_a_list_for_those_who_see_all(troubled):
    greenfield, _ = troubled
    client = browser("operator@example.com")
    assert links(client, "/operator/health")["/operator/health?state=drift"]
    assert set(rows_of(client, "/operator/health?state=drift")) == {"Greenfield Primary"}
    assert (
        "No school is in this state."
        in browser("gauteng@example.com").get("/operator/health?state=drift").content.decode()
    )


@pytest.mark.parametrize("email", WATCHERS)
def test_who_may_not_read_the_history_gets_no_address_of_it(troubled, email):
    client = browser(email)
    found = links(client, "/operator/health")
    assert not [
        address for address in found if "/audit" in address or "dead-letters" in address or "onboardings" in address
    ]
    assert client.get("/operator/audit").status_code == 403


@pytest.mark.parametrize("email", WATCHERS)
def test_rows_lead_to_the_schools_within_reach_and_no_further(troubled, email):
    greenfield, riverside = troubled
    client = browser(email)
    own, other = f"/operator/schools/{greenfield.ref.id}", f"/operator/schools/{riverside.ref.id}"
    found = links(client, "/operator/health")
    assert found[own] == "Greenfield Primary" and other not in found
    assert client.get(own).status_code == 200 and client.get(other).status_code == 404


def test_every_row_leads_to_its_school(troubled):
    found = links(browser("operator@example.com"), "/operator/health")
    assert {f"/operator/schools/{key}" for key in School.objects.values_list("pk", flat=True)} <= set(found)


def test_a_setup_task_is_counted_and_leads_to_the_list(world_db, signed_in):
    assert post(signed_in("operator@example.com")).status_code == 202
    onboarding = Onboarding.objects.get()
    Step.objects.filter(run=onboarding.pk).update(wake_at=timezone.now() - timedelta(days=1))
    client = browser("operator@example.com")
    page = client.get("/operator/health").content.decode()
    assert re.search(r'data-key="signal-setup_tasks"><dt><a href="/operator/onboardings">.*?<dd>1 ', page, re.S)
    assert onboarding.name in client.get("/operator/onboardings").content.decode()


@pytest.mark.parametrize("email", [*OPERATORS, *WATCHERS])
def test_the_call_says_of_each_signal_all_that_the_page_says(troubled, signed_in, email):
    greenfield, riverside = troubled
    unread = {"failed": ["GET /api/gates", "GET /api/me"], "found": []}
    note_canaries(greenfield.ref.id, by="system:test", now=timezone.now(), others=1, asked=9, **unread)
    note_canaries(riverside.ref.id, by="system:test", now=timezone.now(), others=1, asked=9, failed=[], found=[])
    page = browser(email).get("/operator/health").content.decode()
    lines = dict(re.findall(r'data-key="signal-(\w+)">(.*?)</div>', page, re.S))
    told = {one["key"]: one for one in signed_in(email).get("/api/operator/health").json()["signals"]}
    assert lines.keys() == told.keys()
    for key, line in lines.items():
        said = re.search(r'<span class="small muted">· (.*?)</span>', line)
        assert unescape(said[1] if said else "") == told[key]["note"], key
        moments = re.compile(r"(begins|ends)=[^&]*")  # the two were asked a moment apart
        proof = re.search(r'href="(/operator/audit[^"]*)"', line)
        assert moments.sub("", unescape(proof[1] if proof else "")) == moments.sub("", told[key]["proof"]), key
    if email in OPERATORS:
        assert (
            told["leaks"]["value"] == "0" and told["leaks"]["note"].endswith("not read: 2") and told["leaks"]["proof"]
        )
    else:
        assert not any(one["proof"] for one in told.values())


def given_up(number):
    """An onboarding whose second step was given up `number` hours ago."""
    now = timezone.now()
    run = Run.objects.create(
        workflow=WORKFLOW, key=new_id(), state="partial_failure", created_at=now, started_by="system:test"
    )
    Step.objects.create(
        run=run, position=1, name="create_admin", state="failed", reason="no_admin", attempts=5, spent_at=5,
        wake_at=now, ended_at=now - number * HOUR,
    )  # fmt: skip
    return Onboarding.objects.create(
        run=run, school=new_id(), name=f"Karoorand {number}", timezone="Africa/Johannesburg", close_time=time(17),
        admin=new_id(),
    )  # fmt: skip


def test_setup_tasks_stand_on_health_with_their_reason_and_leave_when_acknowledged(world_db):
    client = browser("operator@example.com")
    assert 'id="setup"' not in client.get("/operator/health").content.decode()
    tasks = [given_up(number) for number in range(7)]
    page = client.get("/operator/health").content.decode()
    part = page[page.index('id="setup"') :].split("</section>")[0]
    assert part.count("No admin was found in the school.") == 5 and "Create the admin account" in part
    assert "Karoorand 6" in part and "Karoorand 1" not in part
    assert "School setup needs help, more schools: 2" in part
    for task in tasks[2:]:
        address = f"/operator/onboardings/{task.pk}/acknowledge"
        assert f'href="{address}"' in part and f'action="/operator/onboardings/{task.pk}/retry"' in part
    asked = client.get(f"/operator/onboardings/{tasks[6].pk}/acknowledge").content.decode()
    assert 'name="confirmed"' in asked
    Onboarding.objects.filter(pk=tasks[6].pk).update(acknowledged_at=timezone.now(), acknowledged_by="system:test")
    assert "Karoorand 6" not in client.get("/operator/health").content.decode()
    for email in WATCHERS:
        assert 'id="setup"' not in browser(email).get("/operator/health").content.decode()


# -- the view itself ---------------------------------------------------------------------------------------------------


def test_moments_are_kept_when_the_filters_change_and_cleared_with_them(world_db):
    client, at = browser("operator@example.com"), timezone.now()
    page = client.get("/operator/audit", {"begins": at.isoformat(), "kind": "wall"}).content.decode()
    kept = re.search(r'name="begins" value="([^"]+)"', page)[1]
    assert datetime.fromisoformat(kept) == at and "Entries: 0 · Since:" in page
    assert "begins" not in client.get("/operator/audit").content.decode()


@pytest.mark.parametrize("query", ["?begins=2026-11-21", "?begins=now", "?ends=0001-01-01T00:00:00Z", "?ends=%00"])
def test_what_is_no_moment_with_a_zone_is_no_bound(world_db, query):
    assert "Since:" not in browser("operator@example.com").get(f"/operator/audit{query}").content.decode()


def test_several_kinds_are_sought_together_and_named_in_the_choice(world_db, greenfield):
    now, client = timezone.now(), browser("operator@example.com")
    for kind in ("schools.suspended", "schools.reactivated", "schools.settings_changed", "workflows.run_ended"):
        record(kind, by="system:test", now=now, school=greenfield.ref.id)
    address = "/operator/audit?kind=schools.suspended,workflows"
    page = client.get(address).content.decode()
    assert counted(client, address) == 2
    assert re.search(r'value="schools.suspended,workflows" selected>Suspended a school, Long-running work<', page)
    assert "Changed a school" not in page
    file = client.get("/operator/audit/download?kind=schools.suspended,workflows").content.decode("utf-8-sig")
    assert len(file.strip().splitlines()) == 3
