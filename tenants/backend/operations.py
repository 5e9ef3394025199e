"""What both backends change in Django's PostgreSQL operations."""

from typing import Any

from django.db.backends.postgresql.operations import DatabaseOperations as Base

PARAMETER_LIMIT = 65_535  # of the protocol, in force because parameters are bound by the server


class DatabaseOperations(Base):
    def deferrable_sql(self) -> str:
        """Foreign keys are checked at the statement, so that a violation is an IntegrityError where it happens."""
        return ""

    def bulk_batch_size(self, fields: list[Any], objs: list[Any]) -> int:
        return max(1, PARAMETER_LIMIT // len(fields)) if fields else len(objs)
