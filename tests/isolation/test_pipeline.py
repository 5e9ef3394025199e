"""A pipelined scope keeps what any scope keeps: what was written is committed, or all of it is gone."""

import pytest
from django.db import DatabaseError, connections
from psycopg.pq import TransactionStatus

from tenant_apps.people.models import Learner
from tenants.pipeline import send
from tenants.scope import school_scope

RENAME = "UPDATE {s}.people_learner SET given_name = %s"


@pytest.fixture
def school(real_commits, committed):
    return committed()[0]


def names(cast):
    with school_scope(cast.ref):
        return set(Learner.objects.values_list("given_name", flat=True))


def idle():
    return connections["schools"].connection.info.transaction_status == TransactionStatus.IDLE


def test_a_write_is_committed(school):
    with school_scope(school.ref, pipelined=True):
        send(RENAME, ["one"])
    assert idle() and names(school) == {"one"}


def test_a_write_with_a_read_behind_it_is_committed(school):
    with school_scope(school.ref, pipelined=True):
        send(RENAME, ["two"])
        assert Learner.objects.count() == len(school.learners)
    assert idle() and names(school) == {"two"}


def test_reads_alone_leave_the_connection_idle_and_its_locks_free(school):
    with school_scope(school.ref, pipelined=True):
        assert list(Learner.objects.select_for_update(of=("self",)))
    assert idle()


def test_an_empty_scope_leaves_the_connection_idle(school):
    with school_scope(school.ref, pipelined=True):
        pass
    assert idle()


def test_an_exception_takes_the_write_back(school):
    with pytest.raises(ZeroDivisionError), school_scope(school.ref, pipelined=True):
        send(RENAME, ["three"])
        raise ZeroDivisionError
    assert idle() and "three" not in names(school)


def test_a_write_that_fails_takes_the_others_back_and_says_so(school):
    with pytest.raises(DatabaseError), school_scope(school.ref, pipelined=True):
        send(RENAME, ["four"])
        send("INSERT INTO {s}.people_learner (id) VALUES (%s::uuid)", ["no id"])
    assert idle() and "four" not in names(school)


def test_a_read_that_fails_takes_the_write_back(school):
    with pytest.raises(DatabaseError), school_scope(school.ref, pipelined=True):
        send(RENAME, ["five"])
        send("SELECT 1 / %s::int", [0]).rows()
    assert idle() and "five" not in names(school)
