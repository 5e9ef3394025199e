"""Health: every school in its place, unknown said as unknown, nobody beyond their reach."""

import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.timezone import localtime

from shared_apps.audit.models import PlatformEvent
from shared_apps.audit.services import record, sealing
from shared_apps.audit.services.canary_turns import note_canaries
from shared_apps.deliveries.models import DeliveryCount
from shared_apps.deliveries.rules import STALE_AFTER, slot_of
from shared_apps.deliveries.services.schools import with_life
from shared_apps.deliveries.services.totals import HOUR
from shared_apps.operator.rules import Place, read_cursor
from tenants.actor import Actor
from tenants.ids import new_id
from tenants.models import DriftFinding, School, SchoolPlacement
from tests import world
from tests.operator.ground import delivered, figures, trouble, work_runs

OPERATOR = Actor(kind="person", scope="platform", roles=frozenset({"operator"}))
MINUTE = timedelta(minutes=1)
API = "/api/operator/health"


def page(client, query=""):
    answer = client.get(f"/operator/health{query}")
    assert answer.status_code == 200, answer.content[:2000]
    return answer.content.decode()


def call(client, query=""):
    answer = client.get(API + query)
    assert answer.status_code == 200, answer.content
    return answer.json()


def school(name, state="active"):
    made = School.objects.create(schema_name=f"t_{name.lower()}", slug=name.lower(), name=name, state=state)
    return made


# -- which school is how -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "told", "life"),
    [
        ("active", {}, "live"),
        ("active", {"quiet_days": 2}, "live"),
        ("active", {"quiet_days": 3}, "quiet"),
        ("active", {"last_gate_activity": None, "quiet_days": None}, "onboarding"),
        ("active", {"age": STALE_AFTER - MINUTE}, "live"),
        ("active", {"age": STALE_AFTER + MINUTE}, "unknown"),
        ("active", {"age": STALE_AFTER + MINUTE, "quiet_days": 9}, "unknown"),
        ("active", None, "unknown"),
        ("pending", None, "onboarding"),
        ("pending", {}, "onboarding"),
        ("disabled", None, "disabled"),
        ("disabled", {"quiet_days": 9}, "disabled"),
    ],
)
def test_how_a_school_is(world_db, state, told, life):
    now = timezone.now()
    one = school("One", state)
    if told is not None:
        figures(one, now=now - told.pop("age", 0 * MINUTE), **told)
    assert with_life(OPERATOR, now=now).get(pk=one.pk).life == life


def test_who_went_quiet_stands_in_front_and_the_disabled_behind(signed_in, greenfield, riverside):
    figures(greenfield.ref)
    figures(riverside.ref, quiet_days=5)
    for name, state in (("Aaa", "disabled"), ("Bbb", "pending"), ("Ccc", "active")):
        school(name, state)
    found = call(signed_in("operator@example.com"))
    assert [(one["name"], one["state"]) for one in found["items"]] == [
        ("Riverside High", "quiet"), ("Ccc", "unknown"), ("Bbb", "onboarding"), ("Greenfield Primary", "live"),
        ("Aaa", "disabled"),
    ]  # fmt: skip
    assert {life: group["count"] for life, group in found["groups"].items()} == {
        "quiet": 1, "unknown": 1, "onboarding": 1, "live": 1, "disabled": 1,
    }  # fmt: skip


def test_what_is_not_known_is_said_and_is_in_no_sum(signed_in, greenfield, riverside):
    figures(greenfield.ref, sent_week=10, stuck=2, dead=1)
    old = timezone.now() - 3 * HOUR
    figures(riverside.ref, now=old, sent_week=500, failed_week=500, stuck=40, last_gate_activity=old)
    client = signed_in("operator@example.com")
    found = call(client)
    unknown = next(one for one in found["items"] if one["name"] == "Riverside High")
    assert unknown["state"] == "unknown" and unknown["activity"] is None and unknown["as_of"]
    assert found["groups"]["unknown"] == {"count": 1, "told": 0, "sent": None, "failed": None, "rate": None}
    assert (found["told"], found["total"]) == (1, 2)
    assert found["groups"]["live"]["rate"] == 100.0
    assert next(one for one in found["signals"] if one["key"] == "stuck")["value"] == "2"
    text = page(client)
    row = text[text.index("Riverside High") :]
    row = row[: row.index("</tr>")]
    assert "Activity temporarily unavailable" in row and "Last known:" in row and "Unavailable" in row
    shown = re.sub(r"<[^>]+>|\d{1,2} \w+ \d{4}, \d{2}:\d{2}", " ", row)  # neither an id nor a moment is a figure
    assert "500" not in shown and "40" not in shown
    assert "Schools missing from these figures: 1" in text


LONG_AGO = 48 * HOUR
EVERY_FIGURE = ("waiting", "stuck", "dead")
UNKNOWN = {"sent": None, "failed": None, "rate": None}


@pytest.fixture
def silent(greenfield, riverside):
    """Both schools told much two days ago, and nothing since."""
    work_runs()
    then = timezone.now() - LONG_AGO
    for cast in (greenfield, riverside):
        figures(
            cast.ref, now=then, sent_week=70, failed_week=7, waiting=3, waiting_since=then, stuck=2, stuck_since=then,
            dead=4, dead_since=then, last_gate_activity=then,
        )  # fmt: skip
        trouble(cast.ref, 4)
        trouble(cast.ref, 5, state="retrying")
    delivered(greenfield.ref, 30, ago=20 * HOUR)
    return greenfield, riverside


@pytest.mark.parametrize("email", ["operator@example.com", "gauteng@example.com"])
def test_where_no_school_told_nothing_is_known_and_nothing_is_zero(signed_in, silent, email):
    client = signed_in(email)
    found, text = call(client), page(client)
    assert found["told"] == 0 < found["total"]
    for name in ("hour", "day"):
        assert found["deliveries"][name] == UNKNOWN | {"since": found["deliveries"][name]["since"], "reasons": []}
    assert [one["day"] for one in found["providers"]] == [UNKNOWN] * 4
    count = found["total"]
    assert found["groups"]["unknown"] == UNKNOWN | {"count": count, "told": 0}
    assert found["groups"]["live"] == {"count": 0, "told": 0, "sent": 0, "failed": 0, "rate": None}
    signals = {one["key"]: one["value"] for one in found["signals"]}
    assert {signals.get(key) for key in EVERY_FIGURE} == {None}
    assert not re.search(r"No deliveries in 24|Sent: 0|Sent: 30", text) and "Sent: None" not in text
    for key in EVERY_FIGURE[: 3 if email.startswith("operator") else 2]:
        said = text[text.index(f'data-key="signal-{key}"') :].split("</dd>")[0]
        assert "Activity temporarily unavailable" in said and "Last told:" in said, key
        assert not re.search(r">\s*\d+\s*<", said), key
    for window in ("hour", "day"):
        part = text[text.index(f'data-key="window-{window}"') :].split("</div>")[0]
        assert "Activity temporarily unavailable" in part


def test_a_card_of_schools_that_are_all_silent_says_so(signed_in, greenfield, riverside):
    old = timezone.now() - LONG_AGO
    one = school("Away", "disabled")
    figures(one, now=old, sent_week=9)
    for cast in (greenfield, riverside):
        figures(cast.ref, sent_week=9, failed_week=1)
    text = page(signed_in("operator@example.com"))
    card = text[text.index('id="card-disabled"') :].split("</section>")[0]
    assert "Activity temporarily unavailable" in card and "No deliveries" not in card
    card = text[text.index('id="card-live"') :].split("</section>")[0]
    assert "Went out in 7 days: 90.0 %" in card and "told lately" not in card


def test_a_figure_that_some_schools_are_missing_from_says_of_how_many_it_is(signed_in, greenfield, riverside):
    now = timezone.now()
    figures(greenfield.ref, waiting=3, waiting_since=now)
    figures(riverside.ref, now=now - LONG_AGO, waiting=99)
    school("Building", "pending")
    delivered(greenfield.ref, 8)
    text = page(signed_in("operator@example.com"))
    waiting = text[text.index('data-key="signal-waiting"') :].split("</dd>")[0]
    assert "<dd>3 " in waiting and "Schools that told lately: 1 of 3" in waiting and "99" not in waiting
    window = text[text.index('data-key="window-hour"') :].split("</div>")[0]
    assert "Sent: 8 · Failed: 0" in window and "Schools that told lately: 1 of 3" in window


def test_no_school_at_all_is_a_zero_that_is_known(signed_in, world_db):
    School.objects.all().delete()
    found = call(signed_in("operator@example.com"))
    assert found["deliveries"]["day"]["sent"] == 0 == found["groups"]["live"]["sent"]
    assert next(one for one in found["signals"] if one["key"] == "waiting")["value"] == "0"


def test_tabs_count_and_narrow(signed_in, greenfield, riverside):
    figures(greenfield.ref, stuck=2)
    figures(riverside.ref, quiet_days=5)
    client = signed_in("operator@example.com")
    assert re.search(r'href="\?state=quiet"[^>]*>Went quiet <span class="tabs__count">1<', page(client))
    for state, name in (("quiet", "Riverside High"), ("live", "Greenfield Primary"), ("stuck", "Greenfield Primary")):
        assert [one["name"] for one in call(client, f"?state={state}")["items"]] == [name]
        assert page(client, f"?state={state}").count(f"{name}</a></th>") == 1
    assert "No school is in this state." in page(client, "?state=disabled")
    assert page(client, "?state=nonsense&page=x").count("School days since: 5") == 1


def test_what_was_stuck_in_a_school_that_is_silent_now_is_neither_counted_nor_listed(signed_in, greenfield, riverside):
    figures(greenfield.ref, stuck=2, now=timezone.now() - STALE_AFTER - MINUTE)
    client = signed_in("operator@example.com")
    assert call(client, "?state=stuck")["items"] == []
    text = page(client, "?state=stuck")
    assert 'Work is stuck <span class="tabs__count">0<' in text and "No school is in this state." in text
    figures(riverside.ref, stuck=1)
    assert [one["name"] for one in call(client, "?state=stuck")["items"]] == ["Riverside High"]
    assert "1–1 of 1" in page(client, "?state=stuck")


def test_long_lists_come_in_pages_without_gaps_or_repeats(signed_in, greenfield, riverside):
    for number in range(60):
        figures(school(f"S{number:02}"), quiet_days=number % 5)
    client = signed_in("operator@example.com")
    names, cursor = [], ""
    while cursor is not None:
        found = call(client, f"?limit=25&cursor={cursor}")
        names += [one["name"] for one in found["items"]]
        cursor = found["next"]
    assert len(names) == len(set(names)) == 62
    assert names == [one["name"] for one in call(client, "?limit=100")["items"]]
    assert "1–25 of 62" in page(client) and "26–50 of 62" in page(client, "?page=2")
    assert "51–62 of 62" in page(client, "?page=99")


@pytest.mark.parametrize("query", ["?state=gone", "?limit=0", "?limit=101", "?cursor=x", "?cursor=W10", "?page=2"])
def test_a_question_nobody_should_ask_is_invalid(signed_in, world_db, query):
    answer = signed_in("operator@example.com").get(API + query)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")


def test_a_cursor_is_read_back_and_nothing_else_is():
    place = Place(3, "Hoërskool Karoorand", new_id())
    assert read_cursor(place.cursor()) == place
    for text in (
        "",
        "x",
        "W10",
        Place(3, "a\0", new_id()).cursor(),
        Place(True, "a", new_id()).cursor(),
        "é",
        "A" * 2000,
    ):
        assert read_cursor(text) is None


# -- deliveries, providers, signals ------------------------------------------------------------------------------------


def test_reasons_stand_in_words_with_their_share(signed_in, greenfield):
    figures(greenfield.ref)
    delivered(greenfield.ref, 7)
    delivered(greenfield.ref, 2, reason="no_address")
    delivered(greenfield.ref, 1, reason="address_refused_550")
    delivered(greenfield.ref, 1, reason="SomethingNew", ago=3 * HOUR)
    text = page(signed_in("operator@example.com"))
    hour = text[text.index("Last hour") : text.index("Last 24 hours")]
    assert "70.0 %" in hour and "No address on record" in hour and 'width="66.7"' in hour
    assert "The mail server refused the address (550)" in hour and "SomethingNew" not in hour
    assert "SomethingNew" in text


def test_what_is_not_shown_of_the_reasons_is_counted(signed_in, greenfield):
    figures(greenfield.ref)
    for number in range(11):
        delivered(greenfield.ref, 20 - number, reason=f"code_{number}")
    text = page(signed_in("operator@example.com"))
    hour = text[text.index('data-key="window-hour"') : text.index('data-key="window-day"')]
    assert hour.count("reasons__count") == 8 and "More reasons: 3. Failed for them: 33." in hour
    DeliveryCount.objects.filter(reason__in=("code_8", "code_9", "code_10")).delete()
    assert "More reasons" not in page(signed_in("operator@example.com"))


def test_moments_are_told_as_moments(signed_in, world_db):
    """To people in words, to machines as they are; nobody is told a number of seconds."""
    now = timezone.now()
    ran, built = now - MINUTE, now - 2 * MINUTE
    work_runs(ran, names=("events.sweep",))
    work_runs(built, names=("provisioner",))
    record("test.thing", by="system:test", now=now - 37 * HOUR)
    client = signed_in("operator@example.com")
    told = {one["key"]: one["value"] for one in call(client)["signals"]}
    oldest = PlatformEvent.objects.filter(seal=None).earliest("at").at
    for key, at in (("work", ran), ("provisioner", built), ("sealing", oldest)):
        assert datetime.fromisoformat(told[key]) == at, key
        said = page(client)
        said = said[said.index(f'data-key="signal-{key}"') :].split("</dd>")[0]
        with timezone.override("Africa/Johannesburg"):
            assert f"<dd>{date_format(timezone.localtime(at), 'DATETIME_FORMAT')} " in said
    sealing.seal(now=now, all_of_it=True)
    sealed = next(one["value"] for one in call(client)["signals"] if one["key"] == "sealing")
    assert datetime.fromisoformat(sealed) >= now


def test_failed_sign_ins_belong_to_those_who_see_the_whole_platform(signed_in, greenfield):
    for ago in (MINUTE, 5 * HOUR):
        record("identity.sign_in_failed", by="stranger", now=timezone.now() - ago)
    work_runs()
    keys = {one["key"]: one["value"] for one in call(signed_in("operator@example.com"))["signals"]}
    assert (keys["failed_sign_ins"], keys["failed_sign_ins_day"], keys["schools"]) == ("1", "2", "2")
    partial = {one["key"] for one in call(signed_in("gauteng@example.com"))["signals"]}
    assert partial == {"schools", "waiting", "stuck", "work"}


def test_no_heartbeat_is_unavailable_not_zero(signed_in, world_db):
    signals = {one["key"]: one["value"] for one in call(signed_in("operator@example.com"))["signals"]}
    assert signals["work"] is None
    text = page(signed_in("operator@example.com"))
    assert re.search(r'data-key="signal-work">.*?<dd><span class="muted">Activity temporarily unavailable', text, re.S)


def test_a_channel_without_a_sender_is_never_ready(signed_in, world_db):
    states = {one["channel"]: one["state"] for one in call(signed_in("operator@example.com"))["providers"]}
    assert states == {"push": "not_configured", "email": "ready", "whatsapp": "preview", "sms": "preview"}


def test_whether_mail_really_goes_out_stands_beside_what_is_set_up(signed_in, greenfield):
    """Ready says that it is set up; these say what came of it."""
    figures(greenfield.ref)
    client = signed_in("operator@example.com")

    def mail():
        return next(one for one in call(client)["providers"] if one["channel"] == "email")

    assert (mail()["state"], mail()["last_sent"], mail()["last_failed"]) == ("ready", None, None)
    assert "ten minutes from" not in page(client)
    for ago in (9 * HOUR, 5 * HOUR, 7 * HOUR):
        delivered(greenfield.ref, 3, ago=ago)
        delivered(greenfield.ref, 1, reason="unreachable", ago=ago - 2 * HOUR)
    sent, failed = (slot_of(timezone.now() - ago) for ago in (5 * HOUR, 3 * HOUR))
    assert datetime.fromisoformat(mail()["last_sent"]) == sent
    assert datetime.fromisoformat(mail()["last_failed"]) == failed
    push = next(one for one in call(client)["providers"] if one["channel"] == "push")
    assert (push["last_sent"], push["last_failed"]) == (None, None)
    for text in (page(client), client.get("/operator").content.decode()):
        for words, at in (("went out", sent), ("failed", failed)):
            with timezone.override("Africa/Johannesburg"):
                said = date_format(timezone.localtime(at), "DATETIME_FORMAT")
            assert f"Last {words} in the ten minutes from: {said}" in text


# -- reach -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("email", ["gauteng@example.com", "circle@example.com"])
def test_nobody_sees_a_school_beyond_their_reach(signed_in, greenfield, riverside, email):
    for cast in (greenfield, riverside):
        figures(cast.ref, sent_week=100)
        delivered(cast.ref, 10)
        trouble(cast.ref, 4)
    client = signed_in(email)
    found, text = call(client), page(client)
    assert [one["name"] for one in found["items"]] == ["Greenfield Primary"]
    assert found["total"] == 1 and found["deliveries"]["day"]["sent"] == 10 and found["groups"]["live"]["sent"] == 100
    assert "Riverside" not in text and "Greenfield" in text
    cursor = Place(0, "A", riverside.ref.id).cursor()
    assert [one["name"] for one in call(client, f"?cursor={cursor}")["items"]] == ["Greenfield Primary"]


@pytest.mark.parametrize("email", ["finance@example.com", "admin@greenfield.example", "teacher@greenfield.example"])
def test_others_are_refused(signed_in, greenfield, email):
    client = signed_in(email)
    assert client.get(API).status_code == client.get("/operator/health").status_code == 403


def test_those_who_watch_a_part_land_on_their_schools(signed_in, world_db):
    assert signed_in("gauteng@example.com").get("/")["Location"] == "/operator/schools"


def test_a_live_beat_keeps_the_choice_of_schools(signed_in, greenfield):
    figures(greenfield.ref, quiet_days=9)
    client = signed_in("operator@example.com")
    assert 'hx-get="/operator/health?state=quiet"' in page(client, "?state=quiet")
    answer = client.get("/operator/health?state=quiet", headers={"X-Live": "1"}).content.decode()
    assert "<html" not in answer and "Greenfield Primary" in answer


def test_the_standing_search_for_leaks_is_told_with_its_age_and_unknown_as_unknown(signed_in, greenfield, riverside):
    client = signed_in("operator@example.com")

    def read(moment):
        return date_format(localtime(moment, ZoneInfo("Africa/Johannesburg")), "DATETIME_FORMAT")

    def leaks():
        signals = client.get("/api/operator/health").json()["signals"]
        shown = page(client).partition('data-key="signal-leaks"')[2].partition("</div>")[0]
        return next(one["value"] for one in signals if one["key"] == "leaks"), shown

    value, shown = leaks()
    assert value is None and "temporarily unavailable" in shown.lower() and "Asked last" not in shown
    asked = timezone.now() - timedelta(minutes=47)
    told = {"by": "system:test", "others": 1, "asked": 100, "failed": []}
    note_canaries(greenfield.ref.id, found=[], now=asked, **told)
    value, shown = leaks()
    assert value == "0" and f"Asked last: {read(asked)}. Schools not asked yet: 1" in shown
    later = timezone.now() - timedelta(minutes=11)
    note_canaries(riverside.ref.id, found=["GET /api/learners"], now=later, **told)
    value, shown = leaks()
    assert value == "1" and f"Asked last: {read(later)}. Schools not asked yet: 0" in shown
    assert read(asked) != read(later)
    browser = Client()
    browser.post("/login", {"email": "operator@example.com", "password": world.PASSWORD})
    console = browser.get("/operator").content.decode()
    assert "Answers that held another school’s data: 1" in console and "found: GET /api/learners" in console


def test_nobody_of_a_region_is_told_of_leaks_elsewhere(signed_in, greenfield):
    signals = signed_in("circle@example.com").get("/api/operator/health").json()["signals"]
    assert "leaks" not in [one["key"] for one in signals]


def test_a_school_whose_tables_drifted_needs_somebody(greenfield):
    now = timezone.now()
    DriftFinding.objects.create(
        school_id=greenfield.ref.id, differences=["- index x"], number=3, found_at=now, seen_at=now
    )
    page = Client()
    page.post("/login", {"email": "operator@example.com", "password": world.PASSWORD})
    console = page.get("/operator").content.decode()
    assert "differs from its plan: Greenfield Primary" in console and "Differences: 3" in console
    (address,) = re.findall(r'href="(/operator/schools/[^"]+#drift)"', console)
    leads_to = page.get(address).content.decode()
    told = leads_to[leads_to.index('id="drift"') :].split("</section>")[0]
    assert "Differences: 3." in told and "- index x" in told
    signals = {one["key"]: one["value"] for one in page.get(API).json()["signals"]}
    assert signals["drift"] == "1"


def test_a_school_without_drift_says_nothing_of_it_nor_does_one_to_those_who_watch_a_part(signed_in, greenfield):
    here, now = f"/operator/schools/{greenfield.ref.id}", timezone.now()
    assert 'id="drift"' not in signed_in("operator@example.com").get(here).content.decode()
    found = DriftFinding.objects.create(
        school_id=greenfield.ref.id, differences=["- index x"], number=1, found_at=now, seen_at=now
    )
    assert 'id="drift"' in signed_in("operator@example.com").get(here).content.decode()
    assert 'id="drift"' not in signed_in("gauteng@example.com").get(here).content.decode()
    DriftFinding.objects.filter(pk=found.pk).update(resolved_at=now)
    assert 'id="drift"' not in signed_in("operator@example.com").get(here).content.decode()


def test_where_no_school_was_ever_looked_at_drift_is_unknown(signed_in, greenfield):
    def drift():
        signals = signed_in("operator@example.com").get(API).json()["signals"]
        return next(one["value"] for one in signals if one["key"] == "drift")

    SchoolPlacement.objects.update(drift_checked_at=None)
    assert drift() is None
    SchoolPlacement.objects.filter(school=greenfield.ref.id).update(drift_checked_at=timezone.now())
    assert drift() == "0"


def test_only_the_first_of_many_drifted_schools_are_named(greenfield):
    now = timezone.now()
    schools = [
        School.objects.create(name=f"Drifted {number}", slug=f"drifted-{number}", schema_name=f"t_{number:016x}")
        for number in range(5)
    ]
    for school in schools:
        DriftFinding.objects.create(school=school, differences=["- index x"], number=1, found_at=now, seen_at=now)
    page = Client()
    page.post("/login", {"email": "operator@example.com", "password": world.PASSWORD})
    console = page.get("/operator").content.decode()
    named = {f"Drifted {number}" for number in range(5) if f"differs from its plan: Drifted {number}" in console}
    assert len(named) == 3 and "more schools: 2" in console


def test_answers_that_the_search_could_not_read_need_somebody(greenfield, riverside):
    note_canaries(
        greenfield.ref.id,
        found=[],
        by="system:test",
        now=timezone.now(),
        others=1,
        asked=9,
        failed=["cannot be read: x", "y"],
    )
    page = Client()
    page.post("/login", {"email": "operator@example.com", "password": world.PASSWORD})
    console = page.get("/operator").content.decode()
    assert "Answers not asked for or not read: 2" in console and "is not known" in console
    assert "held another school’s data" not in console
