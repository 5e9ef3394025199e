"""Ten ways to change sealed history, as each login the product has: none works."""

import pytest
from django.db import DatabaseError, connections, transaction

from shared_apps.audit.services import record, sealing
from tenant_apps.events import jobs
from tenants.ledger import Torn
from tenants.scope import school_scope
from tests.seals.history import first_bad
from tests.world import MORNING

SCHOOL = (
    "UPDATE {schema}.events_event SET body = '{{}}'",
    "DELETE FROM {schema}.events_event",
    "TRUNCATE {schema}.events_event CASCADE",
    "UPDATE {schema}.events_seal SET chain = leaf",
    "UPDATE {schema}.events_seal SET seq = seq + 1000",
    "DELETE FROM {schema}.events_seal WHERE seq > 10",
    "TRUNCATE {schema}.events_seal",
    "UPDATE {schema}.events_checkpoint SET root = chain",
    "DELETE FROM {schema}.events_checkpoint WHERE size > 10",
    "INSERT INTO {schema}.events_seal (seq, event_id, leaf, chain)"
    " SELECT 7, gen_random_uuid(), leaf, chain FROM {schema}.events_seal WHERE seq = 7 ON CONFLICT (seq)"
    " DO UPDATE SET leaf = excluded.chain",
)
PLATFORM = (
    "UPDATE public.audit_platformevent SET body = '{{}}'",
    "DELETE FROM public.audit_platformevent",
    "TRUNCATE public.audit_platformevent CASCADE",
    "UPDATE public.audit_platformseal SET chain = leaf",
    "DELETE FROM public.audit_platformseal",
    "UPDATE public.audit_platformcheckpoint SET root = chain",
    "DELETE FROM public.audit_platformcheckpoint",
    "UPDATE public.audit_schoolcheckpoint SET size = size - 1",
    "DELETE FROM public.audit_schoolcheckpoint",
    "TRUNCATE public.audit_schoolcheckpoint",
)
TRICKS = (
    "ALTER TABLE {schema}.events_seal DISABLE TRIGGER ALL",
    "DROP TRIGGER events_seal_rows ON {schema}.events_seal",
    "SET LOCAL session_replication_role = replica",
)


@pytest.fixture
def cast(cast):
    record("test.happened", by="test", now=MORNING)
    sealing.seal(now=MORNING)
    return cast


@pytest.mark.parametrize("statement", [*SCHOOL, *PLATFORM, *TRICKS])
def test_no_run_time_login_changes_history(cast, statement):
    text = statement.format(schema=cast.ref.schema)
    with pytest.raises(DatabaseError), school_scope(cast.ref), connections["schools"].cursor() as cursor:
        cursor.execute(text)
    with pytest.raises(DatabaseError), transaction.atomic(), connections["default"].cursor() as cursor:
        cursor.execute(text)


def test_the_owner_of_the_tables_changes_nothing_either(cast, tmp_path):
    """The migrator's login, as the owner: the triggers refuse what the grants would let through."""
    for statement in (*SCHOOL, *PLATFORM):
        with pytest.raises(DatabaseError) as refused, connections["migrator"].cursor() as cursor:
            cursor.execute(statement.format(schema=cast.ref.schema))
        assert "append-only" in str(refused.value), statement
    with pytest.raises(DatabaseError), connections["migrator"].cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
    assert first_bad(cast, tmp_path) is None


def test_a_seal_that_a_school_writes_itself_is_found(cast, tmp_path):
    """It may add rows, as it may add events: then the sealer stops, and the check names the number."""
    with school_scope(cast.ref), connections["schools"].cursor() as cursor:
        cursor.execute(
            "INSERT INTO events_event (id, kind, at, recorded_at, actor, body)"
            " SELECT gen_random_uuid(), kind, at, recorded_at, actor, body FROM events_event LIMIT 1 RETURNING id"
        )
        cursor.execute(
            "INSERT INTO events_seal (seq, event_id, leaf, chain) SELECT 21, %s, leaf, chain FROM events_seal"
            " WHERE seq = 20",
            cursor.fetchone(),
        )
    assert first_bad(cast, tmp_path) == 21
    with pytest.raises(Torn):
        jobs.seal(school=cast.ref)


def test_an_event_has_one_seal(cast):
    for number in (7, 1000):
        with pytest.raises(DatabaseError), school_scope(cast.ref), connections["schools"].cursor() as cursor:
            cursor.execute(
                "INSERT INTO events_seal (seq, event_id, leaf, chain) SELECT %s, event_id, leaf, chain"
                " FROM events_seal WHERE seq = 7",
                [number],
            )
