"""Two drains at once on a database where everything commits: they share the work and double none of it."""

import threading

from django.db import connections
from django.utils import timezone

from tenant_apps.events.models import Reaction, ReactionState
from tenant_apps.events.services.drain import drain
from tenant_apps.gate.models import Gate
from tenants.scope import school_scope
from tests import world
from tests.events.handlers import following, happen

MANY = 40


def test_two_drains_share_the_work_and_double_nothing(real_commits):
    cast = world.read("greenfield")
    first_two = threading.Barrier(2, timeout=30)
    met, workers = [], set()

    def run(event, *, now):
        if len(met) < 2:  # each drain waits inside its transaction until the other one holds a row of its own
            met.append(event.id)
            first_two.wait()
        workers.add(threading.current_thread().name)
        Gate.objects.create(name=f"By test {event.id}")

    def work():
        try:
            while drain(cast.ref, clock=timezone.now):
                pass
        finally:
            connections.close_all()

    with following(run):
        happen(cast, at=timezone.now(), times=MANY)
        threads = [threading.Thread(target=work, name=name) for name in ("one", "two")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
    with school_scope(cast.ref):
        assert Gate.objects.filter(name__startswith="By test").count() == MANY
        assert set(Reaction.objects.values_list("state", "attempts")) == {(ReactionState.DONE, 1)}
    assert workers == {"one", "two"}
    assert len(set(met)) == 2


def test_a_slow_run_keeps_its_row_although_its_lease_ran_out(real_commits, settings):
    settings.REACTION_LEASE_SECONDS = 0  # every lease has run out the moment after
    cast = world.read("greenfield")
    inside, go_on = threading.Event(), threading.Event()
    ran = []

    def run(event, *, now):
        ran.append(event.id)
        inside.set()
        go_on.wait(30)

    def work():
        try:
            drain(cast.ref, clock=timezone.now)
        finally:
            connections.close_all()

    with following(run):
        happen(cast, at=timezone.now())
        slow = threading.Thread(target=work)
        slow.start()
        assert inside.wait(30)
        drain(cast.ref, clock=timezone.now)  # finds nothing: the row is locked, not free
        go_on.set()
        slow.join(30)
    with school_scope(cast.ref):
        assert list(Reaction.objects.values_list("state", "attempts")) == [(ReactionState.DONE, 1)]
    assert len(ran) == 1
