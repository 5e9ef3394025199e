"""A scan, once recorded, stays as it was."""

from django.db import migrations

ROWS = (
    "CREATE TRIGGER gate_scan_rows BEFORE UPDATE OR DELETE ON gate_scan"
    " FOR EACH ROW EXECUTE FUNCTION events_refuse_change()"
)
WHOLE = (
    "CREATE TRIGGER gate_scan_whole BEFORE TRUNCATE ON gate_scan"
    " FOR EACH STATEMENT EXECUTE FUNCTION events_refuse_change()"
)


class Migration(migrations.Migration):
    dependencies = [("gate", "0001_initial"), ("events", "0002_append_only")]

    operations = [
        migrations.RunSQL(
            [ROWS, WHOLE],
            [
                "DROP TRIGGER gate_scan_whole ON gate_scan",
                "DROP TRIGGER gate_scan_rows ON gate_scan",
            ],
        ),
    ]
