"""manage.py create_super_admin."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from shared_apps.audit.models import PlatformEvent
from shared_apps.identity.models import Membership


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
