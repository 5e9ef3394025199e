"""The environment fails loudly and says what to set."""

import base64
import os
import subprocess
import sys

import pytest

from config import complete, env
from tenants import vapid
from tests import plugin

GOOD = "postgresql://platform:secret@db.example:5432/mysentinel"


@pytest.mark.parametrize("name", ["PLATFORM_DATABASE_URL", "SCHOOLS_DATABASE_URL", "SECRET_KEY", "KEK", "TOKEN_KEYS"])
def test_what_is_missing_is_named(monkeypatch, name):
    monkeypatch.setenv("ENVIRONMENT", "production")
    monkeypatch.delenv(name)
    with pytest.raises(env.BadEnvironment, match=name):
        env.load()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ENVIRONMENT", "staging"),
        ("PORT", "eighty"),
        ("PLATFORM_DATABASE_URL", "mysql://platform@db.example/mysentinel"),
    ],
)
def test_what_makes_no_sense_is_named(monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    with pytest.raises(env.BadEnvironment, match=name):
        env.load()


def test_an_address_is_read_with_its_escapes():
    read = env.Database.parse("postgresql://a%40b:p%2Fw@/my%20db?host=%2Frun%2Fpg&port=6432", "DATABASE_URL")
    assert (read.user, read.password, read.host, read.port, read.name) == ("a@b", "p/w", "/run/pg", "6432", "my db")


def test_a_password_is_not_in_what_is_printed():
    assert "secret" not in repr(env.Database.parse(GOOD, "DATABASE_URL"))
    assert "secret" not in repr(env.load())


def test_the_provisioner_alone_gets_the_migrators_login_and_never_the_administrators(monkeypatch):
    assert env.PROVISIONER not in env.RUN_TIME and env.not_for(env.PROVISIONER) == ("DATABASE_URL", "CELLS_ADMIN")
    assert all("MIGRATOR_DATABASE_URL" in env.not_for(kind) for kind in env.RUN_TIME)
    monkeypatch.delenv("PROCESS")
    monkeypatch.setattr("sys.argv", ["manage.py", "provisioner"])
    monkeypatch.setenv("MIGRATOR_DATABASE_URL", GOOD)
    told = env.load()
    assert told.kind == env.PROVISIONER and told.migrator is not None


@pytest.mark.parametrize("kind", env.RUN_TIME)
def test_web_and_worker_do_not_get_the_migrators_login(monkeypatch, kind):
    monkeypatch.setenv("PROCESS", kind)
    monkeypatch.setenv("MIGRATOR_DATABASE_URL", GOOD)
    assert env.load().migrator is None


# -- production does not start hollow ----------------------------------------------------------------------------------

KINDS = ("web", "worker", "provisioner")


def random_key():
    return base64.b64encode(os.urandom(32)).decode()


def whole():
    """Everything that a production installation is told."""
    return {
        "ENVIRONMENT": "production", "PLATFORM_DATABASE_URL": GOOD, "SCHOOLS_DATABASE_URL": GOOD,
        "MIGRATOR_DATABASE_URL": GOOD, "SECRET_KEY": "q8Zt-4hVn2LxBs7Rf9KmWc3Yp6Dj1Gv5", "KEK": random_key(),
        "TOKEN_KEYS": f"k2:{random_key()},k1:{random_key()}", "VAPID_PRIVATE_KEY": vapid.new_key(),
        "EMAIL_URL": "smtps://somebody:hush@mail.example", "PUBLIC_URL": "https://sentinel.example",
        "ALLOWED_HOSTS": "sentinel.example,other.example", "TRUSTED_PROXIES": "10.0.0.0/8",
        "RESPONSIBLE_PARTY": "Ikhwezi Trust", "RESPONSIBLE_ADDRESS": "7 Plein Street", "INFORMATION_OFFICER": "A",
        "INFORMATION_OFFICER_EMAIL": "privacy@ikhwezi.example", "BACKUP_MARKER": "/backups/last",
    }  # fmt: skip


@pytest.fixture
def told(monkeypatch, tmp_path):
    """A production environment and nothing else; a dict changes it before `env.load`."""
    monkeypatch.setattr(env, "LOCAL", tmp_path)
    for name in (*env.KNOWN, "PROCESS"):
        monkeypatch.delenv(name, raising=False)

    def load(kind, **changed):
        for name, value in {**whole(), "PROCESS": kind, **changed}.items():
            monkeypatch.setenv(name, value)
        return env.load()

    return load


@pytest.mark.parametrize("kind", KINDS)
def test_a_whole_environment_starts(told, kind):
    assert told(kind).environment == "production"


@pytest.mark.parametrize("kind", KINDS)
def test_what_preflight_alone_asks_for_keeps_no_process_down(told, kind):
    asked = ("TRUSTED_PROXIES", "BACKUP_MARKER", "RESPONSIBLE_PARTY", "RESPONSIBLE_ADDRESS", "INFORMATION_OFFICER")
    assert told(kind, **dict.fromkeys([*asked, "INFORMATION_OFFICER_EMAIL"], "")).environment == "production"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", [*complete.DATABASES, *complete.NEEDED])
def test_production_names_what_is_not_set_and_does_not_start(told, kind, name):
    with pytest.raises(env.BadEnvironment, match=rf"The {kind} does not start in production: {name} is not set"):
        told(kind, **{name: ""})


def test_the_provisioner_alone_needs_the_migrators_login(told):
    for kind in env.RUN_TIME:
        assert told(kind, MIGRATOR_DATABASE_URL="").migrator is None
    with pytest.raises(env.BadEnvironment, match="MIGRATOR_DATABASE_URL is not set"):
        told("provisioner", MIGRATOR_DATABASE_URL="")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SECRET_KEY", "tooshort-hush"),
        ("SECRET_KEY", "hush" * 20),
        ("SECRET_KEY", "django-insecure-q8Zt4hVn2LxBs7Rf9KmWc3Yp6Dj1Gv5"),
        ("KEK", "hush-no-key"),
        ("KEK", base64.b64encode(bytes(32)).decode()),
        ("TOKEN_KEYS", "k1:hush"),
        pytest.param("TOKEN_KEYS", random_key(), id="a token key without its name"),
        pytest.param("TOKEN_KEYS", f"k1:{random_key()},k1:{random_key()}", id="one name twice"),
        ("SEAL_KEYS", "s1:hush"),
        ("VAPID_PRIVATE_KEY", "hush"),
        ("VAPID_PRIVATE_KEY", "-----BEGIN hush-----"),
        ("EMAIL_URL", "https://hush@mail.example"),
        ("PUBLIC_URL", "http://hush.example"),
        ("ALLOWED_HOSTS", "*"),
        ("ALLOWED_HOSTS", ".hush.example"),
        ("ALLOWED_HOSTS", "hush.example"),  # and not that of PUBLIC_URL
        ("PUSH_ALLOW", "hush.example"),
        ("WHATSAPP_BASE_URL", "http://127.0.0.1:1/hush"),
        ("SMS_BASE_URL", "http://127.0.0.1:1/hush"),
        ("TRUSTED_PROXIES", "hush"),
        ("TRUSTED_PROXIES", "10.0.0.0/8, 0.0.0.0/0"),
        ("METRICS_TOKEN", "hush"),
    ],
)
def test_production_refuses_what_cannot_be_right_without_repeating_it(told, name, value):
    with pytest.raises(env.BadEnvironment, match=name) as refused:
        told("web", **{name: value})
    assert "hush" not in str(refused.value) and "\n" not in str(refused.value)


@pytest.mark.parametrize("name", complete.SECRET)
def test_a_local_installations_secrets_are_not_productions(told, tmp_path, name):
    values = whole()
    (tmp_path / "env").write_text(f"{name}={values[name]}\n")
    with pytest.raises(env.BadEnvironment, match=f"{name} is the one of the local installation"):
        told("worker", **{name: values[name]})


def test_everything_that_is_wrong_is_said_at_once(told):
    with pytest.raises(env.BadEnvironment) as refused:
        told("web", KEK="", EMAIL_URL="", SMS_BASE_URL="http://stand-in.example")
    assert all(name in str(refused.value) for name in ("KEK", "EMAIL_URL", "SMS_BASE_URL"))


def test_elsewhere_than_production_a_missing_mailbox_stops_nothing_but_a_missing_push_key_does(told):
    assert told("web", ENVIRONMENT="uat", EMAIL_URL="").email_url == ""
    with pytest.raises(env.BadEnvironment, match="VAPID_PRIVATE_KEY"):
        told("web", ENVIRONMENT="uat", VAPID_PRIVATE_KEY="")


def test_which_proxies_are_trusted_is_read_and_is_nobody_by_default(told):
    assert told("web", TRUSTED_PROXIES="none").trusted_proxies == ()
    assert told("web", ENVIRONMENT="uat", TRUSTED_PROXIES="").trusted_proxies == ()
    assert [str(one) for one in told("web", TRUSTED_PROXIES="10.1.2.3, fd00::/8").trusted_proxies] == [
        "10.1.2.3/32", "fd00::/8"
    ]  # fmt: skip
    with pytest.raises(env.BadEnvironment, match="TRUSTED_PROXIES must be"):
        told("manage", TRUSTED_PROXIES="10.0.0.1/8")


def test_commands_may_look_at_a_hollow_installation(told):
    assert told("manage", EMAIL_URL="", VAPID_PRIVATE_KEY="").email_url == ""


PROGRAMS = {
    "web": ["-c", "import config.wsgi"],
    "worker": ["manage.py", "worker"],
    "provisioner": ["manage.py", "provisioner"],
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_hollow_process_ends_with_one_line(kind):
    told = {**whole(), "KEK": "", "PATH": os.environ["PATH"], "PROCESS": kind}
    ended = subprocess.run(
        [sys.executable, *PROGRAMS[kind]], cwd=plugin.ROOT, env=told, capture_output=True, text=True, timeout=60
    )
    assert ended.returncode == 1
    assert (ended.stdout + ended.stderr).strip() == f"The {kind} does not start in production: KEK is not set."


# -- no process passes for another -------------------------------------------------------------------------------------


@pytest.mark.parametrize("word", ["wbe", "Web", "web ", "gunicorn", "commands"])
def test_a_word_that_names_no_process_is_refused(told, monkeypatch, word):
    with pytest.raises(env.BadEnvironment, match="PROCESS must be one of web, worker, provisioner, manage"):
        told(word)


@pytest.mark.parametrize("command", ["worker", "qcluster", "provisioner"])
def test_a_command_that_serves_is_not_told_to_be_something_else(told, monkeypatch, command):
    monkeypatch.setattr("sys.argv", ["manage.py", command])
    with pytest.raises(env.BadEnvironment, match="PROCESS is manage, but what was started is the"):
        told("manage")
    assert told(env.OF_COMMANDS[command]).kind == env.OF_COMMANDS[command]


@pytest.mark.parametrize("word", ["manage", "provisioner", "wbe", ""])
def test_the_web_process_is_one_whatever_it_is_told(word):
    """Hollow, it says so as the web process; whole, it holds no login that it must not."""
    shown = "import config.wsgi, os; from django.conf import settings as s"
    shown += "; print(s.ENV.kind, sorted(s.DATABASES), 'MIGRATOR_DATABASE_URL' in os.environ)"
    told = {**whole(), "PATH": os.environ["PATH"], "PROCESS": word}
    started = _python(shown, told)
    assert started.stdout.strip() == "web ['default', 'schools'] False", started.stderr
    hollow = _python(shown, {**told, "EMAIL_URL": "", "ALLOWED_HOSTS": "*", "SECRET_KEY": "x"})
    assert hollow.returncode == 1 and hollow.stderr.startswith("The web does not start in production: SECRET_KEY")
    assert all(name in hollow.stderr for name in ("EMAIL_URL", "ALLOWED_HOSTS"))


def test_settings_that_were_read_for_a_command_do_not_serve_people():
    told = {**whole(), "PATH": os.environ["PATH"], "PROCESS": "manage", "DJANGO_SETTINGS_MODULE": "config.settings"}
    ended = _python("from django.conf import settings; settings.ENV; import config.wsgi", told)
    assert ended.returncode == 1 and "This process began as manage" in ended.stderr


def _python(program, told):
    return subprocess.run(
        [sys.executable, "-c", program], cwd=plugin.ROOT, env=told, capture_output=True, text=True, timeout=60
    )


def test_who_is_responsible_is_read_tidied_and_never_made_up(told):
    names = ("RESPONSIBLE_PARTY", "RESPONSIBLE_ADDRESS", "INFORMATION_OFFICER", "INFORMATION_OFFICER_EMAIL")
    nobody = told("web", ENVIRONMENT="uat", **dict.fromkeys(names, "")).responsible
    assert nobody == env.Responsible() and not nobody.named
    found = told("web", RESPONSIBLE_PARTY=" Ikhwezi  Trust\n").responsible
    assert found.named and found.party == "Ikhwezi Trust"


@pytest.mark.parametrize("wrong", ["nobody", "a@b", "a b@c.example", "A <a@b.example>", 'a@b.example"'])
def test_an_information_officer_who_cannot_be_written_to_is_said(told, wrong):
    with pytest.raises(env.BadEnvironment, match="INFORMATION_OFFICER_EMAIL must be an email address"):
        told("web", INFORMATION_OFFICER_EMAIL=wrong)
