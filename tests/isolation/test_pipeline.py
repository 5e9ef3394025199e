"""A pipelined scope keeps what any scope keeps: what was written is committed, or all of it is gone."""

from datetime import UTC, date, datetime, time
from uuid import uuid4

import pytest
from django.db import DatabaseError, connections
from psycopg.pq import TransactionStatus

from tenant_apps.people.models import Guardian, Learner
from tenants.pipeline import array, send, together
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


def test_a_hot_statement_is_parsed_once_a_school_and_connection(school):
    """The driver prepares nothing where its threshold is None, whatever the statement asks for."""
    for _ in range(3):
        with school_scope(school.ref, pipelined=True):
            send("SELECT count(*) FROM {s}.people_learner WHERE given_name = ANY(%s::text[])", [["x"]]).rows()
    with school_scope(school.ref), connections["schools"].cursor() as cursor:
        cursor.execute("SELECT statement, generic_plans, custom_plans FROM pg_prepared_statements")
        (found,) = cursor.fetchall()
    assert "people_learner" in found[0] and found[1:] == (3, 0)


AWKWARD = ["", "a,b", '"', "\\", "{}", "NULL", "null", " x ", "ñ❤", "'; DROP TABLE x; --", "a\nb"]


def test_an_array_arrives_as_it_was_sent(school):
    with school_scope(school.ref, pipelined=True):
        (row,) = send("SELECT %s::text[]", [[*AWKWARD, None]]).rows()
    assert row[0] == [*AWKWARD, None]


def test_ids_times_and_truths_arrive_as_they_were_sent(school):
    ids, at, day, clock = (
        [uuid4(), None],
        datetime(2026, 11, 20, 5, 12, 0, 7, tzinfo=UTC),
        date(2026, 11, 20),
        time(7, 12),
    )
    values = [ids, [at], [day], [clock], [True, False, None], [3, -4]]
    kinds = ("uuid", "timestamptz", "date", "time", "boolean", "bigint")
    with school_scope(school.ref, pipelined=True):
        (row,) = send("SELECT " + ", ".join(f"%s::{kind}[]" for kind in kinds), values).rows()
    assert list(row) == values


@pytest.mark.parametrize("value", [1.5, b"x", {"a": 1}, ["nested"]])
def test_what_has_no_place_in_an_array_is_refused(value):
    with pytest.raises(TypeError):
        array([value])


def test_writes_sent_together_are_one_statement(school):
    with school_scope(school.ref, pipelined=True), together():
        send("UPDATE {s}.people_learner SET given_name = %s", ["one"])
        send("UPDATE {s}.people_guardian SET given_name = %s", ["two"])
    with school_scope(school.ref):
        assert set(Learner.objects.values_list("given_name", flat=True)) == {"one"}
        assert set(Guardian.objects.values_list("given_name", flat=True)) == {"two"}
        with connections["schools"].cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE 'WITH%'")
            assert cursor.fetchone() == (1,)


def test_writes_sent_together_fail_together(school):
    with pytest.raises(DatabaseError), school_scope(school.ref, pipelined=True), together():
        send("UPDATE {s}.people_learner SET given_name = %s", ["lost"])
        send("UPDATE {s}.people_guardian SET language = %s", ["far too long for this"])
    assert "lost" not in names(school)


def test_nothing_is_sent_of_writes_whose_gathering_failed(school):
    with school_scope(school.ref, pipelined=True), pytest.raises(ZeroDivisionError), together():
        send("UPDATE {s}.people_learner SET given_name = %s", ["lost"])
        raise ZeroDivisionError
    assert "lost" not in names(school)


def test_a_gathered_write_has_no_answer_of_its_own(school):
    with school_scope(school.ref, pipelined=True), together():
        sent = send("UPDATE {s}.people_learner SET given_name = %s RETURNING id", ["x"])
        with pytest.raises(RuntimeError):
            sent.rows()
