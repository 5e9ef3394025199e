"""What a month was closed with is written once, and so is every difference that was noticed later."""

from django.db import migrations

TABLES = ("billing_closedmonth", "billing_closedcount", "billing_adjustment")
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
    dependencies = [("billing", "0002_left_out"), ("audit", "0002_append_only")]

    operations = [migrations.RunSQL(MADE, UNMADE)]
