"""The short way to a drainer: said once after the commit, heard by every drainer, kept by the one it concerns."""

import threading
from uuid import uuid4

import pytest
from django.db import connections

from tenant_apps.events import jobs as events_jobs
from tenant_apps.events.models import Reaction, ReactionState
from tenant_apps.events.services.record import record
from tenants import drainers, jobs
from tenants.actor import system
from tenants.drainers import Drainer, places
from tenants.lanes import Crew, Lane
from tenants.scope import school_scope
from tenants.wakeups import Ear, say
from tests import world
from tests.events.handlers import KIND, following, happen
from tests.world import MORNING


@pytest.fixture
def ear(real_commits):
    ear = Ear(Crew.SCHOOL)
    yield ear
    ear.close()


@pytest.fixture
def waker():
    waker = jobs.Waker()
    yield waker
    waker.finish()


def heard(ear, seconds=1.0):
    """Everything that is said until nothing is said for so long."""
    found = []
    while more := list(ear.heard(seconds)):
        found += more
    return found


def test_what_is_said_is_heard(ear):
    schools = [uuid4(), uuid4()]
    say([(Crew.SCHOOL, school) for school in schools])
    say([(Crew.WORLD, uuid4()), (Crew.EMERGENCY, uuid4())])  # not its crew's
    assert sorted(heard(ear)) == sorted(schools)


def test_many_wake_ups_in_a_moment_are_said_once_and_the_connection_is_given_back(ear, waker, monkeypatch):
    monkeypatch.setattr(jobs.Waker, "PAUSE", 0.2)
    first, school, other = uuid4(), uuid4(), uuid4()
    closed, real = [], connections.close_all
    monkeypatch.setattr(connections, "close_all", lambda: closed.append(threading.current_thread().name) or real())
    waker.mark(first, [Crew.SCHOOL])
    assert list(ear.heard(5)) == [first]  # at once: nothing else is waited for
    for wanted in [school] * 20 + [other]:
        waker.mark(wanted, [Crew.SCHOOL])
    waker.finish()
    assert sorted(heard(ear)) == sorted([school, other])
    assert closed == ["waker"]


def test_a_wake_up_that_is_lost_loses_no_later_one(ear, waker, monkeypatch, caplog):
    real, calls = jobs.say, []

    def broken(schools):
        calls.append(schools)
        if len(calls) == 1:
            raise OSError
        real(schools)

    monkeypatch.setattr(jobs, "say", broken)
    lost, other = uuid4(), uuid4()
    waker.mark(lost)
    waker.finish()
    waker.mark(other)
    waker.finish()
    assert heard(ear) == [other]
    assert "the sweep will find" in caplog.text


def test_an_event_wakes_a_drainer_after_its_commit_and_not_before(ear):
    cast = world.read("greenfield")
    with following(lambda event, *, now: None), school_scope(cast.ref):
        record(KIND, by=system("test", cast.ref), at=MORNING, now=MORNING)
        jobs.waker.finish()
        assert heard(ear, 0.3) == []
    jobs.waker.finish()
    assert heard(ear) == [cast.ref.id]


def test_a_drainer_looks_for_what_was_said_before_it_listened(real_commits):
    cast, ran = world.read("greenfield"), threading.Event()
    with following(lambda event, *, now: ran.set()):
        happen(cast)
        jobs.waker.finish()  # said, and nobody was there
        drainer = Drainer(Crew.SCHOOL)
        thread = threading.Thread(target=drainer.serve)
        thread.start()
        assert ran.wait(30)
        drainer.stopping = True
        thread.join(30)


# -- the drainer ------------------------------------------------------------------------------------------------------


def line(drainer, *schools):
    drainer._line = dict.fromkeys(schools)
    return drainer


def test_what_a_turn_left_goes_behind_the_other_schools(greenfield, riverside, monkeypatch):
    left = {greenfield.ref.id: [True, False], riverside.ref.id: [False]}
    order = []

    def turn(school, crew):
        order.append(school.slug)
        return left[school.id].pop(0)

    monkeypatch.setitem(jobs._jobs, drainers.TURN, turn)
    drainer = line(Drainer(Crew.SCHOOL), greenfield.ref.id, riverside.ref.id)
    while drainer._line:
        drainer.turn(next(iter(drainer._line)))
    assert order == ["greenfield", "riverside", "greenfield"]


def test_a_school_that_fails_or_is_gone_stops_nobody_else(greenfield, monkeypatch, caplog):
    monkeypatch.setitem(jobs._jobs, drainers.TURN, lambda school, crew: 1 / 0)
    monkeypatch.setattr(connections, "close_all", lambda: None)  # the test's own transaction is in them
    drainer = line(Drainer(Crew.SCHOOL), greenfield.ref.id, uuid4())
    while drainer._line:
        drainer.turn(next(iter(drainer._line)))
    assert f"the turn of school {greenfield.ref.id} failed" in caplog.text


def test_each_school_is_one_drainer_s(ear):
    mine, other = uuid4(), uuid4()
    while mine.int % 2 == other.int % 2:
        other = uuid4()
    told = []

    class Once(Drainer):
        def turn(self, school):
            del self._line[school]
            told.append((self.number, school))
            self.stopping = True

    crowd = [threading.Thread(target=Once(Crew.SCHOOL, number, 2).serve) for number in range(2)]
    for thread in crowd:
        thread.start()
    while any(thread.is_alive() for thread in crowd):
        say([(Crew.SCHOOL, mine), (Crew.SCHOOL, other)])
        for thread in crowd:
            thread.join(0.2)
    assert set(told) == {(mine.int % 2, mine), (other.int % 2, other)}


def test_an_event_wakes_the_crews_of_its_reactions_and_no_other(real_commits):
    cast = world.read("greenfield")
    ears = {crew: Ear(crew) for crew in Crew}
    with following(lambda event, *, now: None, lane=Lane.POSTCOMMIT):
        happen(cast)
        jobs.waker.finish()
    assert {crew for crew, ear in ears.items() if heard(ear, 0.3)} == {Crew.WORLD}
    for ear in ears.values():
        ear.close()


def test_a_drainer_tells_the_other_crews_and_not_its_own(ear, monkeypatch):
    waker, said = jobs.Among(Crew.SCHOOL), []
    monkeypatch.setattr(jobs, "say", said.extend)
    school = uuid4()
    waker.mark(school, [Crew.SCHOOL])
    waker.mark(school, [Crew.SCHOOL, Crew.WORLD])
    waker.finish()
    assert said == [(Crew.WORLD, school)]


def test_every_lane_is_some_crew_s_and_every_crew_has_its_drainers(settings):
    settings.DRAINERS = 2
    assert sorted(lane for crew in Crew for lane in crew.lanes) == sorted(Lane)
    assert [place[0] for place in places()] == [Crew.EMERGENCY, Crew.SCHOOL, Crew.SCHOOL, Crew.WORLD, Crew.WORLD]


def test_a_turn_of_one_crew_leaves_the_others_work(greenfield):
    ran = []

    def outside(event, *, school, now):
        ran.append("world")

    with following(lambda event, *, now: ran.append("school")), following(outside, name="test.out", outside=True):
        happen(greenfield)
        events_jobs.turn(school=greenfield.ref, crew=Crew.EMERGENCY)
        assert ran == []
        events_jobs.turn(school=greenfield.ref, crew=Crew.SCHOOL)
        assert ran == ["school"]
        events_jobs.turn(school=greenfield.ref, crew=Crew.WORLD)
    assert ran == ["school", "world"]


@pytest.mark.parametrize("lane", [Lane.EVENTS, Lane.PROJECTIONS, Lane.ATTENDANCE])
def test_nothing_that_speaks_to_the_world_goes_among_the_school_s_own_work(lane):
    with pytest.raises(RuntimeError, match="must not wait"), following(print, lane=lane, outside=True):
        pass


def test_a_turn_does_what_is_due_and_a_school_that_is_not_active_has_none(greenfield, settings):
    settings.SEAL_EVERY_SECONDS = 3600
    ran = []
    with following(lambda event, *, now: ran.append(event.id)):
        (event,) = happen(greenfield)
        assert events_jobs.turn(school=greenfield.ref) is False
    assert ran == [event.id]
    with school_scope(greenfield.ref):
        assert list(Reaction.objects.values_list("state", flat=True)) == [ReactionState.DONE]
