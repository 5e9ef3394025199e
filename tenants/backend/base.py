"""Run-time database backend: Django's own, behind the wall.

The platform's alias is plain. A school's alias (`SCOPED: True` in its settings) hands out a cursor only inside
`school_scope`, and becomes the school's role at the first cursor of the transaction. Django-tenants' backend is
not used here: it sets the path for the session, puts `public` on it and fails open.
"""

import time
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from django.conf import settings
from django.db.backends.postgresql import base
from django.db.utils import Error

from tenants.backend import kept
from tenants.backend.operations import DatabaseOperations
from tenants.backend.rows import NumberedCursor, PartsCursor, RowsCursor
from tenants.current import OutsideScope, SchoolRef, WrongSchool, school_or_none

# Hot statements are planned once per school and connection; PostgreSQL would plan anew for the length of each array.
PLANNED_ONCE = "SET LOCAL plan_cache_mode = force_generic_plan"


class DatabaseWrapper(base.DatabaseWrapper):
    ops_class = DatabaseOperations

    def __init__(self, settings_dict: dict[str, Any], alias: str = "default") -> None:
        super().__init__(settings_dict, alias)
        self.scoped = bool(settings_dict.get("SCOPED"))
        self.entered: str | None = None
        self._pipeline: Any = None
        self.reading = False
        self.gathered: list[tuple[str, list[Any]]] | None = None  # of `tenants.pipeline.together`
        self._owes_begin = False
        self._used, self._unclean = False, False
        self._met: set[str] = set()  # the schools this connection has been in
        if self.scoped:
            # Django asks by hasattr whether a backend starts its own transactions; the platform's does not.
            self._start_transaction_under_autocommit = self._begin_later

    # -- entering and leaving ---------------------------------------------------------------------------------

    def _cursor(self, name: str | None = None) -> Any:
        self.ensure_connection()
        if self.scoped:
            self.enter()
        elif self._unclean and not self.in_atomic_block:
            self._say()
        self._used = True
        return super()._cursor(name)  # type: ignore[misc]

    def enter(self) -> None:
        """Become the school's role, once per transaction; refuse without a scope or outside its transaction."""
        school = school_or_none()
        if school is None:
            raise OutsideScope("A school's data was asked for, but no school is open.")
        if school.alias != self.alias:
            raise WrongSchool("This school lives in another database.")
        if not self.in_atomic_block:
            raise OutsideScope("A school's data was asked for outside its transaction.")
        if self.entered == school.role:
            return
        if self.entered is not None:
            raise WrongSchool("The school changed inside a transaction.")
        self._become(school)
        self.entered = school.role

    def _become(self, school: SchoolRef) -> None:
        # Both names are ours (`t_` + hex) and hold no quote.
        words = [f'SET LOCAL ROLE "{school.role}"', f'SET LOCAL search_path = "{school.schema}"']
        if self._pipeline is not None and settings.PREPARE_HOT_STATEMENTS:
            words.append(PLANNED_ONCE)
        if self.reading:
            words.append("SET LOCAL transaction_read_only = on")
        self._say(*words)
        self._met.add(school.role)

    def _say(self, *statements: str) -> None:
        """One round trip: one string, or, in a pipeline, which takes no stacked statements, one after the other."""
        if self._owes_begin:
            self._owes_begin = False
            statements = ("BEGIN", *statements)
        if self._unclean:
            self._unclean = False
            statements = (*self._clean(), *statements)
        with self.wrap_database_errors:
            if self._pipeline is not None:
                for statement in statements:
                    self.connection.execute(statement)
            else:
                self.connection.execute("; ".join(statements))

    def _clean(self) -> tuple[str, str]:
        """What a connection starts from: no role, and the path of its world. RESET would return to a login's default,
        which the login itself can poison with ALTER ROLE."""
        return "SET ROLE NONE", "SET search_path = ''" if self.scoped else "SET search_path = public"

    # -- transactions -----------------------------------------------------------------------------------------
    # The driver stays in autocommit and BEGIN is ours, sent together with the role: the driver's own BEGIN is a
    # round trip by itself, in a pipeline too.

    def _begin_later(self) -> None:
        self.ensure_connection()
        self._owes_begin = True

    def _set_autocommit(self, autocommit: bool) -> None:
        if self.scoped:
            self._owes_begin = False
        if self.connection.autocommit != autocommit:
            super()._set_autocommit(autocommit)  # type: ignore[misc]

    def create_cursor(self, name: str | None = None) -> Any:
        if name and self.scoped:
            # Never a cursor that outlives the transaction, and with it the scope.
            return PartsCursor(self.connection, name, scrollable=False, withhold=False)
        if self.scoped:
            return RowsCursor(self.connection)
        return super().create_cursor(name)

    def hot_cursor(self) -> Any:
        return NumberedCursor(self.connection)

    @property
    def pipelined(self) -> bool:
        return self._pipeline is not None

    def start_pipeline(self) -> None:
        """Send statements without waiting for each one's answer, until the transaction ends (see `school_scope`)."""
        self._pipeline = self.connection.pipeline()
        self._pipeline.__enter__()

    def end_pipeline(self) -> None:
        """Wait for every answer that is still out."""
        pipeline, self._pipeline = self._pipeline, None
        if pipeline is not None:
            with self.wrap_database_errors:
                pipeline.__exit__(None, None, None)

    def leave(self) -> None:
        """Drop the role where a transaction outlives its scope: only under a test's rollback, as scopes are durable."""
        self.end_pipeline()
        if self.entered is not None:
            self.entered = None
            if self.in_atomic_block and not self.needs_rollback and self.connection is not None:
                self._say("SET LOCAL ROLE NONE", "SET LOCAL search_path = ''")
        if len(self._met) >= settings.SCHOOLS_PER_CONNECTION and not self.in_atomic_block:
            kept.replaced(self, "schools")
            self.close()  # a backend keeps about a megabyte of each school's catalog until it ends

    # -- savepoints -------------------------------------------------------------------------------------------
    # A rollback to a savepoint undoes SET LOCAL sent after it, so the role is taken before one is made; the
    # statements themselves pass without entering, as a rollback must work in a broken transaction too.

    def _savepoint(self, sid: str) -> None:
        if self.scoped and school_or_none() is not None:
            self.enter()
        self._bare(self.ops.savepoint_create_sql(sid))

    def _savepoint_rollback(self, sid: str) -> None:
        with suppress(Error):  # what failed in the pipeline is why we are here; until its end it takes nothing more
            self.end_pipeline()
        self._bare(self.ops.savepoint_rollback_sql(sid))

    def _savepoint_commit(self, sid: str) -> None:
        self._bare(self.ops.savepoint_commit_sql(sid))

    def _bare(self, statement: str) -> None:
        self._say(statement)

    # -- the connection's life --------------------------------------------------------------------------------

    def connect(self) -> None:
        self._forget()
        super().connect()
        kept.changed(self)

    def close(self) -> None:
        self._forget()
        super().close()
        kept.changed(self)

    def _forget(self) -> None:
        """What is known of one connection says nothing about the next."""
        self.entered, self._pipeline, self._owes_begin = None, None, False
        self._used, self._unclean = False, False
        self._met = set()

    def close_if_unusable_or_obsolete(self) -> None:
        """Django's, between two requests: what is kept is cleaned before its next use.

        Unless nothing went through it but our own hot statements, which hold no text of anybody else's.
        """
        held, aged = self.connection is not None, self.close_at is not None and time.monotonic() >= self.close_at
        super().close_if_unusable_or_obsolete()
        if held and self.connection is None:
            kept.replaced(self, "age" if aged else "unusable")
        if self._used and not self.in_atomic_block:
            self._used, self._unclean = False, self.connection is not None

    def _commit(self) -> None:
        self.entered = None
        if self._pipeline is None:
            super()._commit()  # type: ignore[misc]
            return
        # Not the driver's commit: between the answers of a pipeline it takes an open transaction for an idle
        # connection, and would send nothing.
        if not self._owes_begin:
            self._say("COMMIT")
        self.end_pipeline()

    def _rollback(self) -> None:
        self.entered = None
        self._unclean = True  # what cleaned the session may have been part of what is taken back
        super()._rollback()  # type: ignore[misc]

    def _configure_connection(self, connection: Any) -> bool:
        super()._configure_connection(connection)  # type: ignore[misc]
        connection.prepared_max = settings.PREPARED_STATEMENTS
        connection.execute("; ".join(self._clean()))
        if not connection.autocommit:
            connection.commit()
        return True

    @property
    def pg_version(self) -> int:
        # Django's opens a cursor while connecting, which the wall would refuse.
        self.ensure_connection()
        return int(self.connection.info.server_version)

    def check_constraints(self, table_names: Iterable[str] | None = None) -> None:
        """Nothing is deferred here, so there is nothing to check; Django's asks outside any scope."""
