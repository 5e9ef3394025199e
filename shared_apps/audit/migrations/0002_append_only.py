"""The platform's history cannot be changed either."""

from django.db import migrations

FUNCTION = """
CREATE FUNCTION public.audit_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'rows of % are append-only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$
"""
ROWS = (
    "CREATE TRIGGER audit_platformevent_rows BEFORE UPDATE OR DELETE ON public.audit_platformevent"
    " FOR EACH ROW EXECUTE FUNCTION public.audit_refuse_change()"
)
WHOLE = (
    "CREATE TRIGGER audit_platformevent_whole BEFORE TRUNCATE ON public.audit_platformevent"
    " FOR EACH STATEMENT EXECUTE FUNCTION public.audit_refuse_change()"
)


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_initial")]

    operations = [
        migrations.RunSQL([FUNCTION], ["DROP FUNCTION public.audit_refuse_change()"]),
        migrations.RunSQL(
            [ROWS, WHOLE],
            [
                "DROP TRIGGER audit_platformevent_whole ON public.audit_platformevent",
                "DROP TRIGGER audit_platformevent_rows ON public.audit_platformevent",
            ],
        ),
    ]
