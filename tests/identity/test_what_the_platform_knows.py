"""The platform's schema holds no name and no address of a school's people."""

import pytest
from django.db import connections

from shared_apps.identity.models import Login, Membership
from tests import world
from tests.identity.people import ADMIN, bearer, browser, log_in, post, tokens_of

pytestmark = pytest.mark.django_db(databases=["default", "schools"])
OURS = {"django_migrations", "tenants_goldenschema"}  # ledger and DDL text: closed to, or empty of, people


def everything_on_the_platform() -> dict[str, str]:
    """Every row of every table the platform's login can read, as text; table -> text."""
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
        tables = [row[0] for row in cursor.fetchall() if row[0] not in OURS]
        kept = {}
        for table in tables:
            cursor.execute(f"SELECT coalesce(string_agg(t::text, chr(10)), '') FROM public.\"{table}\" t")
            kept[table] = cursor.fetchone()[0]
    return kept


def use_everything() -> None:
    for email in (ADMIN, "officer@riverside.example"):
        opened = tokens_of(email)
        bearer(opened["access_token"]).get("/api/me")
        renewed = post("/api/auth/refresh", {"refresh_token": opened["refresh_token"]}).json()
        client = bearer(renewed["access_token"])
        post("/api/auth/password", {"current": "wrong", "new": "some other password"}, client=client)
        post("/api/auth/password", {"current": world.PASSWORD, "new": "some other password"}, client=client)
        log_in(email, "wrong")
        log_in(f"x{email}", "wrong")
        client.raise_request_exception = False  # what the page says is another test's
        client.get("/s/somewhere-else/")
        client.post("/api/auth/logout")
    browser("teacher@greenfield.example").get("/api/me")


def test_no_name_and_no_address_lies_on_the_platform(greenfield, riverside):
    people = [cast.canary for cast in (greenfield, riverside)]
    words = [*people, "greenfield.example", "riverside.example", "grfcanary", "rvscanary", "Learner0", "Guardian0"]
    words += [cast.learners[0].number for cast in (greenfield, riverside)]
    use_everything()
    kept = everything_on_the_platform()
    assert kept["identity_session"] and kept["audit_platformevent"] and kept["identity_login"]
    for table, text in kept.items():
        for word in words:
            assert word.lower() not in text.lower(), f"{word} in {table}"
            assert word.encode().hex() not in text, f"{word} in {table}, as bytes"


def test_a_leak_would_be_found(greenfield):
    held = Membership.objects.filter(school=None).first()
    Membership.objects.filter(pk=held.pk).update(name=f"Officer {greenfield.canary}")
    assert greenfield.canary in everything_on_the_platform()["identity_membership"]
    Login.objects.filter(pk=held.login_id).update(email_hash=greenfield.canary.encode())
    assert greenfield.canary.encode().hex() in everything_on_the_platform()["identity_login"]


def test_the_same_address_hashes_otherwise_for_another_purpose(greenfield):
    login = Login.objects.get(pk=Membership.objects.get(school=greenfield.ref.id, role="school_admin").login_id)
    log_in(ADMIN, "wrong")
    assert bytes(login.email_hash).hex() not in everything_on_the_platform()["identity_signinfailure"]
