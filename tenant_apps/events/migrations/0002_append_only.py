"""History cannot be changed, whoever asks: triggers behind the grants."""

from django.db import migrations

FUNCTION = """
CREATE FUNCTION events_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'rows of % are append-only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$
"""
ROWS = (
    "CREATE TRIGGER events_event_rows BEFORE UPDATE OR DELETE ON events_event"
    " FOR EACH ROW EXECUTE FUNCTION events_refuse_change()"
)
WHOLE = (
    "CREATE TRIGGER events_event_whole BEFORE TRUNCATE ON events_event"
    " FOR EACH STATEMENT EXECUTE FUNCTION events_refuse_change()"
)


class Migration(migrations.Migration):
    dependencies = [("events", "0001_initial")]

    operations = [
        migrations.RunSQL([FUNCTION], ["DROP FUNCTION events_refuse_change()"]),
        migrations.RunSQL(
            [ROWS, WHOLE],
            [
                "DROP TRIGGER events_event_whole ON events_event",
                "DROP TRIGGER events_event_rows ON events_event",
            ],
        ),
    ]
