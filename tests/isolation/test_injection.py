"""The injection table, tried row by row as the product's real logins, inside a school's scope and outside any."""

from collections.abc import Iterator

import psycopg
import pytest
from django.db import connections, transaction
from django.db.utils import DatabaseError

from tenant_apps.gate.models import Badge
from tenant_apps.people.models import Learner
from tenants import roles
from tenants.scope import school_scope
from tests import database, world
from tests.isolation.injection import DENIED, OTHERWISE, TABLE

pytestmark = pytest.mark.usefixtures("beneath")  # the guard before it is tried in test_rows.py
TRIED = [(row, sender) for row in TABLE for sender in row.senders]
ALONE = ("ALTER SYSTEM", "CREATE SUBSCRIPTION")  # what nobody may do in a transaction is tried outside one
ALIAS = {"schools": "schools", "platform": "default"}


@pytest.fixture(scope="module")
def ground(django_db_setup, django_db_blocker) -> Iterator[tuple[str, dict[str, world.Cast]]]:
    """One committed database for all rows, with gathered statistics: every row is tried and rolled back."""
    with django_db_blocker.unblock(), database.copy_of_template() as name:
        with psycopg.connect(database.ADMIN, dbname=name, autocommit=True) as admin:
            admin.execute("ANALYZE")
            admin.execute("CREATE FOREIGN DATA WRAPPER nowhere")  # so that a server could be had, were it allowed
        yield name, {slug: world.read(slug) for slug in world.CANARY}


@pytest.fixture
def casts(ground, django_db_blocker) -> Iterator[dict[str, world.Cast]]:
    with django_db_blocker.unblock():
        yield ground[1]


def bare(login: str) -> psycopg.Connection:
    """The login as somebody has it who knows its password, without anything of ours around it."""
    at = connections[ALIAS[login]].settings_dict
    return psycopg.connect(
        host=at["HOST"], port=at["PORT"] or None, dbname=at["NAME"], user=at["USER"], password=at["PASSWORD"]
    )


def answer(sender: str, cast: world.Cast, statement: str) -> str:
    """Everything `statement` answers to `sender`, as text; nothing is kept of it."""
    if sender == "school":
        with school_scope(cast.ref), connections["schools"].cursor() as cursor:
            cursor.execute(statement)
            found = str(cursor.fetchall()) if cursor.description else ""
            transaction.set_rollback(True, using="schools")
            return found
    connection = bare(sender)
    connection.autocommit = statement.startswith(ALONE)
    try:
        cursor = connection.execute(statement)
        return str(cursor.fetchall()) if cursor.description else ""
    finally:
        connection.close()


@pytest.mark.parametrize(("row", "sender"), TRIED, ids=[f"{row.name} as {sender}" for row, sender in TRIED])
def test_a_row_of_the_table(ground, casts, row, sender):
    theirs, own = casts["greenfield"], casts["riverside"]
    names = {
        "{schema}": theirs.ref.schema, "{role}": theirs.ref.role, "{own}": own.ref.schema, "{own_role}": own.ref.role,
        "{database}": ground[0],
    }  # fmt: skip
    statement = row.statement
    for name, value in names.items():
        statement = statement.replace(name, value)
    if row.outcome == "blind":
        assert theirs.canary not in answer(sender, own, statement)
        return
    with pytest.raises((DatabaseError, psycopg.Error)) as refusal:
        answer(sender, own, statement)
    assert state_of(refusal.value) == row.state(sender), refusal.value
    assert theirs.canary not in said(refusal.value)


def test_every_refusal_in_other_words_is_of_a_row():
    assert set(OTHERWISE) <= {(row.name, sender) for row, sender in TRIED}
    assert all(state != DENIED and why for state, why in OTHERWISE.values())


def state_of(error: BaseException) -> str | None:
    cause = error if isinstance(error, psycopg.Error) else error.__cause__
    return getattr(cause, "sqlstate", None)


def said(error: BaseException) -> str:
    """Every word of an error: message, detail, hint and context."""
    cause = error if isinstance(error, psycopg.Error) else error.__cause__
    told = getattr(cause, "diag", None)
    words = [getattr(told, name) for name in ("message_primary", "message_detail", "message_hint", "context")]
    return " ".join(str(word) for word in (*words, error))


def test_statistics_do_hold_values_so_the_table_can_find_them(casts):
    """The positive control: a school sees the values in its own statistics."""
    own = casts["riverside"]
    assert own.canary in answer("school", own, "SELECT * FROM pg_catalog.pg_stats")


def test_a_stacked_statement_behind_a_parameter_is_refused(casts):
    theirs, own = casts["greenfield"], casts["riverside"]
    with (
        pytest.raises(DatabaseError, match="multiple commands"),
        school_scope(own.ref),
        connections["schools"].cursor() as cursor,
    ):
        cursor.execute(f'SELECT %s; SET LOCAL ROLE "{theirs.ref.role}"', ["x"])


def test_a_running_statement_of_another_school_shows_no_value(casts):
    """Texts are hidden from a school's role; the bare login sees them, and values are bound apart from the text."""
    theirs, own = casts["greenfield"], casts["riverside"]
    running = "SELECT query FROM pg_catalog.pg_stat_activity"
    with school_scope(theirs.ref):
        assert Learner.objects.filter(family_name=theirs.canary).exists()
        connection = bare("schools")
        try:
            seen = str(connection.execute(running).fetchall())
            connection.execute(f'SET ROLE "{own.ref.role}"')
            hidden = str(connection.execute(running).fetchall())
        finally:
            connection.close()
    assert "people_learner" in seen and theirs.canary not in seen
    assert "people_learner" not in hidden


def test_a_statement_prepared_by_another_school_cannot_be_run_here(casts):
    """A kept connection keeps prepared statements: the text names a schema without meaning, running it fails."""
    theirs, own = casts["greenfield"], casts["riverside"]
    with school_scope(theirs.ref), connections["schools"].cursor() as cursor:
        cursor.execute(f"PREPARE theirs AS SELECT family_name FROM {theirs.ref.schema}.people_learner")
    with school_scope(own.ref), connections["schools"].cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_catalog.pg_prepared_statements WHERE name = 'theirs'")
        kept = cursor.fetchone() == (1,)
        with pytest.raises(DatabaseError) as refusal:
            cursor.execute("EXECUTE theirs")
        connections["schools"].needs_rollback = True
    expected = "permission denied" if kept else "does not exist"
    assert expected in str(refusal.value)


def test_a_school_cannot_end_the_connection_of_another(casts):
    neighbour = bare("schools")
    try:
        number = neighbour.info.backend_pid
        with pytest.raises(DatabaseError, match="permission denied"):
            answer("school", casts["riverside"], f"SELECT pg_terminate_backend({number})")
        assert neighbour.execute("SELECT 1").fetchone() == (1,)
    finally:
        neighbour.close()


def test_a_collision_with_another_schools_row_is_none_and_tells_nothing(casts):
    """Unique values are unique per school: no DETAIL can carry the neighbour's."""
    theirs, own = casts["greenfield"], casts["riverside"]
    with school_scope(own.ref):
        Badge.objects.filter(learner=own.inactive).delete()
        code = next(iter(theirs.badges.values()))
        Badge.objects.create(code=code, learner=own.inactive, issued_at=world.MORNING)
        transaction.set_rollback(True, using="schools")


# -- the residual risk ------------------------------------------------------------------------------------------------
# Who controls a whole statement without parameters, not a part of one, crosses: `SET ROLE` asks the login, which is a
# member of every school's role. docs/isolation.md says so; these tests say exactly how far it reaches.

WHOLE = {
    "set role": 'SET LOCAL ROLE "{role}"',
    "stacked": 'SELECT 1; RESET ROLE; SET LOCAL ROLE "{role}"',
    "do block": "DO $$ BEGIN EXECUTE 'SET LOCAL ROLE \"{role}\"'; END $$",
}


@pytest.mark.parametrize("way", WHOLE)
def test_control_of_a_whole_statement_crosses_to_another_schools_rows(casts, way):
    theirs, own = casts["greenfield"], casts["riverside"]
    with school_scope(own.ref), connections["schools"].cursor() as cursor:
        cursor.execute(WHOLE[way].replace("{role}", theirs.ref.role))
        cursor.execute(f"SELECT family_name FROM {theirs.ref.schema}.people_learner")
        assert theirs.canary in str(cursor.fetchall())
        transaction.set_rollback(True, using="schools")


KEPT_SHUT = {
    "platform": "SELECT * FROM public.identity_login",
    "history": "UPDATE {schema}.events_event SET kind = 'x'",
    "ledger": "SELECT * FROM {schema}.django_migrations",
    "structure": "ALTER TABLE {schema}.people_learner ADD COLUMN x int",
    "owner": "SET LOCAL ROLE owner",
    "program": "COPY (SELECT 1) TO PROGRAM 'cat'",
    "rights": 'GRANT "{role}" TO platform',
}


@pytest.mark.parametrize("shut", KEPT_SHUT)
def test_what_stays_shut_even_then(casts, shut):
    theirs, own = casts["greenfield"], casts["riverside"]
    statement = KEPT_SHUT[shut].replace("{schema}", theirs.ref.schema).replace("{role}", theirs.ref.role)
    with (
        pytest.raises(DatabaseError) as refusal,
        school_scope(own.ref),
        connections["schools"].cursor() as cursor,
    ):
        cursor.execute(f'SET LOCAL ROLE "{theirs.ref.role}"')
        cursor.execute(statement)
    assert state_of(refusal.value) == DENIED, refusal.value


@pytest.mark.parametrize("way", WHOLE)
def test_it_ends_with_the_transaction(casts, way):
    theirs, own = casts["greenfield"], casts["riverside"]
    with school_scope(own.ref), connections["schools"].cursor() as cursor:
        cursor.execute(WHOLE[way].replace("{role}", theirs.ref.role))
    with school_scope(own.ref):
        assert set(Learner.objects.values_list("family_name", flat=True)) == {own.canary}


def test_contacts_that_were_carried_off_stay_sealed(casts):
    """What crosses are rows: an address or a number in them opens under the other school's key alone."""
    theirs, own = casts["greenfield"], casts["riverside"]
    with school_scope(own.ref), connections["schools"].cursor() as cursor:
        cursor.execute(f'SET LOCAL ROLE "{theirs.ref.role}"')
        cursor.execute(f"SELECT id, email_sealed FROM {theirs.ref.schema}.people_guardian")
        rows = cursor.fetchall()
        transaction.set_rollback(True, using="schools")
    assert rows and all(theirs.canary.lower().encode() not in bytes(sealed) for _, sealed in rows)


@pytest.mark.parametrize("call", ["LISTEN school", "NOTIFY school, 'x'", "SELECT pg_notify('school', 'x')"])
def test_nobody_of_ours_speaks_or_listens_on_a_channel(casts, call):
    """Channels are the database's, so they carry nothing: what a school says there reaches nobody of ours."""
    answer("school", casts["riverside"], call)
    with psycopg.connect(database.ADMIN, autocommit=True) as admin:
        heard = admin.execute(
            "SELECT query FROM pg_stat_activity WHERE query ~* '^\\s*(listen|notify)' AND usename <> 'schools'"
        ).fetchall()
    assert heard == []


@pytest.mark.parametrize("table", roles.APPEND_ONLY_ON_PLATFORM)
@pytest.mark.parametrize("verb", ["SELECT 1 FROM {} FOR UPDATE", "DELETE FROM {}", "TRUNCATE {}"])
def test_the_platforms_history_is_closed_by_rights_before_any_trigger(casts, table, verb):
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        answer("platform", casts["riverside"], verb.format(f"public.{table}"))
