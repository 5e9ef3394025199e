"""Seals and checkpoints are written once, like the events they vouch for."""

from django.db import migrations

MADE = [
    "CREATE TRIGGER events_seal_rows BEFORE UPDATE OR DELETE ON events_seal"
    " FOR EACH ROW EXECUTE FUNCTION events_refuse_change()",
    "CREATE TRIGGER events_seal_whole BEFORE TRUNCATE ON events_seal"
    " FOR EACH STATEMENT EXECUTE FUNCTION events_refuse_change()",
    "CREATE TRIGGER events_checkpoint_rows BEFORE UPDATE OR DELETE ON events_checkpoint"
    " FOR EACH ROW EXECUTE FUNCTION events_refuse_change()",
    "CREATE TRIGGER events_checkpoint_whole BEFORE TRUNCATE ON events_checkpoint"
    " FOR EACH STATEMENT EXECUTE FUNCTION events_refuse_change()",
]
UNMADE = [
    "DROP TRIGGER events_checkpoint_whole ON events_checkpoint",
    "DROP TRIGGER events_checkpoint_rows ON events_checkpoint",
    "DROP TRIGGER events_seal_whole ON events_seal",
    "DROP TRIGGER events_seal_rows ON events_seal",
]


class Migration(migrations.Migration):
    dependencies = [("events", "0003_seals")]

    operations = [migrations.RunSQL(MADE, UNMADE)]
