"""A kept connection is given up when it has met enough schools, whatever its age."""

import pytest
from django.db import connections

from tenant_apps.events.services.drain import Leave
from tenant_apps.people.models import Learner
from tenants.drainers import Drainer
from tenants.lanes import Crew
from tenants.pipeline import with_commit
from tenants.scope import school_scope
from tests import world


def backend():
    return connections["schools"].connection.info.backend_pid


@pytest.fixture
def kept(settings):
    """Connections that nothing but the number of schools ends."""
    connections["schools"].close()
    connections["schools"].settings_dict["CONN_MAX_AGE"] = None
    yield settings
    connections["schools"].settings_dict["CONN_MAX_AGE"] = 0
    connections["schools"].close()


def test_a_connection_ends_when_it_has_met_enough_schools(real_commits, kept):
    greenfield, riverside = world.read("greenfield"), world.read("riverside")
    connections["schools"].close()
    kept.SCHOOLS_PER_CONNECTION = 2
    pids = []
    for cast in (greenfield, greenfield, riverside, greenfield):
        with school_scope(cast.ref):
            assert Learner.objects.filter(family_name=cast.canary).exists()
            pids.append(backend())
    first, same, still, fresh = pids
    assert first == same == still and fresh != first


def test_what_was_read_with_the_commit_is_there_although_the_connection_ended(real_commits, kept):
    riverside = world.read("riverside")
    kept.SCHOOLS_PER_CONNECTION = 1
    with school_scope(riverside.ref, pipelined=True):
        sent = with_commit("SELECT count(*) FROM {s}.people_learner", [])
    assert connections["schools"].connection is None
    assert sent.rows()[0][0] >= 1


def test_a_drainer_does_not_gather_schools_without_end(real_commits, kept, monkeypatch):
    """Nothing but its own scopes ever looks at a drainer's connections."""
    schools = [world.read(name).ref.id for name in ("greenfield", "riverside", "greenfield")]
    kept.SCHOOLS_PER_CONNECTION = 1
    pids = []
    whole = Leave.holds

    def seen(self, now):
        pids.append(backend())
        return whole(self, now)

    monkeypatch.setattr(Leave, "holds", seen)
    drainer = Drainer(Crew.SCHOOL)
    for school in schools:
        drainer._line[school] = None
        drainer.turn(school)
    assert len(pids) == len(set(pids)) == 3
