"""What manage.py makes of a bare folder, on a cluster of its own."""

import os
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from config import bootstrap, embedded, env
from tests import plugin


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    state = tmp_path_factory.mktemp("bare") / ".local"
    yield state
    embedded.destroy(state)


@pytest.fixture
def bare(folder, monkeypatch):
    """An environment that says nothing, in a folder that only earlier tests of this module have used."""
    monkeypatch.setattr(env, "LOCAL", folder)
    for name in env.KNOWN:
        monkeypatch.delenv(name, raising=False)
    return folder


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_everything_is_made_once_and_kept_for_its_owner_alone(bare):
    first = bootstrap.local("setup_database")
    assert bootstrap.local("setup_database") == first == env.read_local()
    assert first["PORT"] == "8000" and first["PUBLIC_URL"] == "http://localhost:8000"
    assert {mode(bare / name) for name in ("env", "secrets.json", "pg.password")} == {0o600}
    for login in ("platform", "schools", "migrator"):
        with psycopg.connect(first[f"{login.upper()}_DATABASE_URL"]) as connection:
            assert connection.execute("SELECT current_user").fetchone() == (login,)


def test_a_password_somebody_changed_mends_itself(bare):
    values = bootstrap.local("check")
    with psycopg.connect(values["DATABASE_URL"], autocommit=True) as admin:
        admin.execute("ALTER ROLE platform PASSWORD 'mine'")
    bootstrap.local("check")
    psycopg.connect(values["PLATFORM_DATABASE_URL"]).close()


def test_what_the_environment_says_wins(bare, monkeypatch):
    monkeypatch.setenv("PORT", "8123")
    monkeypatch.setenv("SECRET_KEY", "told")
    values = bootstrap.local("demo")
    assert (values["PORT"], values["PUBLIC_URL"], values["SECRET_KEY"]) == ("8123", "http://localhost:8123", "told")
    monkeypatch.delenv("PORT")
    assert bootstrap.local("check")["PORT"] == "8123", "a command joins the demo that runs"
    assert bootstrap.local("demo")["PORT"] == "8000", "the next demo starts from the defaults"


def test_the_demo_names_somebody_responsible_unless_it_was_told_who(bare, monkeypatch):
    monkeypatch.setenv("INFORMATION_OFFICER", "Somebody Else")
    values = bootstrap.local("demo")
    assert values["INFORMATION_OFFICER"] == "Somebody Else"
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    told = env.load().responsible
    assert told.named and told.officer_email.endswith(".example") and "Demonstration" in told.party


def test_a_database_of_ones_own_gets_logins_and_name(bare, monkeypatch):
    admin = bootstrap.local("check")["DATABASE_URL"]
    monkeypatch.setenv("DATABASE_URL", admin.replace("/mysentinel?", "/elsewhere?"))
    values = bootstrap.local("setup_database")
    assert all("/elsewhere?" in values[name] for name in bootstrap.URLS)
    psycopg.connect(values["SCHOOLS_DATABASE_URL"]).close()


def test_urls_that_are_all_told_are_left_alone(bare, monkeypatch):
    for name in bootstrap.URLS[1:]:
        monkeypatch.setenv(name, f"postgresql://somebody:secret@db.example/{name.lower()}")
    values = bootstrap.local("demo")
    assert values["MIGRATOR_DATABASE_URL"] == "postgresql://somebody:secret@db.example/migrator_database_url"


def test_a_command_told_of_another_database_leaves_no_word_of_it_in_this_folder(tmp_path, monkeypatch):
    monkeypatch.setattr(env, "LOCAL", tmp_path)
    for name in env.KNOWN:
        monkeypatch.delenv(name, raising=False)
    for name in bootstrap.URLS[1:]:
        monkeypatch.setenv(name, "postgresql://somebody:secret@db.example/theirs")
    bootstrap.local("check")
    assert env.read_local() == {}


@pytest.mark.parametrize("kind", env.RUN_TIME)
def test_a_run_time_process_forgets_the_strong_logins(bare, monkeypatch, kind):
    told = bootstrap.local("setup_database")
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("PROCESS", kind)
    bootstrap.for_command(["manage.py", "check"])
    assert not {"DATABASE_URL", "MIGRATOR_DATABASE_URL"} & set(os.environ)
    assert os.environ["PLATFORM_DATABASE_URL"] == told["PLATFORM_DATABASE_URL"]


def test_the_last_one_out_stops_the_cluster(tmp_path):
    state = tmp_path / ".local"
    program = (
        "import sys; from pathlib import Path; from config import embedded;"
        "embedded.use(Path(sys.argv[1])); print('up', flush=True); sys.stdin.read()"
    )
    users = [
        subprocess.Popen(
            [sys.executable, "-c", program, str(state)], cwd=plugin.ROOT, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )
        for _ in range(2)
    ]  # fmt: skip
    try:
        for user in users:
            assert user.stdout.readline() == "up\n"
        assert embedded.runs(state)
        users[0].communicate()
        assert embedded.runs(state), "somebody still uses it"
        users[1].communicate()
        assert not embedded.runs(state)
    finally:
        for user in users:
            user.kill()
            user.wait()
        embedded.destroy(state)


# -- outside local -----------------------------------------------------------------------------------------------------


def test_elsewhere_the_urls_are_shown_once_and_a_running_installation_is_not_locked_out(bare, monkeypatch, capsys):
    admin = bootstrap.local("check")["DATABASE_URL"].replace("/mysentinel?", "/production?")
    with psycopg.connect(admin.replace("/production?", "/postgres?"), autocommit=True) as server:
        assert server.execute("SELECT count(*) FROM pg_roles WHERE rolname = 'platform'").fetchone() == (1,)
    with pytest.raises(env.BadEnvironment, match="--rotate"):
        bootstrap.elsewhere(admin, rotate=False)
    capsys.readouterr()
    made = bootstrap.elsewhere(admin, rotate=True)
    shown = capsys.readouterr().out
    for name in bootstrap.URLS[1:]:
        assert f"{name}={made[name]}\n" in shown
        monkeypatch.setenv(name, made[name])
    assert "DATABASE_URL=" not in shown.replace("_DATABASE_URL=", "")
    bootstrap.elsewhere(admin, rotate=False)
    assert capsys.readouterr().out == ""
    psycopg.connect(made["PLATFORM_DATABASE_URL"]).close()


def test_elsewhere_an_administrators_login_is_asked_for(bare):
    with pytest.raises(env.BadEnvironment, match="DATABASE_URL"):
        bootstrap.elsewhere("", rotate=False)
