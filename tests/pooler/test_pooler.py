"""A transaction pooler gives each transaction any server connection: what is said for a transaction holds, what is said
for a session leaks into somebody else's. 5,000 requests of two schools over one connection show the first; the
set-up everybody else documents, over the same pooler, shows the second."""

from uuid import uuid4

import psycopg
import pytest
from django.db import connections, transaction

from tenant_apps.events.models import Reaction, ReactionState
from tenant_apps.gate.models import Gate, Scan
from tenant_apps.messaging.models import MailboxEntry
from tenant_apps.people.models import Learner
from tenants.current import OutsideScope
from tenants.models import School
from tenants.pipeline import send
from tenants.scope import school_scope
from tests.pooler.crowd import Crowd
from tests.processes import eventually, worker

pytestmark = pytest.mark.processes
REQUESTS = 5_000


def families():
    return set(Learner.objects.values_list("family_name", flat=True))


def server_connections(pooler):
    """How many connections of each login the server itself sees."""
    with connections["migrator"].cursor() as cursor:
        cursor.execute(
            "SELECT usename, count(*) FROM pg_stat_activity WHERE datname = %s AND usename IN ('platform', 'schools')"
            " GROUP BY usename",
            [pooler.name],
        )
        return dict(cursor.fetchall())


def test_5000_requests_of_two_schools_over_one_connection_are_all_right(pooler, casts, port):
    for alias in ("default", "schools"):
        connections[alias].close()
    crowd = Crowd(port, casts)
    crowd.ask(REQUESTS)
    assert crowd.wrong == []
    assert sum(crowd.asked.values()) == REQUESTS and len(crowd.asked) == 7
    assert server_connections(pooler) == {"platform": 1, "schools": 1}
    for cast in casts:  # and what was written lies where it belongs, all of it
        with school_scope(cast.ref):
            stored = {str(id) for id in Scan.objects.values_list("id", flat=True)}
            strange = Scan.objects.exclude(learner=None).exclude(learner__family_name=cast.canary).count()
        assert stored == crowd.scanned[cast.slug] and strange == 0


def session(pooler, login):
    at = pooler.at(login)
    where = {"host": at.host, "port": at.port, "dbname": at.name, "user": at.user, "password": at.password}
    return psycopg.connect(**where, autocommit=True, prepare_threshold=None)


def standing_in(pooler, cast):
    """A session as django-tenants makes it: it says once, for the session, where it stands."""
    stands = session(pooler, "schools")
    stands.execute(f'SET ROLE "{cast.ref.role}"')
    stands.execute(f'SET search_path = "{cast.ref.schema}"')
    return stands


def test_a_session_that_says_once_where_it_stands_reads_another_schools_children(pooler, casts):
    """The same pooler, the set-up everybody documents: this is what the test above would have found."""
    greenfield, riverside = casts
    ours = standing_in(pooler, greenfield)
    theirs = standing_in(pooler, riverside)
    with ours, theirs:
        read = {name for (name,) in ours.execute("SELECT family_name FROM people_learner").fetchall()}
        ours.execute("UPDATE people_learner SET given_name = 'Overwritten'")
    assert read == {riverside.canary}, "the pooler no longer leaks what a session says, so this suite proves nothing"
    with school_scope(riverside.ref):
        assert Learner.objects.filter(given_name="Overwritten").count() == len(riverside.learners)


def test_what_a_session_left_behind_in_the_pooler_changes_nothing_for_us(pooler, casts, through):
    greenfield, riverside = casts
    with standing_in(pooler, riverside):
        for cast in (greenfield, riverside):
            with school_scope(cast.ref):
                assert families() == {cast.canary}
        assert School.objects.count() == 2


def test_nothing_resolves_without_a_scope_whatever_the_pooler_remembers(pooler, casts, through):
    with standing_in(pooler, casts[1]), pytest.raises(OutsideScope):
        families()


def test_every_way_of_working_goes_through_a_pooler(pooler, casts, through):
    """Our own BEGIN, pipelines, savepoints, server-side binding, cursors of the server, bulk writes."""
    greenfield, riverside = casts
    for cast in (greenfield, riverside, greenfield):
        with school_scope(cast.ref, pipelined=True):
            first = send("SELECT family_name FROM {s}.people_learner WHERE number LIKE %s", ["%"])
            send("UPDATE {s}.people_learner SET given_name = %s", [cast.slug])
            assert {name for (name,) in first.rows()} == {cast.canary}
        with school_scope(cast.ref):
            assert {one.family_name for one in Learner.objects.iterator(chunk_size=3)} == {cast.canary}
            with pytest.raises(ZeroDivisionError), transaction.atomic(using="schools"):
                Learner.objects.update(given_name="lost")
                raise ZeroDivisionError
            Gate.objects.bulk_create(Gate(name=f"{cast.slug} {uuid4()}") for _ in range(50))
            assert set(Learner.objects.values_list("given_name", flat=True)) == {cast.slug}
        with pytest.raises(ZeroDivisionError), school_scope(cast.ref, pipelined=True):
            send("UPDATE {s}.people_learner SET given_name = %s", ["lost"])
            raise ZeroDivisionError
        with school_scope(cast.ref):
            assert set(Learner.objects.values_list("given_name", flat=True)) == {cast.slug}


@pytest.mark.parametrize("pooler", [2], indirect=True)
def test_the_platform_streams_though_its_server_connection_changes_under_it(pooler, casts, through):
    """Outside a transaction, a cursor kept by the server would be looked for where it is not."""
    rows = School.objects.iterator(chunk_size=1)
    first = next(rows)
    with session(pooler, "platform") as other, other.transaction():
        other.execute("SELECT 1")  # takes the connection that was used last
        assert {first.slug, next(rows).slug} == {"greenfield", "riverside"}


def test_a_worker_does_its_work_through_a_pooler(pooler, casts, port, tmp_path):
    Crowd(port, casts).ask(2)  # one scan in each school
    with worker(pooler.name, tmp_path / "worker.log", **pooler.environment()) as process:

        def mailed():
            for one in casts:
                with school_scope(one.ref):
                    to = list(MailboxEntry.objects.values_list("to", flat=True))
                    open_still = Reaction.objects.exclude(state=ReactionState.DONE).exists()
                if not to or open_still or not all(one.canary.lower() in address for address in to):
                    return False
            return True

        eventually(mailed, "a mail in each school", log=process.log)
