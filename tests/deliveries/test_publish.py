"""What a school tells the platform: equal to its rows, whole, in order, and never a name."""

import json
from collections import Counter
from datetime import UTC, date, datetime, time, timedelta

import pytest
from django.core import serializers
from django.db.models import Sum
from django.utils import timezone
from django_q.models import OrmQ
from django_q.signing import SignedPackage

from shared_apps.deliveries.models import DeadLetter, DeliveryCount, SchoolFigures, Trouble
from shared_apps.deliveries.rules import AFTER_ACTIVITY, AT_THE_LATEST, STALE_AFTER, slot_of
from shared_apps.deliveries.services import publish as publishing
from shared_apps.deliveries.services.read import figures_of, last_known
from tenant_apps.events import jobs as events_jobs
from tenant_apps.events.models import Reaction
from tenant_apps.events.services.record import record
from tenant_apps.gate.models import Flow
from tenant_apps.messaging.jobs import tell_platform
from tenant_apps.messaging.models import Attempt, Delivery, DeliveryState
from tenant_apps.messaging.services import figures
from tenant_apps.people.models import CalendarDay, ClassGroup, Learner, Staff
from tenant_apps.people.services.calendar import open_year
from tenants import jobs
from tenants.actor import system
from tenants.ask import Unavailable
from tenants.jobs import _jobs
from tenants.models import School, SchoolPlacement, SchoolState
from tenants.scope import school_scope
from tests.deliveries.acts import die, seen_at_gate, tell
from tests.messaging.scans import drained, scan
from tests.world import MORNING, read

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)


def busy(cast):
    """A morning: four scans; one guardian has no address, one mail's scan is too old to tell of."""
    with school_scope(cast.ref):
        guardian = cast.learners[1].guardianships.get().guardian
        guardian.email = ""
        guardian.save()
    for place, minutes in enumerate((0, 4, 17, 40)):
        at = MORNING + minutes * MINUTE
        seen_at_gate(cast, at)
        scan(cast, cast.learners[place], at=at)
        drained(cast, at)


def rows_of(school):
    return Counter(
        {
            (row.starts, row.channel, row.reason): row.count
            for row in DeliveryCount.objects.filter(school=school).exclude(count=0)
        }
    )


def by_hand(cast):
    """The same, counted from the deliveries themselves, one by one."""
    found = Counter()
    with school_scope(cast.ref):
        for delivery in Delivery.objects.all():
            if delivery.state == DeliveryState.SENT:
                found[slot_of(delivery.sent_at), delivery.channel, ""] += 1
            elif delivery.state == DeliveryState.FAILED:
                last = delivery.attempts.latest("at")
                found[slot_of(last.at), delivery.channel, last.error] += 1
    return found


def test_every_figure_is_what_the_schools_rows_say(greenfield):
    busy(greenfield)
    tell(greenfield, MORNING + 45 * MINUTE)
    told = figures_of([greenfield.ref.id], now=MORNING + 46 * MINUTE)[greenfield.ref.id]
    with school_scope(greenfield.ref):
        assert told.learners == len(list(Learner.objects.all())) == 8
        assert told.active_learners == sum(one.state == "active" for one in Learner.objects.all()) == 7
        assert told.classes == len(list(ClassGroup.objects.all())) == 2
        assert told.staff == len(list(Staff.objects.all())) == 3
        deliveries = list(Delivery.objects.all())
        waiting = [one for one in Reaction.objects.all() if one.state == "waiting"]
    assert told.last_gate_activity == MORNING + 40 * MINUTE
    assert told.sent_week == sum(one.state == "sent" for one in deliveries) == 3
    assert told.failed_week == sum(one.state == "failed" for one in deliveries) == 1
    assert (told.waiting.count, told.dead.count, told.stuck.count) == (len(waiting), 0, 0)
    assert rows_of(greenfield.ref.id) == by_hand(greenfield) and by_hand(greenfield).total() == 4


def test_all_schools_together_are_the_sum_of_each_however_often_each_tells(greenfield, riverside):
    busy(greenfield)
    for minutes in (5, 20, 45):
        tell(greenfield, MORNING + minutes * MINUTE)
    busy(riverside)
    tell(riverside, MORNING + 45 * MINUTE)
    tell(greenfield, MORNING + 50 * MINUTE)
    assert rows_of(None) == rows_of(greenfield.ref.id) + rows_of(riverside.ref.id)
    assert DeliveryCount.objects.filter(school=None).aggregate(all=Sum("count"))["all"] == 8


def test_counts_that_a_school_takes_back_leave_the_total_too(greenfield):
    busy(greenfield)
    tell(greenfield, MORNING + 45 * MINUTE)
    now = MORNING + 46 * MINUTE
    with school_scope(greenfield.ref):
        told = figures.told(since=slot_of(MORNING - DAY), now=now)
    publishing.publish(type(told)(told.figures, told.since, [], [], []), school=greenfield.ref.id)
    assert rows_of(greenfield.ref.id) == rows_of(None) == Counter()


def test_told_twice_changes_nothing_and_an_older_telling_gives_way(greenfield):
    busy(greenfield)
    late, early = MORNING + 45 * MINUTE, MORNING + 44 * MINUTE
    tell(greenfield, late)
    before = serializers.serialize("json", DeliveryCount.objects.order_by("id"))
    with school_scope(greenfield.ref):
        old = figures.told(since=slot_of(early - DAY), now=early)
        same = figures.told(since=slot_of(early - DAY), now=late)
    assert not publishing.publish(old, school=greenfield.ref.id)
    assert not publishing.publish(same, school=greenfield.ref.id)
    assert serializers.serialize("json", DeliveryCount.objects.order_by("id")) == before
    assert SchoolFigures.objects.get(school=greenfield.ref.id).as_of == late


def test_what_nobody_told_or_told_too_long_ago_is_unavailable_and_never_zero(greenfield, riverside):
    tell(greenfield, MORNING)
    known = figures_of([greenfield.ref.id, riverside.ref.id], now=MORNING + STALE_AFTER)
    assert known[greenfield.ref.id].learners == 8
    assert known[riverside.ref.id] == Unavailable("never_told")
    later = figures_of([greenfield.ref.id], now=MORNING + STALE_AFTER + MINUTE)
    assert later[greenfield.ref.id] == Unavailable("stale")
    assert last_known(greenfield.ref.id).learners == 8 and last_known(riverside.ref.id) is None


def test_dead_letters_are_listed_as_codes_and_replayed_ones_leave(greenfield):
    scan(greenfield, greenfield.learners[0])
    scan(greenfield, greenfield.learners[1])
    ids = die(greenfield, handler="messaging.tell_guardians", reason="KeyError", at=MORNING)
    tell(greenfield, MORNING + MINUTE)
    assert set(DeadLetter.objects.values_list("reaction", flat=True)) == set(ids)
    group = Trouble.objects.get()
    assert (group.state, group.handler, group.reason, group.count, group.since) == (
        "dead", "messaging.tell_guardians", "KeyError", 2, MORNING,
    )  # fmt: skip
    told = figures_of([greenfield.ref.id], now=MORNING + MINUTE)[greenfield.ref.id]
    assert (told.dead.count, told.dead.since) == (2, MORNING)
    with school_scope(greenfield.ref):
        Reaction.objects.filter(id=ids[0]).update(state="waiting", done_at=None)
        Reaction.objects.filter(id=ids[1]).update(done_at=MORNING + MINUTE)
    tell(greenfield, MORNING + 2 * MINUTE)
    assert [(one.reaction, one.died_at) for one in DeadLetter.objects.all()] == [(ids[1], MORNING + MINUTE)]


def test_stuck_is_what_was_due_long_ago_and_nobody_has_in_hand(greenfield):
    scan(greenfield, greenfield.learners[0])
    for minutes, count in ((15, 0), (16, 3)):
        tell(greenfield, MORNING + minutes * MINUTE)
        told = figures_of([greenfield.ref.id], now=MORNING + minutes * MINUTE)[greenfield.ref.id]
        assert (told.stuck.count, told.waiting.count) == (count, 3)
    assert told.stuck.since == MORNING


@pytest.mark.parametrize(
    ("now", "days"),
    [
        (datetime(2026, 11, 20, 18, tzinfo=UTC), 0),  # the same Friday
        (datetime(2026, 11, 23, 10, tzinfo=UTC), 0),  # Monday, not over yet
        (datetime(2026, 11, 23, 15, 1, tzinfo=UTC), 1),  # Monday after 17:00 there
        (datetime(2026, 11, 25, 10, tzinfo=UTC), 1),  # Tuesday was a holiday
        (datetime(2026, 11, 27, 10, tzinfo=UTC), 3),
        (datetime(2027, 1, 4, 10, tzinfo=UTC), 12),  # term ended on 9 December
    ],
)
def test_quiet_days_are_the_schools_own_school_days(greenfield, now, days):
    with school_scope(greenfield.ref):
        CalendarDay.objects.create(date=date(2026, 11, 24), school_day=False, name="Holiday")
        assert figures.quiet_days(MORNING, now) == days


def test_gate_days_are_the_last_ten_school_days_that_are_over_and_those_on_which_the_gate_was_used(greenfield):
    friday = datetime(2026, 11, 20, 18, tzinfo=UTC)
    with school_scope(greenfield.ref):
        assert figures.gate_days(friday) == []  # before anything happened here there were no days of its own
        record("test.begun", by=system("test", greenfield.ref), at=friday - timedelta(days=25), now=friday)
        CalendarDay.objects.create(date=date(2026, 11, 18), school_day=False, name="Holiday")
        days = figures.gate_days(friday)
        assert len(days) == 10 and days[-1] == date(2026, 11, 20) and date(2026, 11, 18) not in days
        assert days[0] == date(2026, 11, 6)
        assert figures.gate_days(friday - timedelta(hours=8))[-1] == date(2026, 11, 19)  # the day is not over
        for day in (*days[:3], date(2026, 11, 18), date(2026, 10, 30)):
            Flow.objects.create(day=day, starts=time(7), arrivals=1)
            Flow.objects.create(day=day, starts=time(14), departures=1)
        told = figures.figures(friday)
        assert (told.gate_days, told.gate_days_used) == (10, 3)


def test_a_gate_never_used_has_no_quiet_days_and_a_new_year_counts_its_own_classes(greenfield):
    january = datetime(2027, 1, 20, 8, tzinfo=UTC)
    with school_scope(greenfield.ref):
        assert figures.figures(MORNING).quiet_days is None
        open_year(by=system("test", greenfield.ref), now=MORNING, year=2027, terms=[], days=[])
        assert figures.figures(january).classes == 0 and figures.figures(MORNING).classes == 2


def test_nothing_the_platform_keeps_names_anybody(greenfield):
    busy(greenfield)
    scan(greenfield, greenfield.learners[5], at=MORNING + 50 * MINUTE)
    die(greenfield, handler="messaging.tell_guardians", reason="KeyError", at=MORNING + 50 * MINUTE)
    tell(greenfield, MORNING + 51 * MINUTE)
    kept = "".join(
        serializers.serialize("json", model.objects.all())
        for model in (SchoolFigures, DeliveryCount, Trouble, DeadLetter)
    )
    with school_scope(greenfield.ref):
        subjects = [delivery.message.subject for delivery in Delivery.objects.select_related("message")]
        assert Attempt.objects.exists()
    assert len(subjects) == 4
    for word in (greenfield.canary, greenfield.canary.lower(), "Guardian", "+2782", *subjects):
        assert word not in kept


# -- who tells when ----------------------------------------------------------------------------------------------------


def test_a_school_tells_soon_after_something_happened_and_else_now_and_then(greenfield, riverside):
    both = {greenfield.ref.id, riverside.ref.id}
    assert set(publishing.due(MORNING)) == both  # never told
    for cast in (greenfield, riverside):
        tell(cast, MORNING)
    assert publishing.due(MORNING + AFTER_ACTIVITY) == []
    publishing.stir(greenfield.ref.id, now=MORNING + MINUTE)
    publishing.stir(greenfield.ref.id, now=MORNING + 2 * MINUTE)
    assert SchoolFigures.objects.get(school=greenfield.ref.id).stirred_at == MORNING + MINUTE
    assert publishing.due(MORNING + AFTER_ACTIVITY - MINUTE) == []  # not for every scan
    assert publishing.due(MORNING + AFTER_ACTIVITY) == [greenfield.ref.id]
    tell(greenfield, MORNING + AFTER_ACTIVITY)
    assert publishing.due(MORNING + AT_THE_LATEST - MINUTE) == []
    assert publishing.due(MORNING + AT_THE_LATEST) == [riverside.ref.id]


def test_one_turn_wakes_a_bounded_number_the_longest_silent_first(greenfield, riverside):
    tell(riverside, MORNING)
    tell(greenfield, MORNING + MINUTE)
    assert publishing.due(MORNING + DAY, limit=1) == [riverside.ref.id]
    SchoolPlacement.objects.filter(school=riverside.ref.id).update(quarantined=True)
    assert publishing.due(MORNING + DAY, limit=1) == [greenfield.ref.id]


def test_what_happened_while_it_was_told_is_told_again(greenfield):
    tell(greenfield, MORNING)
    publishing.stir(greenfield.ref.id, now=MORNING + MINUTE)
    tell(greenfield, MORNING + MINUTE - timedelta(seconds=1))
    assert greenfield.ref.id in publishing.due(MORNING + 10 * MINUTE)


def test_counts_no_window_reaches_are_dropped(greenfield):
    busy(greenfield)
    tell(greenfield, MORNING + 45 * MINUTE)
    publishing.forget(MORNING + DAY)
    assert rows_of(None).total() == 4
    publishing.forget(MORNING + 2 * DAY)
    assert DeliveryCount.objects.count() == 0


def test_the_clock_queues_one_turn_for_each_school_that_is_due_and_no_second_one(greenfield, riverside):
    tell(riverside, timezone.now())
    for _ in range(3):
        _jobs["deliveries.sweep"]()
    waiting = [json.loads(SignedPackage.loads(row.payload)["args"][0]) for row in OrmQ.objects.all()]
    mine = [(one["job"], one["school"]) for one in waiting if one["job"] == "messaging.tell_platform"]
    assert mine == [("messaging.tell_platform", str(greenfield.ref.id))]


def test_a_suspended_school_goes_on_telling_how_it_is(greenfield):
    tell(greenfield, timezone.now() - DAY)
    School.objects.filter(pk=greenfield.ref.id).update(state=SchoolState.DISABLED)
    assert greenfield.ref.id in publishing.due(timezone.now())
    jobs.run(json.dumps({"job": "messaging.tell_platform", "school": str(greenfield.ref.id), "ids": []}))
    assert timezone.now() - SchoolFigures.objects.get(school=greenfield.ref.id).as_of < DAY


def test_through_the_clocks_own_jobs(real_commits):
    """The sweep queues one turn for each school, the turn tells, and a drain stirs."""
    cast = read("greenfield")
    _jobs["messaging.tell_platform"](school=cast.ref)
    told = SchoolFigures.objects.get(school=cast.ref.id)
    assert told.learners == 8 and told.stirred_at is None
    events_jobs.drain(school=cast.ref)
    told.refresh_from_db()
    assert told.stirred_at is not None and told.stirred_at <= timezone.now()
    assert tell_platform is _jobs["messaging.tell_platform"]
