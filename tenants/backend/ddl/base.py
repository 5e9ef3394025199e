"""The migrator's backend: django-tenants', with keys that are not deferrable. It exists in no web or worker process."""

from django_tenants.postgresql_backend import base

from tenants.backend.operations import DatabaseOperations


class DatabaseWrapper(base.DatabaseWrapper):  # type: ignore[misc]
    ops_class = DatabaseOperations
