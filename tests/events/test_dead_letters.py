"""Dead letters: seen, counted before anything is set off, and given a fresh start while there is time."""

from datetime import timedelta

import pytest

from tenant_apps.events.models import Event, Reaction, ReactionState
from tenant_apps.events.services.dead_letters import Replay, dead_letters, preview, replay
from tenant_apps.events.services.drain import drain
from tenants.actor import system
from tenants.reactions import ReactionError
from tenants.scope import school_scope
from tests.events.handlers import KIND, Clock, following, happen

LIMIT = timedelta(hours=2)


@pytest.fixture
def broken(greenfield):
    """A handler that is broken until `mended` is set."""

    class Broken:
        mended = False
        ran = 0

        def __call__(self, event, *, now):
            if not self.mended:
                raise ReactionError("broken", permanent=True)
            self.ran += 1

    handler = Broken()
    with following(handler, expires_after=LIMIT):
        yield handler


def died(cast, clock, times=3):
    happen(cast, times=times)
    while drain(cast.ref, clock=clock):
        pass
    with school_scope(cast.ref):
        return list(Reaction.objects.filter(state=ReactionState.DEAD).order_by("id"))


def test_the_dead_are_listed_with_their_reasons_and_no_person(greenfield, riverside, broken):
    clock = Clock()
    rows = died(greenfield, clock)
    with school_scope(greenfield.ref):
        letters = dead_letters(now=clock())
        assert [letter.id for letter in letters] == [row.id for row in reversed(rows)]
        assert dead_letters(now=clock(), handler="another") == []
        assert len(dead_letters(now=clock(), limit=2)) == 2
    first = letters[0]
    assert (first.handler, first.kind, first.reason, first.attempts) == ("test.follow", KIND, "broken", 1)
    assert first.replayable and first.died_at == clock()
    with school_scope(riverside.ref):
        assert dead_letters(now=clock()) == []


@pytest.mark.parametrize("which", ["one", "some", "all", "handler"])
def test_a_replay_does_what_its_preview_said(greenfield, broken, which):
    clock = Clock()
    rows = died(greenfield, clock)
    choice = {
        "one": {"ids": [rows[0].id]}, "some": {"ids": {rows[0].id, rows[2].id}}, "all": {},
        "handler": {"handler": "test.follow"},
    }[which]  # fmt: skip
    count = {"one": 1, "some": 2}.get(which, 3)
    broken.mended = True
    with school_scope(greenfield.ref):
        assert preview(now=clock(), **choice) == Replay(count, 0)
        assert replay(by=system("test", greenfield.ref), now=clock(), **choice) == Replay(count, 0)
        fresh = Reaction.objects.filter(state=ReactionState.WAITING)
        assert set(fresh.values_list("attempts", "error", "done_at")) == {(0, "", None)}
        assert Event.objects.filter(kind="events.reactions_replayed").count() == 1
    while drain(greenfield.ref, clock=clock):
        pass
    assert broken.ran == count


def test_a_second_replay_finds_nothing(greenfield, broken):
    clock = Clock()
    died(greenfield, clock)
    with school_scope(greenfield.ref):
        replay(by=system("test", greenfield.ref), now=clock())
        assert replay(by=system("test", greenfield.ref), now=clock()) == Replay(0, 0)
        assert Event.objects.filter(kind="events.reactions_replayed").count() == 1


def test_whose_time_is_over_stays_dead(greenfield, broken):
    clock = Clock()
    died(greenfield, clock, times=2)
    clock.forward(LIMIT)
    with school_scope(greenfield.ref):
        assert not dead_letters(now=clock())[0].replayable
        assert preview(now=clock()) == Replay(0, 2)
        assert replay(by=system("test", greenfield.ref), now=clock()) == Replay(0, 2)
        assert Reaction.objects.filter(state=ReactionState.DEAD).count() == 2


def test_what_is_done_is_never_replayed(greenfield, broken):
    broken.mended = True
    clock = Clock()
    happen(greenfield)
    drain(greenfield.ref, clock=clock)
    with school_scope(greenfield.ref):
        done = Reaction.objects.get()
        assert replay(by=system("test", greenfield.ref), now=clock(), ids=[done.id]) == Replay(0, 0)
