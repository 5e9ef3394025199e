"""The drain: claim, run, record; back-off, death, expiry, and what a lost lease may no longer do."""

from datetime import timedelta

import pytest

from tenant_apps.events.models import Reaction, ReactionState
from tenant_apps.events.services import drain as draining
from tenant_apps.events.services.drain import ATTEMPTS, BACK_OFF, LONGEST, back_off, drain
from tenant_apps.gate.models import Gate
from tenants.ids import new_id
from tenants.lanes import Lane
from tenants.pipeline import send
from tenants.reactions import ReactionError
from tenants.scope import school_scope
from tests import world
from tests.events.handlers import Clock, following, happen


def only(cast) -> Reaction:
    with school_scope(cast.ref):
        return Reaction.objects.get()


def claim(cast, now):
    with school_scope(cast.ref):
        asked = draining.claim(list(Lane), now=now)
    return draining.claimed(asked)


def gates(cast) -> int:
    with school_scope(cast.ref):
        return Gate.objects.filter(name__startswith="By test").count()


def make_gate(event, *, now):
    Gate.objects.create(name=f"By test {event.id}")


def send_gate(event, *, now):
    columns = "INSERT INTO {s}.gate_gate (id, name, active) VALUES (%s, %s, true)"
    send(columns, [new_id(), f"By test {event.id}"])


both_ways = pytest.mark.parametrize(
    ("make", "how"), [(make_gate, {}), (send_gate, {"pipelined": True})], ids=["asked", "sent"]
)


@both_ways
def test_what_is_due_runs_once_and_is_done(greenfield, riverside, make, how):
    with following(make, **how):
        happen(greenfield)
        assert drain(greenfield.ref, clock=Clock()) is False
        assert drain(greenfield.ref, clock=Clock()) is False
    row = only(greenfield)
    assert (row.state, row.attempts, row.lease, row.error) == (ReactionState.DONE, 1, None, "")
    assert (gates(greenfield), gates(riverside)) == (1, 0)


@both_ways
def test_effect_and_inbox_key_come_together_or_not_at_all(greenfield, make, how):
    def half(event, *, now):
        make(event, now=now)
        raise ValueError("a secret nobody may read: 0821234567")

    with following(half, **how):
        happen(greenfield)
        drain(greenfield.ref, clock=Clock())
    row = only(greenfield)
    assert gates(greenfield) == 0
    assert (row.state, row.error) == (ReactionState.WAITING, "ValueError")  # the kind, never the text


def test_a_failure_s_words_are_not_logged(greenfield, caplog):
    number, address = "082" + "1234567", "guardian0@grf" + "canary.example"

    def tell(event, *, now):
        try:
            raise KeyError(number)
        except KeyError as cause:
            raise ValueError(address) from cause

    with following(tell):
        happen(greenfield)
        drain(greenfield.ref, clock=Clock())
    assert "ValueError" in caplog.text and "KeyError" in caplog.text
    assert number not in caplog.text and address not in caplog.text


def test_each_failure_waits_longer_and_the_eighth_is_the_last(greenfield):
    def fail(event, *, now):
        raise OSError

    clock, pauses, buried = Clock(), [], []
    with following(fail, given_up=lambda event, *, reason, now: buried.append(reason)):
        happen(greenfield)
        for attempt in range(1, ATTEMPTS + 1):
            drain(greenfield.ref, clock=clock)
            row = only(greenfield)
            assert row.attempts == attempt
            if attempt < ATTEMPTS:
                assert row.state == ReactionState.WAITING
                pauses.append(row.next_at - clock())
                drain(greenfield.ref, clock=clock)  # before its time nothing happens
                assert only(greenfield).attempts == attempt
                clock.at = row.next_at
    assert (row.state, row.error, row.lease) == (ReactionState.DEAD, "OSError", None)
    assert row.done_at == clock()
    assert buried == ["OSError"]
    for number, pause in enumerate(pauses):
        assert BACK_OFF * 2**number <= pause <= BACK_OFF * 2**number * 1.25


def test_the_longest_pause_is_an_hour_and_a_quarter():
    assert LONGEST <= back_off(60) <= LONGEST * 1.25


def test_a_permanent_error_is_dead_at_once(greenfield):
    def refuse(event, *, now):
        raise ReactionError("address_refused_550", permanent=True)

    with following(refuse):
        happen(greenfield)
        drain(greenfield.ref, clock=Clock())
    row = only(greenfield)
    assert (row.state, row.attempts, row.error) == (ReactionState.DEAD, 1, "address_refused_550")


@pytest.mark.parametrize("outside", [False, True])
def test_what_is_too_old_is_not_run_and_says_so(greenfield, outside):
    ran, given_up = [], []

    def run(event, **how):
        ran.append(event)

    clock = Clock()
    with following(
        run,
        outside=outside,
        expires_after=timedelta(hours=2),
        given_up=lambda event, *, reason, now: given_up.append(reason),
    ):
        happen(greenfield)
        clock.forward(timedelta(hours=2, seconds=1))
        drain(greenfield.ref, clock=clock)
    assert (only(greenfield).state, ran, given_up) == (ReactionState.EXPIRED, [], ["expired"])


def test_a_given_up_that_fails_changes_nothing(greenfield):
    def refuse(event, *, now):
        raise ReactionError("no", permanent=True)

    def broken(event, *, reason, now):
        make_gate(event, now=now)
        Gate.objects.create(name=f"By test {event.id}")  # the name is taken: the transaction would be spoilt

    with following(refuse, given_up=broken):
        happen(greenfield)
        drain(greenfield.ref, clock=Clock())
    assert (only(greenfield).state, gates(greenfield)) == (ReactionState.DEAD, 0)


def test_a_reaction_nobody_knows_waits_for_a_newer_worker(greenfield):
    with following(make_gate):
        happen(greenfield)
    drain(greenfield.ref, clock=Clock())
    row = only(greenfield)
    assert (row.state, row.error) == (ReactionState.WAITING, "no_such_reaction")


# -- leases -----------------------------------------------------------------------------------------------------------


def test_what_is_sent_and_refused_by_the_database_is_a_failure_like_any_other(real_commits):
    greenfield = world.read("greenfield")

    def twice(event, *, now):
        send_gate(event, now=now)
        send("UPDATE {s}.gate_gate SET name = NULL", [])

    with following(twice, pipelined=True):
        happen(greenfield)
        drain(greenfield.ref, clock=Clock())
    row = only(greenfield)
    assert (row.state, row.error, gates(greenfield)) == (ReactionState.WAITING, "IntegrityError", 0)


def test_a_live_lease_is_respected_and_a_lapsed_one_taken_over(greenfield, settings):
    clock = Clock()
    with following(make_gate):
        happen(greenfield)
        first = claim(greenfield, clock())
        assert claim(greenfield, clock()) is None
        clock.forward(timedelta(seconds=settings.REACTION_LEASE_SECONDS + 1))
        second = claim(greenfield, clock())
        assert second.id == first.id and second.lease != first.lease
        assert only(greenfield).attempts == 2


@both_ways
@pytest.mark.parametrize("outcome", ["done", "failed"])
def test_a_run_that_lost_its_lease_can_neither_act_nor_close(greenfield, settings, outcome, make, how):
    def run(event, *, now):
        make(event, now=now)
        if outcome == "failed":
            raise OSError

    clock = Clock()
    with following(run, **how):
        happen(greenfield)
        old = claim(greenfield, clock())
        clock.forward(timedelta(seconds=settings.REACTION_LEASE_SECONDS + 1))
        new = claim(greenfield, clock())
        draining.run(greenfield.ref, old, draining.Turn(clock, 1, draining.Leave(greenfield.ref)))
    row = only(greenfield)
    assert (row.state, row.lease, gates(greenfield)) == (ReactionState.RUNNING, new.lease, 0)


def test_an_outside_run_that_comes_back_too_late_does_not_close_the_new_run(greenfield, settings):
    clock = Clock()

    def slow(event, *, school, now):
        clock.forward(timedelta(seconds=settings.REACTION_LEASE_SECONDS + 1))
        taken.append(claim(greenfield, clock()))

    taken = []
    with following(slow, outside=True):
        happen(greenfield)
        drain(greenfield.ref, clock=clock, turn=1)
    row = only(greenfield)
    assert (row.state, row.lease) == (ReactionState.RUNNING, taken[0].lease)


def test_a_reaction_that_kills_its_worker_every_time_dies_and_charges_no_neighbour(greenfield, settings):
    clock, buried = Clock(), []
    with following(make_gate, given_up=lambda event, *, reason, now: buried.append(reason)):
        deadly, harmless = happen(greenfield, times=2)
        for _ in range(ATTEMPTS):
            assert claim(greenfield, clock()).event.id == deadly.id  # and then: killed
            clock.forward(timedelta(seconds=settings.REACTION_LEASE_SECONDS + 1))
        drain(greenfield.ref, clock=clock)
    with school_scope(greenfield.ref):
        rows = {row.event_id: row for row in Reaction.objects.all()}
    assert (rows[deadly.id].state, rows[deadly.id].error) == (ReactionState.DEAD, "worker_lost")
    assert (rows[harmless.id].state, rows[harmless.id].attempts) == (ReactionState.DONE, 1)
    assert buried == ["worker_lost"]


# -- turns ------------------------------------------------------------------------------------------------------------


def test_one_turn_takes_so_many_of_a_lane_and_says_that_more_is_left(greenfield):
    with following(make_gate):
        happen(greenfield, times=5)
        assert drain(greenfield.ref, clock=Clock(), turn=3) is True
        assert gates(greenfield) == 3
        assert drain(greenfield.ref, clock=Clock(), turn=3) is False
    assert gates(greenfield) == 5


def test_a_turn_that_takes_long_ends_early(greenfield):
    clock = Clock()

    def slow(event, *, now):
        make_gate(event, now=now)
        clock.forward(draining.SLICE)

    with following(slow):
        happen(greenfield, times=3)
        assert drain(greenfield.ref, clock=clock) is True
    assert gates(greenfield) == 1


def test_an_emergency_that_turns_up_during_bulk_work_goes_next(greenfield):
    order = []

    def bulk(event, *, now):
        order.append("bulk")
        if len(order) == 1:
            Reaction.objects.create(event_id=event.id, handler="test.urgent", lane=Lane.EMERGENCY, next_at=now)

    def urgent(event, *, now):
        order.append("urgent")

    with following(bulk):
        happen(greenfield, times=3)
        with following(urgent, name="test.urgent", lane=Lane.EMERGENCY):
            drain(greenfield.ref, clock=Clock())
    assert order == ["bulk", "urgent", "bulk", "bulk"]


def test_a_lane_whose_outside_is_away_rests(greenfield):
    tried = []

    def away(event, *, school, now):
        tried.append(event.id)
        raise ReactionError("unreachable", unreachable=True)

    with following(away, outside=True):
        happen(greenfield, times=4)
        assert drain(greenfield.ref, clock=Clock()) is False
    assert len(tried) == 1
