"""Many workers hear of one learner's arrivals at the same moment; the earliest stands, once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier

from django.db import connections

from tenant_apps.attendance.models import Mark
from tenant_apps.attendance.services import proposals
from tenants.actor import system
from tenants.scope import school_scope
from tests import world

FIRST = datetime(2026, 11, 20, 5, 12, tzinfo=UTC)


def test_the_earliest_of_many_at_once_stands_once(real_commits):
    cast = world.read("greenfield")
    together = Barrier(6)

    def hear(place):
        at = FIRST + timedelta(minutes=place)
        try:
            together.wait(30)
            with school_scope(cast.ref):
                proposals.propose(by=system("test"), now=at, learner=cast.learners[0], arrived_at=at)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(6) as workers:
        list(workers.map(hear, [3, 5, 0, 4, 1, 2]))
    with school_scope(cast.ref):
        assert [(mark.proposed, mark.arrived_at) for mark in Mark.objects.all()] == [("P", FIRST)]
