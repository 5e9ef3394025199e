"""manage.py create_super_admin and preflight."""

from io import StringIO

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connections
from django.test import Client

from shared_apps.audit.models import PlatformEvent
from shared_apps.identity.models import Membership
from tests import database


def run(command, /, **options):
    out = StringIO()
    call_command(command, stdout=out, **options)
    return out.getvalue()


def sign_in(email, password):
    return Client().post("/api/auth/login", {"email": email, "password": password}, content_type="application/json")


@pytest.mark.usefixtures("world_db")
class TestCreateSuperAdmin:
    def test_the_first_gets_a_temporary_password_that_is_shown_once(self):
        Membership.objects.filter(role="super_admin").delete()
        out = run("create_super_admin", email="first@example.org", name="First Person")
        password = out.partition("shown once: ")[2].split()[0]
        answer = sign_in("first@example.org", password)
        assert answer.status_code == 200 and answer.json()["roles"] == ["super_admin"]
        client = Client(HTTP_AUTHORIZATION=f"Bearer {answer.json()['access_token']}")
        assert client.get("/api/auth/sessions").json()["code"] == "password_change_required"
        event = PlatformEvent.objects.order_by("-at").filter(kind="identity.role_given").first()
        assert event.actor.startswith("system:create_super_admin by ")
        assert password not in event.body and "first@" not in event.body

    def test_a_second_one_needs_force(self):
        before = Membership.objects.count()
        with pytest.raises(CommandError, match="--force"):
            run("create_super_admin", email="second@example.org", name="Second Person")
        assert Membership.objects.count() == before
        assert "shown once" in run("create_super_admin", email="second@example.org", name="Second", force=True)

    def test_somebody_known_keeps_their_password(self):
        out = run("create_super_admin", email="operator@example.com", name="Operator", force=True)
        assert "shown once" not in out and "stays as it is" in out

    @pytest.mark.parametrize("options", [{"email": "nobody"}, {"email": "", "name": ""}])
    def test_bad_input_makes_nobody(self, options):
        before = Membership.objects.count()
        with pytest.raises(CommandError):
            run("create_super_admin", **{"name": "Somebody", "force": True, **options})
        assert Membership.objects.count() == before


class TestPreflight:
    @pytest.fixture(autouse=True)
    def on_this_database(self, real_commits, monkeypatch):
        monkeypatch.setenv("DATABASE_URL", database.environment(real_commits)["DATABASE_URL"])

    def complaint(self):
        out = StringIO()
        with pytest.raises(CommandError):
            call_command("preflight", stdout=out)
        return out.getvalue()

    def test_an_installation_as_set_up_passes(self):
        assert "right" in run("preflight")

    def test_a_school_behind_the_code_is_told(self):
        with connections["migrator"].cursor() as cursor:
            cursor.execute("UPDATE public.tenants_schoolplacement SET fingerprint = 'old'")
        assert "migrate_schools" in self.complaint()

    def test_hardening_that_was_undone_is_told(self, real_commits):
        with psycopg.connect(database.ADMIN, dbname=real_commits, autocommit=True) as admin:
            admin.execute("GRANT EXECUTE ON FUNCTION pg_catalog.set_config(text, text, boolean) TO PUBLIC")
        assert "set_config" in self.complaint()

    def test_weak_secrets_are_told(self, settings):
        settings.SECRET_KEY, settings.KEK, settings.TOKEN_KEYS = "short", "not base64", "k1:AAAA"
        settings.SEAL_KEYS = "s1:AAAA,derived"
        complaint = self.complaint()
        assert all(name in complaint for name in ("SECRET_KEY", "KEK", "TOKEN_KEYS", "SEAL_KEYS"))

    def test_nobody_in_charge_is_told(self):
        Membership.objects.filter(role="super_admin").delete()
        assert "create_super_admin" in self.complaint()

    def test_without_the_administrators_login_it_says_what_it_did_not_see(self, monkeypatch):
        monkeypatch.delenv("DATABASE_URL")
        assert "were not looked at" in self.complaint()
