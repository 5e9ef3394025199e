"""A kept connection is given up when it has met enough schools, whatever its age."""

from django.db import close_old_connections, connections

from tenant_apps.people.models import Learner
from tenants.scope import school_scope
from tests import world


def backend():
    return connections["schools"].connection.info.backend_pid


def test_a_connection_ends_when_it_has_met_enough_schools(real_commits, settings):
    greenfield, riverside = world.read("greenfield"), world.read("riverside")
    connections["schools"].close()
    settings.SCHOOLS_PER_CONNECTION = 2
    connections["schools"].settings_dict["CONN_MAX_AGE"] = None
    try:
        pids = []
        for cast in (greenfield, greenfield, riverside, greenfield):
            with school_scope(cast.ref):
                assert Learner.objects.filter(family_name=cast.canary).exists()
            pids.append(backend())
            close_old_connections()
    finally:
        connections["schools"].settings_dict["CONN_MAX_AGE"] = 0
        connections["schools"].close()
    first, same, still, fresh = pids
    assert first == same == still and fresh != first
