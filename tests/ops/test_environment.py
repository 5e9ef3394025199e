"""The environment fails loudly and says what to set."""

import pytest

from config import env

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
