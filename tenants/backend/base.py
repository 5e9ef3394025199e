"""Run-time database backend: Django's own, behind the wall.

The platform's alias is plain. A school's alias (`SCOPED: True` in its settings) hands out a cursor only inside
`school_scope`, and becomes the school's role at the first cursor of the transaction. Django-tenants' backend is
not used here: it sets the path for the session, puts `public` on it and fails open.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db.backends.postgresql import base

from tenants.backend.operations import DatabaseOperations
from tenants.backend.reset import cleanse
from tenants.current import OutsideScope, SchoolRef, WrongSchool, school_or_none


class DatabaseWrapper(base.DatabaseWrapper):
    ops_class = DatabaseOperations

    def __init__(self, settings_dict: dict[str, Any], alias: str = "default") -> None:
        super().__init__(settings_dict, alias)
        self.scoped = bool(settings_dict.get("SCOPED"))
        self.entered: str | None = None

    # -- entering and leaving ---------------------------------------------------------------------------------

    def _cursor(self, name: str | None = None) -> Any:
        self.ensure_connection()
        if self.scoped:
            self.enter()
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
        self._say(f'SET LOCAL ROLE "{school.role}"', f'SET LOCAL search_path = "{school.schema}"')

    def _say(self, *statements: str) -> None:
        """One round trip: one string, or, in a pipeline, which takes no stacked statements, one after the other."""
        with self.wrap_database_errors:
            if self.connection.pgconn.pipeline_status:
                for statement in statements:
                    self.connection.execute(statement)
            else:
                self.connection.execute("; ".join(statements))

    @contextmanager
    def pipeline(self) -> Iterator[None]:
        """Send statements without waiting for each one's answer (see `school_scope`)."""
        self.ensure_connection()
        with self.wrap_database_errors, self.connection.pipeline():
            yield

    def leave(self) -> None:
        """Drop the role where a transaction outlives its scope: only under a test's rollback, as scopes are durable."""
        if not self.scoped or self.entered is None:
            return
        self.entered = None
        if self.in_atomic_block and not self.needs_rollback and self.connection is not None:
            self._say("SET LOCAL ROLE NONE", "SET LOCAL search_path = ''")

    # -- savepoints -------------------------------------------------------------------------------------------
    # A rollback to a savepoint undoes SET LOCAL sent after it, so the role is taken before one is made; the
    # statements themselves pass without entering, as a rollback must work in a broken transaction too.

    def _savepoint(self, sid: str) -> None:
        if self.scoped and school_or_none() is not None:
            self.enter()
        self._bare(self.ops.savepoint_create_sql(sid))

    def _savepoint_rollback(self, sid: str) -> None:
        self._bare(self.ops.savepoint_rollback_sql(sid))

    def _savepoint_commit(self, sid: str) -> None:
        self._bare(self.ops.savepoint_commit_sql(sid))

    def _bare(self, statement: str) -> None:
        with self.wrap_database_errors:
            self.connection.execute(statement)

    # -- the connection's life --------------------------------------------------------------------------------

    def connect(self) -> None:
        self.entered = None
        super().connect()

    def close(self) -> None:
        self.entered = None
        super().close()

    def _commit(self) -> None:
        self.entered = None
        super()._commit()  # type: ignore[misc]

    def _rollback(self) -> None:
        self.entered = None
        super()._rollback()  # type: ignore[misc]

    def _configure_connection(self, connection: Any) -> bool:
        # A login may poison its own defaults with ALTER ROLE; every connection starts from nothing all the same.
        super()._configure_connection(connection)  # type: ignore[misc]
        cleanse(connection, self.scoped)
        return True

    @property
    def pg_version(self) -> int:
        # Django's opens a cursor while connecting, which the wall would refuse.
        self.ensure_connection()
        return int(self.connection.info.server_version)

    def check_constraints(self, table_names: Iterable[str] | None = None) -> None:
        """Nothing is deferred here, so there is nothing to check; Django's asks outside any scope."""
