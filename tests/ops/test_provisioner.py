"""The provisioner as a process: alive in its heartbeat, ended in order, and useless without its login."""

import signal

import pytest
from django.core.management import CommandError, call_command

from config import env
from config.management.commands import demo
from config.management.commands import provisioner as command
from tenants.jobs import last_beat
from tests.processes import Process, eventually, provisioner

pytestmark = pytest.mark.processes


def test_it_says_that_it_is_alive_and_ends_when_it_is_asked(real_commits, tmp_path):
    with provisioner(real_commits, tmp_path / "log") as process:
        eventually(lambda: last_beat("provisioner"), "the heartbeat", log=process.log)
        process.popen.send_signal(signal.SIGTERM)
        assert process.ended() == 0, process.log.read_text()


def test_without_the_migrators_login_it_does_not_start(monkeypatch):
    monkeypatch.setattr(command, "connections", {})
    with pytest.raises(CommandError, match="MIGRATOR_DATABASE_URL is not set"):
        call_command("provisioner")


def test_told_to_be_another_process_it_does_not_start(real_commits, tmp_path):
    process = Process(["manage.py", "provisioner"], real_commits, tmp_path / "log", PROCESS="worker")
    assert process.ended() == 1
    assert process.log.read_text().strip() == "PROCESS is worker, but what was started is the provisioner."


def test_the_demo_tells_each_process_its_own_logins_alone(monkeypatch):
    for name in ("DATABASE_URL", "MIGRATOR_DATABASE_URL"):
        monkeypatch.setenv(name, "postgresql://somebody:secret@db.example/x")
    told = {service.name: service.environment for service in demo.services()}
    assert set(told) == {"web", "worker", env.PROVISIONER}
    assert {name for name, values in told.items() if "MIGRATOR_DATABASE_URL" in values} == {env.PROVISIONER}
    assert not [name for name, values in told.items() if "DATABASE_URL" in values]
