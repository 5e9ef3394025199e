"""manage.py preflight: each line by a probe, each probe seen to fail, and no secret in what is printed."""

import base64
import os
import threading
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from io import StringIO

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connections
from django.utils import timezone

from config.env import Database, Responsible
from config.management.commands.preflight import PROBES
from config.probes import backups, keys, logins, mailboxes, proxies, scrapes, web, work
from config.probes.lines import State, asked
from shared_apps.audit.services.sealing import seal
from shared_apps.identity.models import Membership
from tenants import cells, seals, vapid
from tenants.models import Heartbeat, SchoolPlacement
from tests import database
from tests.messaging.smtp import mail_server

pytestmark = pytest.mark.usefixtures("on_this_database")


@pytest.fixture
def on_this_database(real_commits, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", database.environment(real_commits)["DATABASE_URL"])


def random_key():
    return base64.b64encode(os.urandom(32)).decode()


def run():
    """What it prints, and what it says on its way out when something is not right."""
    out = StringIO()
    try:
        call_command("preflight", stdout=out)
    except CommandError as wrong:
        return out.getvalue(), str(wrong)
    return out.getvalue(), ""


def asked_of(probe):
    return asked("x", probe)


@contextmanager
def answering(status):
    """A web server that answers everything with `status`, and the paths it was asked for."""
    paths = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            paths.append(self.path)
            self.send_response(status)
            self.end_headers()

        def log_message(self, *about):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", paths
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def states(probe):
    return {line.about: line.state for line in asked("x", probe)}


@contextmanager
def not_there(alias):
    """As if the URL of this login named a database that is not there."""
    told = connections[alias].settings_dict
    connections[alias].close()
    kept, told["NAME"] = told["NAME"], "not_there"
    try:
        yield
    finally:
        connections[alias].close()
        told["NAME"] = kept


@pytest.fixture
def in_production(settings):
    settings.ENVIRONMENT = "production"
    object.__setattr__(settings.ENV, "environment", "production")
    yield
    object.__setattr__(settings.ENV, "environment", "local")


def test_an_installation_as_set_up_passes_and_every_line_is_there():
    out, wrong = run()
    assert not wrong and "Everything that is needed here is right" in out
    for about in (
        "SECRET_KEY", "KEK (home)", "TOKEN_KEYS", "SEAL_KEYS", "VAPID_PRIVATE_KEY", "EMAIL_URL", "PUBLIC_URL",
        "ALLOWED_HOSTS", "TRUSTED_PROXIES", "RESPONSIBLE_PARTY", "/dev pages", "Message providers",
        "/metrics", "Static files",
        "PLATFORM_DATABASE_URL", "SCHOOLS_DATABASE_URL", "MIGRATOR_DATABASE_URL",
        "Migrator in use", "Rights (home)", "Tables", "Cells",
        "Schools", "Super admin", "Worker", "Provisioner", "BACKUP_MARKER",
    ):  # fmt: skip
        assert about in out


def test_in_production_what_is_needed_and_not_configured_ends_it(in_production, monkeypatch):
    # Whether these keys stand in a local installation's file depends on what ran before in this folder.
    monkeypatch.setattr(keys, "_local_ones", lambda *about: "")
    out, wrong = run()
    for about in (
        "EMAIL_URL", "TRUSTED_PROXIES", "RESPONSIBLE_PARTY", "Worker", "Provisioner", "BACKUP_MARKER", "PUBLIC_URL",
        "Demo",
    ):  # fmt: skip
        assert about in wrong
    assert "/dev pages" not in wrong and "SEAL_KEYS" not in wrong


def test_no_secret_is_printed_right_or_wrong(settings, monkeypatch):
    settings.EMAIL_URL = "smtp://mailer:hushed-password@127.0.0.1:9"
    settings.BACKUP_MARKER = "/hushed/folder"
    secret = [
        settings.SECRET_KEY, settings.KEK, settings.TOKEN_KEYS, settings.SEAL_KEYS, settings.VAPID_PRIVATE_KEY,
        *(settings.DATABASES[alias]["PASSWORD"] for alias in database.ALIASES), "hushed",
    ]  # fmt: skip
    right = "".join(run())
    for name in ("SECRET_KEY", "KEK", "TOKEN_KEYS", "SEAL_KEYS", "VAPID_PRIVATE_KEY"):
        setattr(settings, name, f"k1:hushed-{name}")
    wrong = "".join(run())
    assert all(f"Broken          {name}" in wrong for name in ("KEK", "TOKEN_KEYS", "SEAL_KEYS", "VAPID_PRIVATE_KEY"))
    assert not [text for text in secret if text and (text in right or text in wrong)]


def test_a_probe_that_fails_by_itself_proves_nothing_and_keeps_its_text():
    def failing():
        raise RuntimeError("password=hushed")
        yield

    (line,) = asked("Thing", failing)
    assert line.state == State.BROKEN and "hushed" not in str(line) and "RuntimeError" in line.said


# -- keys --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["short", "a" * 64, "django-insecure-" + "abcdefghijklmnopqrstuvwxyz"])
def test_a_weak_secret_key_is_broken(settings, text):
    settings.SECRET_KEY = text
    assert states(keys.secret_key) == {"SECRET_KEY": State.BROKEN}


def test_another_kek_does_not_open_the_schools_keys(settings):
    assert states(keys.kek) == {"KEK (home)": State.READY}
    settings.KEK = random_key()
    assert states(keys.kek) == {"KEK (home)": State.BROKEN}


def test_one_damaged_key_of_a_school_is_found_in_its_cell():
    row = SchoolPlacement.objects.order_by("pk").first()
    damaged = bytearray(row.wrapped_key)
    damaged[-1] ^= 1
    SchoolPlacement.objects.filter(pk=row.pk).update(wrapped_key=bytes(damaged), alias="schools_west")
    assert states(keys.kek) == {"KEK (home)": State.READY, "KEK (west)": State.BROKEN}


@pytest.mark.parametrize("text", ["", "k1:AAAA", "no kid", f"k1:{base64.b64encode(bytes(32)).decode()}"])
def test_token_keys_that_sign_nothing_are_broken(settings, text):
    settings.TOKEN_KEYS = text
    assert states(keys.token_keys) == {"TOKEN_KEYS": State.BROKEN}


def test_seal_keys_must_vouch_for_what_was_signed_before(settings):
    seal(now=timezone.now() + timedelta(hours=1), all_of_it=True)
    assert states(keys.seal_keys) == {"SEAL_KEYS": State.READY}
    kept = settings.SEAL_KEYS
    settings.SEAL_KEYS = f"s9:{random_key()}"
    assert states(keys.seal_keys) == {"SEAL_KEYS": State.BROKEN}, "the key of the newest checkpoint is gone"
    settings.SEAL_KEYS = f"s9:{random_key()},{kept}"
    assert states(keys.seal_keys) == {"SEAL_KEYS": State.READY}
    settings.SEAL_KEYS = f"s9:{random_key()},{seals.DERIVED}"
    assert states(keys.seal_keys) == {"SEAL_KEYS": State.BROKEN}


def test_without_seal_keys_it_is_said_and_stops_nothing(settings, in_production):
    settings.SEAL_KEYS = ""
    (line,) = asked("x", keys.seal_keys)
    assert line.state == State.MISSING and not line.stops(production=True)


@pytest.mark.parametrize(
    ("text", "state"),
    [("", State.MISSING), ("AAAA", State.BROKEN), ("-----BEGIN X-----", State.BROKEN), (vapid.new_key(), State.READY)],
    ids=["none", "too short", "no key", "a key"],
)
def test_a_push_key_is_tried(settings, text, state):
    settings.VAPID_PRIVATE_KEY = text
    assert states(keys.vapid_key) == {"VAPID_PRIVATE_KEY": state}


def test_the_key_that_the_command_makes_is_one():
    out = StringIO()
    call_command("vapid", stdout=out)
    assert vapid.private_key(out.getvalue().strip().removeprefix("VAPID_PRIVATE_KEY="))


# -- web and mail ------------------------------------------------------------------------------------------------------


def test_the_mail_server_is_asked_and_nothing_is_sent(settings):
    with mail_server() as server:
        settings.EMAIL_URL = server.url
        assert states(mailboxes.email) == {"EMAIL_URL": State.READY}
        assert server.mails == []
        server.answers["NOOP"] = "421 going away"
        (line,) = asked("x", mailboxes.email)
        assert (line.state, line.said) == (State.BROKEN, "fails with server_refused_421")
        server.answers["NOOP"], server.answers["EHLO"] = "250 well", "hang up"
        assert states(mailboxes.email) == {"EMAIL_URL": State.BROKEN}


def test_a_mail_server_that_refuses_the_sign_in_is_broken(settings):
    with mail_server() as server:
        settings.EMAIL_URL = server.url.replace("smtp://", "smtp://mailer:hushed@")
        (line,) = asked("x", mailboxes.email)  # it offers no sign-in at all
        assert line.state == State.BROKEN and "hushed" not in str(line)


@pytest.mark.parametrize("url", ["smtp://127.0.0.1:9", "https://mail.example", "smtp://"])
def test_a_mailbox_that_is_not_there_is_broken(settings, url):
    settings.EMAIL_URL = url
    assert states(mailboxes.email) == {"EMAIL_URL": State.BROKEN}


def test_the_address_is_asked_for_in_front_of_the_product(settings, in_production):
    settings.PUBLIC_URL, settings.HTTPS, settings.ALLOWED_HOSTS = "https://sentinel.example", True, ["sentinel.example"]
    assert states(web.address) == {"PUBLIC_URL": State.READY, "ALLOWED_HOSTS": State.READY}
    for hosts in (["*"], [], ["other.example"], [".example"]):
        settings.ALLOWED_HOSTS = hosts
        assert states(web.address)["ALLOWED_HOSTS"] == State.BROKEN
    settings.PUBLIC_URL = "http://sentinel.example"
    assert states(web.address)["PUBLIC_URL"] == State.BROKEN


@pytest.mark.parametrize(
    ("text", "state"),
    [
        ("", State.MISSING), ("none", State.READY), ("10.1.0.0/16, fd00::/8", State.READY), ("10.1.2.3", State.READY),
        ("0.0.0.0/0", State.BROKEN), ("10.0.0.0/8,::/0", State.BROKEN), ("the proxy", State.BROKEN),
    ],
)  # fmt: skip
def test_who_may_say_where_callers_come_from_is_named(monkeypatch, in_production, text, state):
    monkeypatch.setenv("TRUSTED_PROXIES", text)
    assert states(proxies.trusted) == {"TRUSTED_PROXIES": state}


def test_a_mailbox_page_that_answers_outside_local_is_found(settings, in_production, monkeypatch):
    settings.PUBLIC_URL, settings.ALLOWED_HOSTS = "https://sentinel.example", ["sentinel.example"]
    assert states(web.pages_of_local) == {"/dev pages": State.READY}
    settings.ENVIRONMENT = "local"
    assert states(web.pages_of_local) == {"/dev pages": State.BROKEN}


def test_a_stand_in_for_a_provider_is_broken_in_production_alone(settings, in_production):
    object.__setattr__(settings.ENV, "stand_ins", ("SMS_BASE_URL",))
    try:
        assert states(web.stand_ins) == {"Message providers": State.BROKEN}
        object.__setattr__(settings.ENV, "environment", "uat")
        assert states(web.stand_ins) == {"Message providers": State.READY}
    finally:
        object.__setattr__(settings.ENV, "stand_ins", ())


@pytest.mark.parametrize(("status", "state"), [(200, State.MISSING), (401, State.READY), (404, State.READY)])
def test_whether_strangers_are_told_the_metrics_is_asked_from_outside(settings, in_production, status, state):
    with answering(status) as (address, paths):
        settings.PUBLIC_URL = address
        (line,) = asked_of(scrapes.strangers)
    assert line.state == state and paths == ["/metrics"]
    assert line.stops(production=True) == (status == 200)


def test_metrics_that_cannot_be_asked_for_are_unknown_and_stop_nothing(settings, in_production):
    settings.PUBLIC_URL = "http://127.0.0.1:9"
    (line,) = asked_of(scrapes.strangers)
    assert line.state == State.MISSING and not line.stops(production=True)


def test_static_files_that_were_never_collected_are_broken(monkeypatch):
    monkeypatch.setattr("config.statics.STYLE", "css/never-built.css")
    assert states(web.static_files) == {"Static files": State.BROKEN}


# -- logins ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("alias", "about"), [("default", "PLATFORM_DATABASE_URL"), ("schools", "SCHOOLS_DATABASE_URL")]
)
def test_a_login_that_does_not_connect_is_broken(alias, about):
    with not_there(alias):
        assert states(logins.run_time)[about] == State.BROKEN


def test_hardening_that_was_undone_is_told(real_commits):
    assert states(logins.rights) == {"Rights (home)": State.READY}
    with psycopg.connect(database.ADMIN, dbname=real_commits, autocommit=True) as admin:
        admin.execute("GRANT EXECUTE ON FUNCTION pg_catalog.set_config(text, text, boolean) TO PUBLIC")
    out, wrong = run()
    assert "set_config" in out and "Rights (home)" in wrong


def test_without_the_administrators_login_it_says_what_it_did_not_see(monkeypatch, in_production):
    monkeypatch.delenv("DATABASE_URL")
    out, wrong = run()
    assert "were not looked at" in out and "Rights (home)" in wrong


def test_somebody_else_with_the_migrators_login_is_found(real_commits):
    assert states(logins.migrator)["Migrator in use"] == State.READY
    url = database.environment(real_commits)["MIGRATOR_DATABASE_URL"]
    with psycopg.connect(url, application_name="mysentinel web"):
        found = [line for line in asked("x", logins.migrator) if line.state == State.BROKEN]
        assert [line.said for line in found] == ["by mysentinel web"]


def test_a_migrator_that_does_not_connect_is_broken():
    assert states(logins.migrator)["MIGRATOR_DATABASE_URL"] == State.READY
    with not_there("migrator"):
        assert states(logins.migrator)["MIGRATOR_DATABASE_URL"] == State.BROKEN


def test_a_cell_is_tried_with_each_of_its_logins(monkeypatch):
    """A cell beside home, named and not there."""
    monkeypatch.setattr(cells, "aliases", lambda: ["schools", "schools_west"])
    monkeypatch.setattr(cells, "answers", lambda alias: alias in ("default", "schools", "migrator"))
    assert states(logins.run_time)["CELLS (west)"] == State.BROKEN
    found = [line for line in asked("x", logins.migrator) if line.about == "MIGRATOR_DATABASE_URL"]
    assert [(line.state, line.said) for line in found] == [
        (State.READY, "connects"), (State.BROKEN, "west: does not connect")
    ]  # fmt: skip
    monkeypatch.setattr(cells, "answers", lambda alias: True)
    assert states(logins.run_time)["CELLS (west)"] == State.READY


def test_the_rights_in_a_cell_are_looked_at_there(settings, real_commits, monkeypatch):
    """A cell named west, on this server: its administrator is told of, or not, and finds what is wrong there."""
    at = Database.parse(database.environment(real_commits)["SCHOOLS_DATABASE_URL"], "CELLS")
    object.__setattr__(settings.ENV, "cells", {"west": at})
    monkeypatch.setattr(cells, "aliases", lambda: ["schools", "schools_west"])
    monkeypatch.setattr(cells, "answers", lambda alias: True)
    try:
        assert states(logins.rights)["Rights (west)"] == State.MISSING
        monkeypatch.setenv("CELLS_ADMIN", f"west={os.environ['DATABASE_URL']}")
        assert states(logins.rights)["Rights (west)"] == State.READY
        with psycopg.connect(database.ADMIN, dbname=real_commits, autocommit=True) as admin:
            admin.execute("GRANT TEMP ON DATABASE " + admin.info.dbname + " TO PUBLIC")
        (line,) = [line for line in asked("x", logins.rights) if line.about == "Rights (west)"]
        assert (line.state, line.said) == (State.BROKEN, "Everybody may make temporary tables.")
    finally:
        object.__setattr__(settings.ENV, "cells", {})


# -- work --------------------------------------------------------------------------------------------------------------


def test_tables_that_the_code_was_not_written_for_are_broken(real_commits):
    assert states(work.data)["Tables"] == State.READY
    with psycopg.connect(database.ADMIN, dbname=real_commits, autocommit=True) as admin:
        admin.execute("ALTER TABLE public.access_withdrawal RENAME COLUMN first_by TO said_by")
        try:
            lines = asked("x", work.data)
        finally:
            admin.execute("ALTER TABLE public.access_withdrawal RENAME COLUMN said_by TO first_by")
    assert [(line.about, line.state, line.said) for line in lines] == [
        ("Tables", State.BROKEN, "platform_not_migrated")
    ]  # fmt: skip


def test_a_platform_login_that_is_silent_is_told_under_tables():
    with not_there("default"):
        (line,) = asked("x", work.data)
    assert (line.about, line.state, line.said) == ("Tables", State.BROKEN, "login_default_silent")


def test_a_school_in_a_cell_that_nobody_named_is_told():
    assert states(work.data)["Cells"] == State.READY
    SchoolPlacement.objects.filter(school__slug="riverside").update(alias="schools_lost")
    (line,) = [line for line in asked("x", work.data) if line.about == "Cells"]
    assert line.state == State.BROKEN and line.said.startswith("1 schools lie in cells")


def test_a_school_behind_the_code_is_told():
    with connections["migrator"].cursor() as cursor:
        cursor.execute("UPDATE public.tenants_schoolplacement SET fingerprint = 'old'")
    out, wrong = run()
    assert "migrate_schools" in out and "Schools" in wrong


def test_nobody_in_charge_is_told():
    Membership.objects.filter(role="super_admin").delete()
    assert "Super admin" in run()[1]


def test_processes_are_known_by_their_heartbeat(in_production):
    assert set(states(work.processes).values()) == {State.MISSING}
    now = timezone.now()
    Heartbeat.objects.bulk_create([Heartbeat(name="events.sweep", at=now), Heartbeat(name="provisioner", at=now)])
    assert set(states(work.processes).values()) == {State.READY}
    Heartbeat.objects.filter(name="provisioner").update(at=now - timedelta(hours=1))
    assert states(work.processes) == {"Worker": State.READY, "Provisioner": State.BROKEN}


@pytest.mark.parametrize(
    ("hours", "state"), [(1, State.READY), (25, State.READY), (27, State.BROKEN), (-1, State.BROKEN)]
)
def test_a_backup_is_as_good_as_its_age(settings, tmp_path, hours, state):
    settings.BACKUP_MARKER = str(tmp_path / "last")
    (tmp_path / "last").write_text((timezone.now() - timedelta(hours=hours)).isoformat() + "\n")
    assert states(backups.backup) == {"BACKUP_MARKER": state}


@pytest.mark.parametrize("text", ["", "yesterday", "\x00"])
def test_a_backup_that_says_no_moment_is_broken(settings, tmp_path, text):
    settings.BACKUP_MARKER = str(tmp_path / "last")
    assert states(backups.backup) == {"BACKUP_MARKER": State.BROKEN}, "there is no such file"
    (tmp_path / "last").write_text(text)
    assert states(backups.backup) == {"BACKUP_MARKER": State.BROKEN}


def test_every_probe_has_a_name_of_its_own():
    assert len({about for about, _ in PROBES}) == len(PROBES)


@pytest.mark.parametrize("missing", ["party", "address", "officer", "officer_email", None])
def test_who_answers_for_what_strangers_write_is_named_whole_or_not_configured(settings, missing):
    told = {"party": "O’Brien & Sons", "address": "1 Main Road", "officer": "<Ann>", "officer_email": "a@b.example"}
    settings.RESPONSIBLE = Responsible(**{**told, **({missing: ""} if missing else {})})
    assert states(web.responsible) == {"RESPONSIBLE_PARTY": State.MISSING if missing else State.READY}


def test_who_is_named_and_not_shown_is_broken(settings, monkeypatch):
    settings.RESPONSIBLE = Responsible("A", "B", "C", "d@e.example")
    monkeypatch.setattr(web, "_page", lambda *about: "an error page")
    assert states(web.responsible) == {"RESPONSIBLE_PARTY": State.BROKEN}
