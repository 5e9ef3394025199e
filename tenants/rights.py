"""What a school's role may do in its schema: DML on its tables, less on append-only ones, nothing on its ledger."""

from collections.abc import Iterable

from django.apps import apps

from tenants.contents import Contents
from tenants.records import SchoolRecord

DML = "SELECT, INSERT, UPDATE, DELETE"
LEDGER_TABLE = "django_migrations"


def grants(schema: str, role: str, contents: Contents) -> list[str]:
    """The statements that give a school's role its rights: DML on its tables, less on append-only ones, no ledger.

    Each table is named: `ON ALL TABLES IN SCHEMA` reads the catalog of every school there is, several times over.
    """
    kept = set(append_only_tables())
    plain = [table for table in contents.tables if table not in kept]
    closed = [table for table in contents.tables if table in kept]
    return [
        f'GRANT USAGE ON SCHEMA "{schema}" TO "{role}"',
        *_on(f"GRANT {DML} ON", schema, plain, f'TO "{role}"'),
        *_on("GRANT SELECT, INSERT ON", schema, closed, f'TO "{role}"'),
        *_on("GRANT USAGE ON SEQUENCE", schema, contents.sequences, f'TO "{role}"'),
        f'REVOKE ALL ON "{schema}".{LEDGER_TABLE} FROM "{role}"',
    ]


def _on(verb: str, schema: str, names: Iterable[str], whom: str) -> list[str]:
    named = ", ".join(f'"{schema}"."{name}"' for name in names)
    return [f"{verb} {named} {whom}"] if named else []


def grants_on(tables: Iterable[str], schema: str, role: str) -> list[str]:
    """The same rights on tables that are new in a school that has had its others for long."""
    kept = set(append_only_tables())
    return [
        f'GRANT {"SELECT, INSERT" if table in kept else DML} ON "{schema}"."{table}" TO "{role}"' for table in tables
    ]


def append_only_tables() -> list[str]:
    models = [model for model in apps.get_models() if issubclass(model, SchoolRecord) and model.append_only]
    return sorted(model._meta.db_table for model in models)
