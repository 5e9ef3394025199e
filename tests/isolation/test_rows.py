"""The guard before the wall: a school's cursor takes one statement about rows, whoever wrote it."""

import pytest
from django.db import connection, connections, transaction
from django.db.utils import DatabaseError, ProgrammingError

from tenant_apps.people.models import Learner
from tenants.backend.rows import NotAboutRows
from tenants.pipeline import send
from tenants.scope import school_scope
from tests.isolation.injection import TABLE

OTHERS = [
    "SET ROLE {role}", "RESET ROLE", "SET LOCAL ROLE {role}", "SET search_path = x", "DO $$ BEGIN END $$",
    "PREPARE p AS SELECT 1", "EXECUTE p", "DECLARE c CURSOR WITH HOLD FOR SELECT 1", "DEALLOCATE ALL", "DISCARD ALL",
    "COPY people_learner TO STDOUT", "LISTEN x", "NOTIFY x", "EXPLAIN SELECT 1", "BEGIN", "COMMIT", "ROLLBACK",
    "/* SELECT */ SET ROLE {role}", "-- SELECT\nRESET ROLE", "; SELECT 1", "", "CALL x()", "VACUUM", "SELECTED",
    "EXPLAIN ANALYZE DELETE FROM people_learner",
]  # fmt: skip


def tried(cast, statement, parameters=None):
    with school_scope(cast.ref), transaction.atomic(using="schools"), connections["schools"].cursor() as cursor:
        cursor.execute(statement, parameters)
        return cursor.fetchall() if cursor.description else None


@pytest.mark.parametrize("statement", OTHERS)
def test_what_is_not_about_rows_is_not_sent(greenfield, riverside, statement):
    with pytest.raises(NotAboutRows):
        tried(greenfield, statement.format(role=riverside.ref.role))


@pytest.mark.parametrize(
    "statement",
    ["SELECT 1", " select 1", "(SELECT 1) UNION (SELECT 2)", "WITH x AS (SELECT 1) SELECT * FROM x", "VALUES (1)",
     "LOCK TABLE gate_presence IN EXCLUSIVE MODE", "UPDATE people_learner SET given_name = given_name"],
)  # fmt: skip
def test_statements_about_rows_go_through(greenfield, statement):
    tried(greenfield, statement)


@pytest.mark.parametrize("parameters", [None, [], ()])
@pytest.mark.parametrize(
    "statement",
    ["SELECT 1; SET ROLE {role}", "SELECT 1; SELECT 2", "UPDATE people_learner SET number = number; RESET ROLE",
     "SELECT 1; DO $$ BEGIN END $$"],
)  # fmt: skip
def test_a_second_statement_never_goes_along(greenfield, riverside, statement, parameters):
    """The extended protocol takes one, with parameters or without."""
    with pytest.raises(ProgrammingError, match="multiple commands"):
        tried(greenfield, statement.format(role=riverside.ref.role), parameters)


def test_many_of_the_same_go_through_the_same_guard(greenfield):
    with school_scope(greenfield.ref), connections["schools"].cursor() as cursor, pytest.raises(NotAboutRows):
        cursor.executemany("SET ROLE %s", [["x"]])


def test_hot_statements_go_through_the_same_guard(greenfield):
    with school_scope(greenfield.ref, pipelined=True), pytest.raises(NotAboutRows):
        send("SET ROLE x", [])


def copied(cursor, statement):
    with cursor.copy(statement) as copy:
        list(copy)


def streamed(cursor, statement):
    return list(cursor.stream(statement))


@pytest.mark.parametrize("way", [copied, streamed])
@pytest.mark.parametrize("statement", ["SET LOCAL ROLE {role}", "COPY people_learner TO STDOUT", "DO $$ BEGIN END $$"])
def test_the_drivers_other_ways_go_through_the_same_guard(greenfield, riverside, way, statement):
    """They ask nobody's `execute`; the driver says that it got no rows only after a role has been taken."""
    with school_scope(greenfield.ref), connections["schools"].cursor() as cursor:
        with pytest.raises(NotAboutRows):
            way(cursor, statement.format(role=riverside.ref.role))
        cursor.execute("SELECT current_user")
        assert cursor.fetchone() == (greenfield.ref.role,)


@pytest.mark.parametrize("way", [copied, streamed])
def test_a_cursor_that_reads_in_parts_has_no_other_ways(greenfield, riverside, way):
    with school_scope(greenfield.ref), connections["schools"].chunked_cursor() as parts:
        with pytest.raises(NotAboutRows):
            way(parts, f"SET LOCAL ROLE {riverside.ref.role}")
        with connections["schools"].cursor() as cursor:
            cursor.execute("SELECT current_user")
            assert cursor.fetchone() == (greenfield.ref.role,)


def test_a_cursor_that_reads_in_parts_still_does(greenfield):
    with school_scope(greenfield.ref):
        assert len(list(Learner.objects.iterator(chunk_size=3))) == len(greenfield.learners)


SENT_BY_A_SCHOOL = [row for row in TABLE if "school" in row.senders]


@pytest.mark.parametrize("row", SENT_BY_A_SCHOOL, ids=lambda row: row.name)
def test_what_the_database_refuses_is_refused_with_the_guard_as_well(greenfield, riverside, row):
    own, theirs = riverside.ref, greenfield.ref
    names = {"schema": theirs.schema, "role": theirs.role, "own": own.schema, "own_role": own.role, "database": "x"}
    statement = row.statement.format(**names)
    try:
        answer = str(tried(riverside, statement))
    except DatabaseError:
        return
    assert row.outcome == "blind" and greenfield.canary not in answer


@pytest.mark.django_db
def test_a_platform_statement_with_values_is_one_statement_too():
    with pytest.raises(DatabaseError, match="multiple commands"), connection.cursor() as cursor:
        cursor.execute("SELECT %s; SELECT 1", ["x"])
