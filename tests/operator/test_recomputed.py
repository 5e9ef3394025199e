"""Every figure of the health page, its API and the console, recomputed from the schools' own rows and found equal.

The schools are asked here, one by one; the product may not. Nothing of `shared_apps.deliveries` helps to recompute.
"""

import re
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from django.test import Client
from django.utils import timezone
from django.utils.formats import date_format

from shared_apps.deliveries.services.words import reason_words
from tenant_apps.events.models import Reaction, ReactionState
from tenant_apps.gate.models import Scan
from tenant_apps.messaging.models import Delivery
from tenant_apps.people.models import CalendarDay, SchoolProfile
from tenants.scope import school_scope
from tests import world
from tests.deliveries.acts import die, seen_at_gate, tell
from tests.messaging.scans import drained, scan
from tests.operator.ground import work_runs

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
WEEK, SLOT = 7 * DAY, 600
LIVES = ("quiet", "unknown", "onboarding", "live", "disabled")
EVERYWHERE = ("operator@example.com",)
READERS = (*EVERYWHERE, "gauteng@example.com", "circle@example.com")


# -- what the schools live through -------------------------------------------------------------------------------------


def live_through(cast, seen, now):
    """Guardians are told of scans of the learners at `seen` (place, ago); that of the second has no address."""
    with school_scope(cast.ref):
        guardian = cast.learners[1].guardianships.get().guardian
        guardian.email = ""
        guardian.save()
    for place, ago in seen:
        scan(cast, cast.learners[place], at=now - ago)
        drained(cast, now - ago)


def school_calendar(cast, now):
    """Every day a school day but one, whatever day it is when this runs."""
    with school_scope(cast.ref):
        today = now.astimezone(cast.ref.zone).date()
        CalendarDay.objects.all().delete()
        CalendarDay.objects.bulk_create(
            CalendarDay(date=today - number * DAY, school_day=number != 3, name="X") for number in range(30)
        )


def changed(cast, *, count, skip=0, **values):
    """Deliveries that were done, as if they had come to something else."""
    with school_scope(cast.ref):
        done = Reaction.objects.filter(handler="messaging.deliver", state=ReactionState.DONE).order_by("id")
        assert len(ids := list(done.values_list("id", flat=True)[skip : skip + count])) == count
        Reaction.objects.filter(id__in=ids).update(**values)


def happened(greenfield, riverside, now, *, quiet):
    for cast in (greenfield, riverside):
        school_calendar(cast, now)
    live_through(
        greenfield,
        ((0, 8 * DAY), (2, 3 * DAY), (0, now - begins(now, DAY) - timedelta(seconds=1)), (2, 20 * HOUR),
         (3, 6 * HOUR), (1, 5 * HOUR), (3, 90 * MINUTE), (1, 12 * MINUTE), (4, 9 * MINUTE)),
        now,
    )  # fmt: skip
    live_through(riverside, ((0, 30 * HOUR), (2, 4 * HOUR), (1, 3 * HOUR), (3, 8 * MINUTE)), now)
    seen_at_gate(greenfield, now - 2 * DAY)
    seen_at_gate(greenfield, now - 10 * MINUTE)
    seen_at_gate(riverside, now - (9 * DAY if quiet else 7 * HOUR))
    for cast, unfollowed in ((greenfield, (40, 25, 2)), (riverside, (55, 20))):  # nobody has followed these
        for place, minutes in enumerate(unfollowed):
            scan(cast, cast.learners[place], at=now - minutes * MINUTE)
    die(greenfield, handler="gate.flow", reason="KeyError", at=now - 3 * MINUTE)
    changed(greenfield, count=2, state="dead", error="unreachable", done_at=now - 7 * HOUR)
    changed(greenfield, count=2, state="dead", error="unreachable", done_at=now - 2 * HOUR)
    changed(riverside, count=2, state="dead", error="unreachable", done_at=now - 26 * HOUR)
    changed(riverside, count=1, state="waiting", error="timed_out", attempts=2, next_at=now + HOUR, done_at=None)
    for cast in (riverside, greenfield):
        tell(cast, now)
    work_runs(now)


# -- the same once more, from the rows ---------------------------------------------------------------------------------


@dataclass
class Own:
    """One school from its own rows: outcomes are (moment, reason), the rest lists of moments."""

    id: str
    name: str
    outcomes: list
    waiting: list
    retrying: list
    stuck: list
    dead: list  # (moment, handler, reason)
    last: datetime
    quiet_days: int

    @property
    def life(self):
        return "quiet" if self.quiet_days >= 3 else "live"


def own(cast, now):
    with school_scope(cast.ref):
        deliveries = [(one, one.attempts.latest("at")) for one in Delivery.objects.exclude(state="queued")]
        reactions = list(Reaction.objects.select_related("event"))
        last = max(one.scanned_at for one in Scan.objects.all())
        close = SchoolProfile.objects.get().close_time
        school_days = {one.date for one in CalendarDay.objects.all() if one.school_day}
    local, seen = now.astimezone(cast.ref.zone), last.astimezone(cast.ref.zone).date()
    final = local.date() if local.time() > close else local.date() - DAY
    waiting = [one for one in reactions if one.state == "waiting"]
    return Own(
        id=str(cast.ref.id),
        name=cast.ref.name,
        outcomes=[
            (one.sent_at, "") if one.state == "sent" else (attempt.at, attempt.error) for one, attempt in deliveries
        ],
        waiting=[one.event.recorded_at for one in waiting],
        retrying=[one.event.recorded_at for one in waiting if one.attempts and one.handler == "messaging.deliver"],
        stuck=[one.next_at for one in waiting if one.next_at < now - 15 * MINUTE],
        dead=[(one.done_at, one.handler, one.error) for one in reactions if one.state == "dead"],
        last=last,
        quiet_days=sum(seen < day <= final for day in school_days),
    )


def begins(now, span):
    """Windows begin with a slot of ten minutes, never after `now - span`."""
    at = (now - span).timestamp()
    return datetime.fromtimestamp(at - at % SLOT, UTC)


def share(outcomes):
    sent = sum(not reason for _at, reason in outcomes)
    every = len(outcomes)
    return {"sent": sent, "failed": every - sent, "rate": sent * 1000 // every / 10 if every else None}


def week_of(school, now):
    return [one for one in school.outcomes if one[0] >= now - WEEK]


def since(moments):
    return min(moments).isoformat() if moments else None


def activity(school, now):
    return {
        "last_gate_activity": school.last.isoformat(), "quiet_school_days": school.quiet_days,
        "week": share(week_of(school, now)), "waiting": len(school.waiting), "stuck": len(school.stuck),
        "dead": len(school.dead),
    }  # fmt: skip


def group(schools, now):
    counted = share([one for school in schools for one in week_of(school, now)])
    return {"count": len(schools), "told": len(schools), **counted}


def window(outcomes, now, span):
    first = begins(now, span)
    within = [one for one in outcomes if one[0] >= first]
    reasons = Counter(reason for _at, reason in within if reason)
    return {**share(within), "since": first.isoformat(), "reasons": dict(reasons)}


def hours(outcomes, now):
    """(start, sent, failed) of the 25 parts of the day, counted delivery by delivery."""
    first, whole = begins(now, DAY), now.replace(minute=0, second=0)
    starts = [first, *(whole - number * HOUR for number in range(23, -1, -1))]
    ends = [*starts[1:], now + HOUR]
    parts = zip(starts, ends, strict=True)
    return [
        (start, *(sum(start <= at < end and bool(why) is failed for at, why in outcomes) for failed in (False, True)))
        for start, end in parts
    ]


# -- reading what is said ----------------------------------------------------------------------------------------------


def utc(value):
    """Moments written alike, wherever they stand."""
    if isinstance(value, dict):
        return {key: utc(one) for key, one in value.items()}
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\dT.*", value):
        return datetime.fromisoformat(value).astimezone(UTC).isoformat()
    return value


def shown(at):
    """A moment as platform people read it."""
    with timezone.override("Africa/Johannesburg"):
        return date_format(
            timezone.localtime(datetime.fromisoformat(at) if isinstance(at, str) else at), "DATETIME_FORMAT"
        )


def text_of(markup):
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", markup)).split())


def part(page, start, end):
    begun = page[page.index(start) :]
    return text_of("<" + begun[: begun.index(end)])


def said(rate):
    return "No deliveries" if rate is None else f"{rate} %"


@pytest.fixture(params=[False, True], ids=["both live", "one quiet"])
def lived(request, greenfield, riverside, monkeypatch):
    """The clock stands still, so that every page looks at one moment."""
    now = timezone.now().replace(microsecond=0)
    happened(greenfield, riverside, now, quiet=request.param)
    monkeypatch.setattr(timezone, "now", lambda: now)
    return now, {"greenfield": own(greenfield, now), "riverside": own(riverside, now)}


def reached(lived, email):
    now, schools = lived
    return now, list(schools.values()) if email in EVERYWHERE else [schools["greenfield"]]


def browser(email):
    client = Client()
    client.post("/login", {"email": email, "password": world.PASSWORD})
    return client


def page_of(email, path="/operator/health"):
    answer = browser(email).get(path)
    assert answer.status_code == 200
    return answer.content.decode()


def test_what_is_compared_tells_every_mistake_apart(lived):
    """Two equal figures would hide that one stands for the other."""
    now, schools = lived
    for school in schools.values():
        week = share(week_of(school, now))
        assert len({week["sent"], week["failed"], len(school.waiting), len(school.stuck), len(school.dead)}) == 5
        assert (
            week["failed"] > 0 and min(school.stuck) < max(school.stuck) and min(school.waiting) < max(school.waiting)
        )
    green, river = schools.values()
    assert len(week_of(green, now)) < len(green.outcomes) and green.retrying == [] != river.retrying
    assert min(green.stuck) != min(river.stuck) and min(green.waiting) != min(river.waiting)
    assert min(green.dead)[0] != min(river.dead)[0] and green.quiet_days != river.quiet_days or river.life == "live"
    every = green.outcomes + river.outcomes
    assert share(window_rows(every, now, HOUR)) != share(window_rows(every, now, DAY))
    assert len({hour[1:] for hour in hours(every, now)}) > 2 and hours(every, now)[0][1] > 0


def window_rows(outcomes, now, span):
    return [one for one in outcomes if one[0] >= begins(now, span)]


@pytest.mark.parametrize("email", READERS)
def test_the_api_says_what_the_schools_rows_say(lived, signed_in, email):
    now, schools = reached(lived, email)
    found = signed_in(email).get("/api/operator/health").json()
    outcomes = [one for school in schools for one in school.outcomes]
    assert (found["total"], found["told"]) == (len(schools), len(schools))
    assert datetime.fromisoformat(found["as_of"]) == now
    assert {one["id"]: utc(one["activity"]) for one in found["items"]} == {
        school.id: utc(activity(school, now)) for school in schools
    }
    assert {one["id"]: (one["state"], one["name"]) for one in found["items"]} == {
        school.id: (school.life, school.name) for school in schools
    }
    assert {datetime.fromisoformat(one["as_of"]) for one in found["items"]} == {now}
    assert found["groups"] == {life: group([one for one in schools if one.life == life], now) for life in LIVES}
    for name, span in (("hour", HOUR), ("day", DAY)):
        told = found["deliveries"][name]
        told["reasons"] = {one["reason"]: one["count"] for one in told["reasons"]}
        assert utc(told) == utc(window(outcomes, now, span)), name
    last = {failed: max(begins(at, 0 * DAY) for at, why in outcomes if bool(why) is failed) for failed in (False, True)}
    for one in found["providers"]:
        mail = one["channel"] == "email"
        assert one["day"] == (share(window_rows(outcomes, now, DAY)) if mail else share([]))
        assert utc(one["last_sent"]) == (last[False].isoformat() if mail else None)
        assert utc(one["last_failed"]) == (last[True].isoformat() if mail else None)
    signals = {one["key"]: (one["value"], utc(one["since"])) for one in found["signals"]}
    for key, moments in counted(schools, email).items():
        assert signals[key] == (str(len(moments)), utc(since(moments))), key
    assert ("dead" in signals) is (email in EVERYWHERE)
    assert signals["schools"][0] == str(len(schools))


def counted(schools, email):
    """The signals that schools told, with the moments behind each."""
    told = {
        "waiting": [at for school in schools for at in school.waiting],
        "stuck": [at for school in schools for at in school.stuck],
    }
    return told | ({"dead": [at for school in schools for at, *_ in school.dead]} if email in EVERYWHERE else {})


@pytest.mark.parametrize("email", READERS)
def test_the_health_page_says_what_the_schools_rows_say(lived, email):
    now, schools = reached(lived, email)
    page = page_of(email)
    outcomes = [one for school in schools for one in school.outcomes]
    for life, label in (
        ("live", "Live"),
        ("onboarding", "Onboarding"),
        ("quiet", "Went quiet"),
        ("disabled", "Disabled"),
    ):
        told = group([one for one in schools if one.life == life], now)
        week = "No deliveries in 7 days" if told["rate"] is None else f"Went out in 7 days: {told['rate']} %"
        assert part(page, f'h2 id="card-{life}"', "</section>") == f"{label} {told['count']} {week}"
    for school in schools:
        row = part(page, f'tr data-key="{school.id}"', "</tr>")
        assert shown(school.last) in row and f"Dead letters: {len(school.dead)}" in row
        assert f"Stuck work: {len(school.stuck)} · Work that waits: {len(school.waiting)}" in row
        assert f" {said(share(week_of(school, now))['rate'])} " in row
        assert (f"School days since: {school.quiet_days}" in row) is (school.life == "quiet")
    for name, span in (("hour", HOUR), ("day", DAY)):
        told = window(outcomes, now, span)
        reasons = " ".join(
            f"{reason_words(reason)} {count}" for reason, count in Counter(told["reasons"]).most_common()
        )
        assert (
            part(page, f'div class="stack stack--tight" data-key="window-{name}"', "</div>").split(" · ", 1)[1]
            == (
                f"Since: {shown(told['since'])} {said(told['rate'])} · Sent: {told['sent']} · Failed: {told['failed']}"
                f" {reasons}"
            ).strip()
        )
    day = said(share(window_rows(outcomes, now, DAY))["rate"])
    assert f"Email Went out in 24 hours: {day} " in part(page, 'li data-key="provider-email"', "</li>")
    for key, moments in counted(schools, email).items():
        signal = part(page, f'div data-key="signal-{key}"', "</div>")
        assert f" {len(moments)} · Since: {shown(min(moments))}" in signal, key
    assert part(page, 'div data-key="signal-schools"', "</div>").startswith(f"Schools {len(schools)}")


@pytest.mark.parametrize("path", ["/operator", "/operator?wall=1"])
def test_the_console_says_what_the_schools_rows_say(lived, path):
    now, schools = reached(lived, EVERYWHERE[0])
    page = page_of(EVERYWHERE[0], path)
    outcomes = [one for school in schools for one in school.outcomes]
    assert "Schools in platform 2 Active: 2 · Pending: 0 · Disabled: 0" in part(
        page, 'h2 id="schools-title"', "</section>"
    )
    hour, day = (window(outcomes, now, span) for span in (HOUR, DAY))
    review = [at for school in schools for at, handler, _ in school.dead if handler == "messaging.deliver"]
    snapshot = part(page, 'h2 id="snapshot-title"', "</section>")
    clock = shown(hour["since"])[-5:]
    assert f"went out {said(hour['rate'])} Sent: {hour['sent']} · Failed: {hour['failed']} · Since: {clock}" in snapshot
    assert f"needing review {len(review)} Oldest captured: {shown(min(review))}" in snapshot
    assert "Failed sign-ins 0" in snapshot

    dead = [one for school in schools for one in school.dead]
    stuck = [at for school in schools for at in school.stuck]
    again = [at for school in schools for at in school.retrying]
    causes = len({(handler, reason) for _, handler, reason in dead})
    needs = {
        "dead": f"Dead letters: {len(dead)} Dead-lettered Causes: {causes} · Since: {shown(min(dead)[0])}",
        "retrying": f"Deliveries that are tried again: {len(again)} Worth a look Channel: Email · "
        f"Since: {shown(min(again))}",
        "stuck": f"Stuck work: {len(stuck)} Worth a look Schools: 2 · Since: {shown(min(stuck))}",
    }
    for school in schools:
        if school.life == "quiet":
            needs[f"quiet-{school.id}"] = (
                f"Went quiet: {school.name} Worth a look School days without anybody at the gate: {school.quiet_days}"
                f" · Since: {shown(school.last)}"
            )
    listed = part(page, 'h2 id="needs-title"', "</section>")
    for key, words in needs.items():
        assert words in part(page, f'data-key="{key}"', "</li>"), key
    assert len(re.findall(r"data-need=", page)) == len(needs) and "Needs you now" in listed

    parts = hours(outcomes, now)
    rows = re.findall(r"<tr><td>([^<]+)</td><td[^>]*>(\d+)</td><td[^>]*>(\d+)</td></tr>", page)
    assert [(at, int(out), int(lost)) for at, out, lost in rows] == [(shown(at), out, lost) for at, out, lost in parts]
    assert (sum(one[1] for one in parts), sum(one[2] for one in parts)) == (day["sent"], day["failed"])
    top = 10
    assert max(max(one[1:]) for one in parts) <= top
    drawn = sorted(re.findall(r'chart__bar--(\w+)" x="(\d+)" y="([\d.]+)" width="8" height="([\d.]+)"', page))
    bars = [
        (name, str(place * 20 + 2 + side * 8), f"{100 - 100 * count / top:.2f}", f"{100 * count / top:.2f}")
        for place, one in enumerate(parts)
        for side, (name, count) in enumerate(zip(("sent", "failed"), one[1:], strict=True))
        if count
    ]
    assert drawn == sorted(bars) and len(bars) > 4
    busiest = max(parts, key=lambda one: one[1] + one[2])
    summary = f"Sent: {day['sent']}. Failed: {day['failed']}. The busiest hour began at {shown(busiest[0])[-5:]}."
    assert part(page, 'p class="small" id="chart-summary"', "</p>") == summary


@pytest.mark.parametrize("email", READERS)
def test_the_page_says_what_the_api_says(lived, signed_in, email):
    """Signal by signal, whatever they are: also those that no school told."""
    page, found = page_of(email), signed_in(email).get("/api/operator/health").json()
    keys = re.findall(r'data-key="signal-(\w+)"', page)
    assert keys == [one["key"] for one in found["signals"]]
    for one in found["signals"]:
        words = part(page, f'div data-key="signal-{one["key"]}"', "</div>")
        value = one["value"]
        moment = value and re.fullmatch(r"\d{4}-\d\d-\d\dT.*", value)
        wanted = "Activity temporarily unavailable" if value is None else shown(value) if moment else f" {value} "
        assert wanted in f"{words} ", one["key"]
    for one in found["providers"]:
        words = part(page, f'li data-key="provider-{one["channel"]}"', "</li>")
        rate = one["day"]["rate"]
        assert ("No deliveries in 24 hours" if rate is None else f"24 hours: {rate} %") in words
    tabs = re.findall(r'href="([^"]*)"[^>]*>([^<]+) <span class="tabs__count">(\d+)<', page)
    count = {address.removeprefix("?state="): int(number) for address, _, number in tabs}
    stuck = sum(one["activity"]["stuck"] > 0 for one in found["items"])
    lives = {life: one["count"] for life, one in found["groups"].items() if one["count"]}
    assert count == {"?": found["total"], "stuck": stuck, **lives} and stuck > 0
