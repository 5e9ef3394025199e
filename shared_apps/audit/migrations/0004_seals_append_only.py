"""The platform's seals, its checkpoints and those it keeps for schools are written once."""

from django.db import migrations

TABLES = ("audit_platformseal", "audit_platformcheckpoint", "audit_schoolcheckpoint")
MADE = [
    statement
    for table in TABLES
    for statement in (
        f"CREATE TRIGGER {table}_rows BEFORE UPDATE OR DELETE ON public.{table}"
        " FOR EACH ROW EXECUTE FUNCTION public.audit_refuse_change()",
        f"CREATE TRIGGER {table}_whole BEFORE TRUNCATE ON public.{table}"
        " FOR EACH STATEMENT EXECUTE FUNCTION public.audit_refuse_change()",
    )
]
UNMADE = [
    statement
    for table in TABLES
    for statement in (f"DROP TRIGGER {table}_whole ON public.{table}", f"DROP TRIGGER {table}_rows ON public.{table}")
]


class Migration(migrations.Migration):
    dependencies = [("audit", "0003_seals")]

    operations = [migrations.RunSQL(MADE, UNMADE)]
