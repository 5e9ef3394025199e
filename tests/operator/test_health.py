"""Health: every school in its place, every figure recomputed from the schools' rows, nobody beyond their reach."""

import re
from collections import Counter
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.timezone import localtime

from shared_apps.audit.services import record
from shared_apps.audit.services.canary_turns import note_canaries
from shared_apps.deliveries.rules import STALE_AFTER, window
from shared_apps.deliveries.services.schools import with_life
from shared_apps.deliveries.services.totals import DAY, HOUR
from shared_apps.operator.rules import Place, read_cursor
from tenant_apps.events.models import Reaction
from tenant_apps.gate.models import Scan
from tenant_apps.messaging.models import Delivery
from tenants.actor import Actor
from tenants.ids import new_id
from tenants.models import DriftFinding, School
from tenants.scope import school_scope
from tests import world
from tests.deliveries.acts import die, seen_at_gate, tell
from tests.messaging.scans import drained, scan
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


# -- every figure, recomputed ------------------------------------------------------------------------------------------


def live_through(cast, hours, now):
    """Scans at some hours ago, all followed through; the guardian of the second learner has no address."""
    with school_scope(cast.ref):
        guardian = cast.learners[1].guardianships.get().guardian
        guardian.email = ""
        guardian.save()
    for place, ago in enumerate(hours):
        at = now - ago
        seen_at_gate(cast, at)
        scan(cast, cast.learners[place], at=at)
        drained(cast, at)


def recomputed(casts, now):
    """What health must say of `casts`, from their own rows one by one."""
    told = {"hour": Counter(), "day": Counter(), "week": Counter(), "schools": {}, "waiting": 0, "stuck": 0}
    for cast in casts:
        with school_scope(cast.ref):
            deliveries = [(one, one.attempts.latest("at")) for one in Delivery.objects.exclude(state="queued")]
            reactions = list(Reaction.objects.all())
            scans = [one.scanned_at for one in Scan.objects.all()]
        for delivery, attempt in deliveries:
            at = delivery.sent_at or attempt.at
            outcome = "" if delivery.state == "sent" else attempt.error
            for name, since in (("hour", window(now, HOUR)), ("day", window(now, DAY)), ("week", now - 7 * DAY)):
                if at >= since:
                    told[name][outcome] += 1
        told["waiting"] += sum(one.state == "waiting" for one in reactions)
        told["stuck"] += sum(one.state == "waiting" and one.next_at < now - 15 * MINUTE for one in reactions)
        own = Counter(one.state for one in reactions)
        told["schools"][str(cast.ref.id)] = (max(scans, default=None), own["dead"])
    return told


def share_of(counted):
    failed = sum(count for reason, count in counted.items() if reason)
    return {"sent": counted[""], "failed": failed, "rate": counted[""] * 1000 // counted.total() / 10}


@pytest.mark.parametrize("email", ["operator@example.com", "gauteng@example.com", "circle@example.com"])
def test_every_figure_is_what_the_schools_rows_say(signed_in, greenfield, riverside, email):
    now = timezone.now().replace(microsecond=0)
    live_through(greenfield, (20 * HOUR, 5 * HOUR, 90 * MINUTE, 10 * MINUTE), now)
    live_through(riverside, (30 * HOUR, 3 * HOUR, 8 * MINUTE), now)
    scan(greenfield, greenfield.learners[3], at=now - 40 * MINUTE)  # nobody has followed this one
    die(greenfield, handler="gate.flow", reason="KeyError", at=now - MINUTE)
    for cast in (greenfield, riverside):
        tell(cast, now)
    reach = [greenfield, riverside] if email.startswith("operator") else [greenfield]
    want, found = recomputed(reach, now), call(signed_in(email))

    assert {one["id"]: one["activity"] for one in found["items"]}.keys() == want["schools"].keys()
    for one in found["items"]:
        last, dead = want["schools"][one["id"]]
        assert (datetime.fromisoformat(one["activity"]["last_gate_activity"]), one["activity"]["dead"]) == (last, dead)
    for name in ("hour", "day"):
        said = found["deliveries"][name]
        assert {key: said[key] for key in ("sent", "failed", "rate")} == share_of(want[name])
        assert {one["reason"]: one["count"] for one in said["reasons"]} == {k: v for k, v in want[name].items() if k}
    week = Counter()
    for group in found["groups"].values():
        week.update(sent=group["sent"], failed=group["failed"])
    assert (week["sent"], week["failed"]) == (want["week"][""], want["week"]["no_address"])
    assert found["total"] == len(reach)
    signals = {one["key"]: one["value"] for one in found["signals"]}
    assert (signals["waiting"], signals["stuck"]) == (str(want["waiting"]), str(want["stuck"]))
    assert int(signals["stuck"]) > 0 and want["day"].total() > want["hour"].total() > 0
    email_day = next(one for one in found["providers"] if one["channel"] == "email")["day"]
    assert email_day == share_of(want["day"])


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
    assert found["groups"]["unknown"] == {"count": 1, "sent": 0, "failed": 0, "rate": None}
    assert found["groups"]["live"]["rate"] == 100.0
    assert next(one for one in found["signals"] if one["key"] == "stuck")["value"] == "2"
    text = page(client)
    row = text[text.index("Riverside High") :]
    row = row[: row.index("</tr>")]
    assert "Activity temporarily unavailable" in row and "Last known:" in row and "Unavailable" in row
    shown = re.sub(r"<[^>]+>|\d{1,2} \w+ \d{4}, \d{2}:\d{2}", " ", row)  # neither an id nor a moment is a figure
    assert "500" not in shown and "40" not in shown
    assert "Schools missing from these figures: 1" in text


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
    assert "Temporarily unavailable" in page(signed_in("operator@example.com"))


def test_a_channel_without_a_sender_is_never_ready(signed_in, world_db):
    states = {one["channel"]: one["state"] for one in call(signed_in("operator@example.com"))["providers"]}
    assert states == {"push": "not_configured", "email": "ready", "whatsapp": "preview", "sms": "preview"}


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
    assert value is None and "Temporarily unavailable" in shown and "Asked last" not in shown
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
