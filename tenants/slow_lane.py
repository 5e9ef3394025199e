"""The lane of migrations that cannot run in a transaction: indexes built or dropped while the school is used.

What becomes of each school stands on the platform (`SlowStep`): `running` and the attempt are written before the work,
`done` together with the school's own marker. An index that a kill left invalid is dropped and built again. A failure
here quarantines nobody: without an index a school is slow, not wrong.
"""

import logging
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import DatabaseError, OperationalError, connections, transaction
from django.db.models import F
from django.db.models.functions import Now

from tenants.failures import lost, what_failed
from tenants.markers import ledger_line, marked, marker
from tenants.models import SlowStep, SlowStepState
from tenants.places import Place
from tenants.plans import CONCURRENTLY, Key, Step
from tenants.provisioning import MIGRATOR
from tenants.traces import without_text

log = logging.getLogger(__name__)
WAIT = 60  # seconds: for transactions older than the index, and for whoever builds in this school already
PAUSE = 0.2
VALID = "SELECT bool_and(i.indisvalid AND i.indisready) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid" \
        " WHERE c.relnamespace = %s::regnamespace AND c.relname = %s"  # fmt: skip
ONE_AT_A_TIME = "hashtextextended('slow lane ' || %s, 0)"


def plan(places: Sequence[Place], key: Key) -> None:
    """Write down that these schools wait for this migration; what stands there already stays."""
    rows = [SlowStep(school_id=place.school, app=key[0], name=key[1]) for place in places]
    SlowStep.objects.using(MIGRATOR).bulk_create(rows, ignore_conflicts=True)


def build(place: Place, step: Step, target: str | None) -> tuple[str, str]:
    """Do one step for one school; `(state, why)` as the fleet tells it. `target` as for `ledger_line`.

    Raises DatabaseError when home's connection is gone: that is no fault of this school. Where another cell went away,
    the step has failed there and is taken up again by the next run.
    """
    row = SlowStep.objects.using(MIGRATOR).filter(school=place.school, app=step.key[0], name=step.key[1])
    try:
        with _alone_in(place) as cursor:
            if marked(place, step.key):  # another run was here while this one waited
                return "elsewhere", ""
            row.update(state=SlowStepState.RUNNING, attempts=F("attempts") + 1, started_at=Now(), ended_at=None)
            for statement in step.statements:
                _carry_out(cursor, place, statement)
            with transaction.atomic(using=MIGRATOR), transaction.atomic(using=place.migrator, savepoint=False):
                cursor.execute(marker(place, step.key))
                with connections[MIGRATOR].cursor() as platform:
                    platform.execute(ledger_line(place, target))
                row.update(state=SlowStepState.DONE, ended_at=Now(), error="")
    except DatabaseError as error:
        if lost(error) and place.at_home:
            raise
        why = what_failed(error)
        log.error("an index of %s could not be built: %s\n%s", place.slug, why, without_text(error))
        row.update(state=SlowStepState.FAILED, ended_at=Now(), error=why)
        return "unfinished", why
    return "migrated", ""


@contextmanager
def _alone_in(place: Place) -> Iterator[Any]:
    """A cursor in autocommit, no other run at work on the school's indexes.

    A killed run's server process may go on with its index for a moment: it holds the lock until it has noticed.
    """
    with connections[place.migrator].cursor() as cursor:
        cursor.execute(f"SET lock_timeout = '{WAIT}s'; SET client_connection_check_interval = '1s'")
        try:
            _take_turn(cursor, place)
            try:
                yield cursor
            finally:
                if connections[place.migrator].is_usable():
                    cursor.execute(f"SELECT pg_advisory_unlock({ONE_AT_A_TIME})", [place.schema])
        finally:
            if connections[place.migrator].is_usable():
                cursor.execute("RESET lock_timeout; RESET client_connection_check_interval; SET search_path = public")


def _take_turn(cursor: Any, place: Place) -> None:
    """Asked again and again, never waited for: who waits in a statement holds a snapshot, which the build waits for."""
    until = time.monotonic() + WAIT
    while True:
        cursor.execute(f"SELECT pg_try_advisory_lock({ONE_AT_A_TIME})", [place.schema])
        if cursor.fetchone()[0]:
            return
        if time.monotonic() > until:
            raise OperationalError("Another run has been building in this school all the time.")
        time.sleep(PAUSE)


def _carry_out(cursor: Any, place: Place, statement: str) -> None:
    found = CONCURRENTLY.match(statement)
    assert found is not None, "the planner lets nothing else through"
    verb, index = found.groups()
    cursor.execute(VALID, [place.schema, index])
    valid = cursor.fetchone()[0]
    if verb.upper().startswith("DROP"):
        if valid is not None:
            _drop(cursor, place, index)
        return
    if valid is False:
        _drop(cursor, place, index)
    if not valid:
        try:
            # Every cursor of this backend sets the path anew, so it is set next to what needs it.
            cursor.execute(f'SET search_path = "{place.schema}"')
            cursor.execute(statement)
        except DatabaseError as error:
            # What is left would hold up writes without helping a read, and a unique one would go on refusing them.
            if not lost(error):
                _drop(cursor, place, index)
            raise


def _drop(cursor: Any, place: Place, index: str) -> None:
    cursor.execute(f'DROP INDEX CONCURRENTLY IF EXISTS "{place.schema}"."{index}"')
