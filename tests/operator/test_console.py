"""The console: what needs somebody first, red for dead letters alone, and unknown never shown as zero."""

import re
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from config.provisioner import HEARTBEAT
from shared_apps.audit.services import record
from shared_apps.audit.services.canary_turns import note_canaries
from shared_apps.deliveries.rules import slot_of
from shared_apps.deliveries.services import totals
from shared_apps.deliveries.services.numbers import numbers
from shared_apps.operator.rules import chart
from shared_apps.operator.services import needs as sources
from shared_apps.operator.services.needs import SOURCES, Need, needs_of
from shared_apps.operator.services.picture import PROVISIONER, SWEEP, picture
from tenants.actor import Actor
from tenants.models import DriftFinding, Heartbeat, School
from tests.operator.ground import delivered, figures, trouble, work_runs

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
OPERATOR = Actor(kind="person", scope="platform", roles=frozenset({"operator"}))


@pytest.fixture
def well(greenfield, riverside):
    """Both schools have told, and the background work runs."""
    work_runs()
    for cast in (greenfield, riverside):
        figures(cast.ref)
    return greenfield, riverside


@pytest.fixture
def operator(signed_in):
    return signed_in("operator@example.com")


def page(client, query=""):
    answer = client.get(f"/operator{query}")
    assert answer.status_code == 200, answer.content[:2000]
    return answer.content.decode()


def seen(now=None):
    return needs_of(picture(OPERATOR, now=now or timezone.now()))


def test_nothing_needs_you_when_all_is_well(operator, well):
    text = page(operator)
    assert "Nothing needs you right now" in text and "All clear" in text and "tone--alarm" not in text
    assert re.search(r"Schools in platform.*?>2</a>.*?Active: 2 · Pending: 0 · Disabled: 0", text, re.S)
    assert "Healthy" in text and "WhatsApp and SMS are in preview" in text
    assert "No deliveries" in text and " 0 %" not in text
    assert " style=" not in text and "<script>" not in text


def test_an_operator_lands_on_the_console(operator, well):
    assert operator.get("/")["Location"] == "/operator"


def test_dead_letters_come_first_and_are_the_only_red(operator, well):
    greenfield, riverside = well
    figures(riverside.ref, quiet_days=4, stuck=2, stuck_since=timezone.now() - HOUR)
    trouble(greenfield.ref, 2)
    trouble(greenfield.ref, 3, state="retrying")
    found = seen()
    assert [(need.key.split("-")[0], need.tone) for need in found] == [
        ("dead", "alarm"), ("retrying", "watch"), ("stuck", "watch"), ("quiet", "watch"),
    ]  # fmt: skip
    text = page(operator)
    assert text.count("tone--alarm") == 1 and "Dead letters: 2" in text
    assert 'href="/operator/dead-letters"' in text and 'href="/operator/health?state=quiet"' in text
    assert "Went quiet: Riverside High" in text and "School days without anybody at the gate: 4" in text


@pytest.mark.parametrize(("days", "quiet"), [(2, False), (3, True)])
def test_three_of_its_own_school_days_make_a_school_quiet_unless_the_setting_says_else(well, settings, days, quiet):
    figures(well[0].ref, quiet_days=days)
    assert any(need.key.startswith("quiet") for need in seen()) is quiet
    settings.QUIET_SCHOOL_DAYS = 10
    assert seen() == []


def test_many_quiet_schools_are_three_by_name_and_a_count(well):
    for number in range(5):
        school = School.objects.create(schema_name=f"t_{number}", slug=f"quiet{number}", name=f"Q{number}")
        school.state = "active"
        school.save()
        figures(school, quiet_days=9)
    titles = [need.title for need in seen()]
    assert titles == ["Went quiet: Q0", "Went quiet: Q1", "Went quiet: Q2", "Went quiet, more schools: 2"]


def test_a_school_that_has_not_told_lately_is_said_to_be_unknown(operator, well):
    figures(well[0].ref, now=timezone.now() - 2 * HOUR, stuck=5)
    (need,) = seen()
    assert (need.title, need.detail, need.tone) == ("Activity temporarily unavailable", "Schools: 1", "watch")
    assert "Schools missing from these figures: 1" in page(operator)


def test_what_was_found_of_one_school_in_another_stands_right_behind_the_dead_letters(operator, well):
    """Nothing else is as urgent; only what is dead is red."""
    greenfield, riverside = well
    work_runs(timezone.now() - HOUR)
    now = timezone.now()
    figures(riverside.ref, quiet_days=4, stuck=2, stuck_since=now - HOUR)
    trouble(greenfield.ref, 1)
    trouble(greenfield.ref, 1, state="retrying")
    note_canaries(
        riverside.ref.id, by="system:test", now=now, others=1, asked=9, failed=["x"], found=["GET /api/learners"]
    )
    DriftFinding.objects.create(school_id=greenfield.ref.id, differences=["- a"], number=1, found_at=now, seen_at=now)
    keys = [need.key.split("-")[0] for need in seen()]
    assert keys == ["dead", "leaks", "unread", "work", "provisioner", "retrying", "stuck", "drift", "quiet"]
    assert page(operator).count("tone--alarm") == 1


def test_a_silent_platform_is_not_shown_as_one_on_which_nothing_happens(operator, well):
    then = timezone.now() - 2 * DAY
    for cast in well:
        figures(cast.ref, now=then, stuck=3, dead=2, sent_week=5)
        trouble(cast.ref, 2)
        trouble(cast.ref, 6, state="retrying")
    text = page(operator)
    snapshot = text[text.index('id="snapshot-title"') : text.index('id="chart-title"')]
    assert snapshot.count("Activity temporarily unavailable</dd>") == 2 and "Last told:" in snapshot
    for zero in ("No deliveries", "Nothing waits for review", "Nothing was delivered", "Sent: 0", "Failed: 0"):
        assert zero not in text, zero
    assert "As last told by silent schools: 4" in snapshot
    chart_part = text[text.index('id="chart-title"') : text.index('id="recent-title"')]
    assert "Activity temporarily unavailable" in chart_part and "<svg" not in chart_part and "<tr><td>" not in text
    assert [(need.key, need.tone) for need in seen()] == [("dead-then", "alarm"), ("unknown", "watch")]
    assert "Dead letters of schools that have not told lately: 4" in text and "Dead letters: " not in text


def test_dead_letters_of_a_silent_school_are_not_counted_with_those_that_are_known(operator, well):
    greenfield, riverside = well
    figures(riverside.ref, now=timezone.now() - 2 * HOUR)
    trouble(greenfield.ref, 2)
    trouble(riverside.ref, 7)
    text = page(operator)
    assert re.search(r"needing review</dt><dd><a [^>]*>2</a></dd>.*?As last told by silent schools: 7", text, re.S)
    titles = [need.title for need in seen() if need.tone == "alarm"]
    assert titles == ["Dead letters: 2", "Dead letters of schools that have not told lately: 7"]
    known, then = numbers(timezone.now()).dead, page(operator).count("Schools that told lately: 1 of 2")
    assert known == {"messaging.deliver": 2} and then == 3  # the console counts as the metrics do, and says of whom


def test_background_work_that_stands_still_is_said(operator, well):
    work_runs(timezone.now() - HOUR, names=(SWEEP,))
    assert [need.key for need in seen()] == ["work"]
    text = page(operator)
    assert "Work is late" in text and "Healthy" not in text


def test_a_provisioner_that_stands_still_is_said_as_preflight_says_it(operator, well):
    assert PROVISIONER == HEARTBEAT
    for at in (timezone.now() - HOUR, None):
        work_runs(at, names=(PROVISIONER,)) if at else Heartbeat.objects.filter(name=PROVISIONER).delete()
        assert [need.key for need in seen()] == ["provisioner"]
        text = page(operator)
        assert "Work is late" in text and "Healthy" not in text
        assert "The platform answers, but what builds new schools is late." in text


def test_mail_that_cannot_leave_is_a_channel_problem(well, settings):
    settings.ENVIRONMENT, settings.EMAIL_URL = "uat", ""
    assert [need.title for need in seen()] == ["Channel not configured: Email"]
    settings.EMAIL_URL = "smtp://mail.example"
    assert seen() == []


def test_the_last_hour_counts_what_went_out_what_failed_and_who_could_not_sign_in(operator, well):
    greenfield, riverside = well
    delivered(greenfield.ref, 199)
    delivered(riverside.ref, 99)
    delivered(riverside.ref, 2, reason="address_refused_550")
    delivered(riverside.ref, 50, reason="unreachable", ago=3 * HOUR)
    trouble(riverside.ref, 2, reason="address_refused_550")
    trouble(riverside.ref, 7, handler="gate.flow", reason="KeyError")
    for ago in (timedelta(minutes=5), timedelta(minutes=59), 2 * HOUR):
        record("identity.sign_in_failed", by="stranger", now=timezone.now() - ago)
    text = page(operator)
    assert "99.3 %" in text and "Sent: 298 · Failed: 2" in text
    assert re.search(r"Failed deliveries needing review</dt><dd><a [^>]*>2</a></dd>.*?Oldest captured", text, re.S)
    assert re.search(r"Failed sign-ins</dt><dd>2</dd>", text)
    assert "Sent: 298. Failed: 52." in text


def test_the_rate_is_never_rounded_up_to_all(operator, well):
    delivered(well[0].ref, 99_999)
    delivered(well[0].ref, 1, reason="unreachable")
    assert "99.9 %" in page(operator)


def test_the_chart_is_drawn_by_the_server_and_told_in_words_and_as_a_table(operator, well):
    delivered(well[0].ref, 30)
    delivered(well[0].ref, 3, reason="unreachable", ago=5 * HOUR)
    text = page(operator)
    assert text.count("chart__bar--sent") == 1 and text.count("chart__bar--failed") == 1
    assert text.count("<tr><td>") == 25 and "Show as table" in text and 'role="img"' in text


@pytest.mark.parametrize("minute", [0, 5, 35, 59])
def test_the_hours_of_the_chart_add_up_to_the_day_beside_it(minute):
    """Five past seven, half past seven of yesterday lies within the last 24 hours: for the figure and for the chart."""
    now = datetime(2026, 11, 20, 7, minute, tzinfo=UTC)
    rows = [
        (slot_of(now - ago), "email", reason, count)
        for ago, reason, count in (
            (DAY - timedelta(minutes=1), "", 500), (DAY - 20 * timedelta(minutes=1), "unreachable", 3),
            (DAY + HOUR, "", 7000), (HOUR, "", 20), (timedelta(0), "", 1), (-timedelta(hours=1), "no_address", 2),
        )
    ]  # fmt: skip
    read = totals.LastDay(now, rows)
    day, hours = read.within(totals.DAY), read.by_hour()
    assert (sum(hour[1] for hour in hours), sum(hour[2] for hour in hours)) == (day.sent, day.failed) == (521, 5)
    assert len(hours) == 25 and hours[0][0] == day.since and hours[-1][0] == now.replace(minute=0)
    for starts, _channel, reason, count in rows[:2] + rows[3:5]:
        (held,) = [hour for hour, end in pairwise([*hours, (now + HOUR, 0, 0)]) if hour[0] <= starts < end[0]]
        assert held[2 if reason else 1] >= count
    drawn = chart(hours)
    assert drawn.hours == [hour[0] for hour in hours[::5]] and drawn.width == 25 * 20


def test_a_live_beat_gets_the_inside_alone(operator, well):
    text = operator.get("/operator?wall=1", headers={"X-Live": "1"}).content.decode()
    assert "<html" not in text and "Needs you now" in text
    assert 'hx-get="/operator?wall=1"' in page(operator, "?wall=1")


def test_the_wall_has_a_clock_and_no_way_round(operator, well):
    wall = page(operator, "?wall=1")
    assert "shell--wall" in wall and "data-wall-clock" in wall and 'class="rail"' not in wall
    plain = page(operator)
    assert "shell--wall" not in plain and "data-wall-clock" not in plain and 'class="rail"' in plain


@pytest.mark.parametrize("email", ["gauteng@example.com", "circle@example.com", "finance@example.com"])
def test_those_who_watch_a_part_have_no_console(signed_in, world_db, email):
    assert signed_in(email).get("/operator").status_code == 403


def test_a_stranger_signs_in_first_and_a_schools_admin_is_refused(signed_in, greenfield, client):
    assert client.get("/operator")["Location"].startswith("/login?next=")
    assert signed_in("admin@greenfield.example").get("/operator").status_code == 403


def test_it_asks_as_much_of_the_database_for_many_schools_as_for_two_and_visits_none(operator, well):
    def statements():
        with (
            CaptureQueriesContext(connections["default"]) as asked,
            CaptureQueriesContext(connections["schools"]) as in_school,
        ):
            page(operator)
        assert len(in_school) == 0
        return len(asked)

    figures(well[0].ref, quiet_days=3)
    before = statements()
    for number in range(40):
        school = School.objects.create(
            schema_name=f"t_{number}", slug=f"more{number}", name=f"M{number}", state="active"
        )
        figures(school, quiet_days=number)
        trouble(school, 1)
    assert statements() == before


def test_another_kind_of_trouble_is_one_more_function(well, monkeypatch):
    def drift(picture):
        return [Need("drift", "watch", "Drift found", "", "/operator/schools")]

    monkeypatch.setattr(sources, "SOURCES", [*SOURCES, drift])
    assert [need.key for need in seen()] == ["drift"]
