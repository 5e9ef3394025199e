"""Whoever may come in less, or otherwise, than a moment ago: every process hears of it."""

from django.db import migrations

LOGIN = """
CREATE CONSTRAINT TRIGGER identity_login_epoch
AFTER UPDATE OF email_hash, password_hash, must_change_password, active, language ON public.identity_login
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.tenants_raise_epoch()
"""
LOGIN_GONE = """
CREATE CONSTRAINT TRIGGER identity_login_gone AFTER DELETE ON public.identity_login
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.tenants_raise_epoch()
"""
MEMBERSHIP = """
CREATE CONSTRAINT TRIGGER identity_membership_epoch AFTER INSERT OR UPDATE OR DELETE ON public.identity_membership
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.tenants_raise_epoch()
"""
# Not for `last_seen_at`, which moves all day.
SESSION = """
CREATE CONSTRAINT TRIGGER identity_session_epoch
AFTER UPDATE OF login_id, school_id, scope, expires_at, revoked_at ON public.identity_session
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.tenants_raise_epoch()
"""
SESSION_GONE = """
CREATE CONSTRAINT TRIGGER identity_session_gone AFTER DELETE ON public.identity_session
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.tenants_raise_epoch()
"""


class Migration(migrations.Migration):
    dependencies = [("identity", "0001_initial"), ("tenants", "0006_epoch")]

    operations = [
        migrations.RunSQL(
            [LOGIN, LOGIN_GONE, MEMBERSHIP, SESSION, SESSION_GONE],
            [
                "DROP TRIGGER identity_session_gone ON public.identity_session",
                "DROP TRIGGER identity_session_epoch ON public.identity_session",
                "DROP TRIGGER identity_membership_epoch ON public.identity_membership",
                "DROP TRIGGER identity_login_gone ON public.identity_login",
                "DROP TRIGGER identity_login_epoch ON public.identity_login",
            ],
        ),
    ]
