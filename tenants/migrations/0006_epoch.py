"""The epoch: one row, raised at the commit of whatever changes who may come in."""

from django.db import migrations, models

# At commit: the row is the last lock a transaction takes, and is held for no longer than the commit.
FUNCTION = """
CREATE FUNCTION public.tenants_raise_epoch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE public.tenants_epoch SET number = number + 1;
  RETURN NULL;
END $$
"""
SCHOOL = """
CREATE CONSTRAINT TRIGGER tenants_school_epoch AFTER UPDATE OR DELETE ON public.tenants_school
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.tenants_raise_epoch()
"""
# Not for the fleet's ledger, which writes to every school's row.
PLACEMENT = """
CREATE CONSTRAINT TRIGGER tenants_schoolplacement_epoch
AFTER UPDATE OF alias, role, wrapped_key, quarantined ON public.tenants_schoolplacement
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
WHEN (OLD.quarantined IS DISTINCT FROM NEW.quarantined OR OLD.alias <> NEW.alias OR OLD.role <> NEW.role
      OR OLD.wrapped_key <> NEW.wrapped_key)
EXECUTE FUNCTION public.tenants_raise_epoch()
"""


class Migration(migrations.Migration):
    dependencies = [("tenants", "0005_region")]

    operations = [
        migrations.CreateModel(
            name="Epoch",
            fields=[
                ("id", models.SmallIntegerField(default=1, primary_key=True, serialize=False)),
                ("number", models.BigIntegerField(default=0)),
            ],
        ),
        migrations.RunSQL(
            ["INSERT INTO public.tenants_epoch (id, number) VALUES (1, 0)"], ["DELETE FROM public.tenants_epoch"]
        ),
        migrations.RunSQL([FUNCTION], ["DROP FUNCTION public.tenants_raise_epoch()"]),
        migrations.RunSQL(
            [SCHOOL, PLACEMENT],
            [
                "DROP TRIGGER tenants_schoolplacement_epoch ON public.tenants_schoolplacement",
                "DROP TRIGGER tenants_school_epoch ON public.tenants_school",
            ],
        ),
    ]
