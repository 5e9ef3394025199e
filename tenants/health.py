"""Whether the wall stands: both logins answer, and the platform's tables are those the code was written for."""

from django.apps import apps
from django.db import connections

from tenants.cells import HOME, answers
from tenants.models import Heartbeat
from tenants.router import of_a_school

COLUMNS = (
    "SELECT c.relname, a.attname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
    " JOIN pg_attribute a ON a.attrelid = c.oid WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p')"
    " AND a.attnum > 0 AND NOT a.attisdropped"
)


def unready() -> list[str]:
    """Why the platform's database cannot be worked with, one code each; empty when it can. Other cells may be away."""
    reasons = [f"login_{alias}_silent" for alias in ("default", HOME) if not answers(alias)]
    if "login_default_silent" not in reasons and _missing_columns():
        reasons.append("platform_not_migrated")
    return reasons


def _missing_columns() -> set[tuple[str, str]]:
    # The run-time login may not read the ledger of migrations, so what they made is looked at itself.
    with connections["default"].cursor() as cursor:
        cursor.execute(COLUMNS)
        found: set[tuple[str, str]] = set(cursor.fetchall())
    wanted = {
        (model._meta.db_table, str(field.column))
        for model in apps.get_models()
        if model._meta.managed and not model._meta.proxy and not of_a_school(model._meta.app_label)
        for field in model._meta.local_concrete_fields
    }
    return wanted - found


def heartbeats() -> dict[str, float]:
    """When each of the worker's jobs last came to its end, as seconds since 1970."""
    return {beat.name: beat.at.timestamp() for beat in Heartbeat.objects.all()}
