"""Processes are held up, and none is left behind. Real processes, real signals."""

import os
import signal
import subprocess
import sys

import pytest

from config import supervisor
from tests import plugin
from tests.processes import eventually


@pytest.fixture
def held(tmp_path):
    """A started supervisor; whatever it leaves running is ended after the test."""
    started = []

    def start():
        with (tmp_path / "log").open("a") as log:
            words = [sys.executable, "-m", "tests.ops.held", str(tmp_path)]
            process = subprocess.Popen(words, cwd=plugin.ROOT, stdout=log, stderr=log, start_new_session=True)
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()
    left = pid(tmp_path)
    if left and alive(left):
        os.kill(left, signal.SIGKILL)


def pid(folder):
    text = (folder / "sleeper.pid").read_text() if (folder / "sleeper.pid").exists() else ""
    return int(text) if text.strip() else 0


def alive(number):
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    return True


def said(folder, line):
    return line in (folder / "log").read_text()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_when_it_is_asked_to_end_nothing_is_left(held, tmp_path, number):
    process = held()
    eventually(lambda: said(tmp_path, "sleeper | awake"), "the sleeper says so in the common log")
    sleeper = pid(tmp_path)
    process.send_signal(number)
    assert process.wait(60) == 0
    assert not alive(sleeper) and not (tmp_path / "sleeper.pid").exists()


def test_a_killed_process_is_started_again(held, tmp_path):
    held()
    eventually(lambda: said(tmp_path, "demo    | ready"), "it is ready")
    first = pid(tmp_path)
    os.kill(first, signal.SIGKILL)
    eventually(lambda: pid(tmp_path) not in (0, first) and alive(pid(tmp_path)), "another sleeper")
    assert said(tmp_path, "sleeper ended (-9)")


def test_what_a_killed_supervisor_left_is_swept_by_the_next(held, tmp_path):
    process = held()
    eventually(lambda: said(tmp_path, "sleeper | awake"), "the sleeper runs")
    orphan = pid(tmp_path)
    process.kill()
    process.wait()
    assert alive(orphan)
    held()
    eventually(lambda: not alive(orphan), "the orphan is ended")
    eventually(lambda: pid(tmp_path) not in (0, orphan), "a new one runs")


def test_a_pid_that_now_belongs_to_somebody_else_is_left_alone(held, tmp_path):
    other = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
    try:
        (tmp_path / "sleeper.pid").write_text(f"{other.pid}\n")
        held()
        eventually(lambda: pid(tmp_path) not in (0, other.pid), "its own sleeper runs")
        assert other.poll() is None
    finally:
        other.kill()
        other.wait()


def test_a_log_line_reads_well_and_any_other_stays_as_it_is():
    line = '{"at": "2026-11-20T05:12:00", "level": "info", "logger": "x", "message": "scan", "school": "s1"}'
    assert supervisor.readable(line) == "05:12:00 INFO    scan  school=s1"
    for other in ("Listening", '{"half', "[1]", "7", '{"at": 1}'):
        assert supervisor.readable(other) == other
