"""Keeps a few processes running for a developer: one log, restarts with back-off, and nothing left behind.

Each process leads a process group of its own, so that a Ctrl-C reaches the supervisor alone and children of a killed
process can be swept. Real installations have a real supervisor; this one serves `make demo`.
"""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import IO

PATIENCE = 10.0  # seconds a process has to stop by itself
LONGEST_PAUSE = 15.0  # seconds between two starts of a process that keeps dying
SETTLED = 30.0  # seconds after which a start counts as good


class Stop(Exception):
    """Somebody asked for the end."""


@dataclass
class Service:
    """One program to keep running: its name in the log and of its pid file, its words, its whole environment."""

    name: str
    words: Sequence[str]
    environment: dict[str, str]
    process: subprocess.Popen[str] | None = None
    started: float = 0.0
    pause: float = 0.5
    again_at: float = field(default=0.0)


class Supervisor:
    """Starts `services` and holds them up until it is stopped. pid files lie in `folder`."""

    def __init__(self, services: Sequence[Service], folder: Path, root: Path) -> None:
        self.services = services
        self.folder = folder
        self.root = root
        self._say = threading.Lock()

    def run(self, *, ready: Callable[[], bool], announce: Callable[[], None], tick: Callable[[], None]) -> None:
        """Block until SIGINT, SIGTERM or SIGHUP. `announce` once `ready`, `tick` about once a minute."""
        asking = [signal.SIGINT, signal.SIGTERM]
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # nohup means it
            asking.append(signal.SIGHUP)
        for number in asking:
            signal.signal(number, self._asked)
        try:
            self.sweep()
            for service in self.services:
                self._start(service)
            self._wait(ready)
            announce()
            self._hold(tick)
        except Stop:
            self.say("demo", "Stopping.")
        finally:
            for number in asking:
                signal.signal(number, signal.SIG_IGN)  # a second Ctrl-C must not leave half of it running
            self._stop_all()

    def sweep(self) -> None:
        """End what an earlier run, killed before it could clean up, has left in its pid files."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for service in self.services:
            pid = self._pid_file(service)
            number = pid.read_text().strip() if pid.exists() else ""
            if number.isdigit() and _command_of(int(number)) == list(service.words):
                self.say("demo", f"Ending the {service.name} process {number} of an earlier run.")
                _end_group(int(number))
            pid.unlink(missing_ok=True)

    def say(self, who: str, line: str) -> None:
        with self._say, suppress(BrokenPipeError, ValueError):
            print(f"{who:<8}| {line}", flush=True)

    def _asked(self, number: int, frame: FrameType | None) -> None:
        raise Stop

    def _start(self, service: Service) -> None:
        service.process = subprocess.Popen(
            service.words, env=service.environment, cwd=self.root, start_new_session=True, text=True, errors="replace",
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, bufsize=1,
        )  # fmt: skip
        service.started = time.monotonic()
        self._pid_file(service).write_text(f"{service.process.pid}\n")
        threading.Thread(target=self._relay, args=(service.name, service.process.stdout), daemon=True).start()

    def _relay(self, name: str, lines: IO[str]) -> None:
        for line in lines:
            self.say(name, readable(line.rstrip()))

    def _pid_file(self, service: Service) -> Path:
        return self.folder / f"{service.name}.pid"

    def _wait(self, ready: Callable[[], bool]) -> None:
        while not ready():
            self._mend()
            time.sleep(0.1)

    def _hold(self, tick: Callable[[], None]) -> None:
        ticked = time.monotonic()
        while True:
            self._mend()
            time.sleep(0.25)
            if time.monotonic() - ticked > 60:
                ticked = time.monotonic()
                tick()

    def _mend(self) -> None:
        """Start again what died, later each time it dies young."""
        now = time.monotonic()
        for service in self.services:
            if service.process is not None and service.process.poll() is not None:
                _end_group(service.process.pid)
                lived = now - service.started
                service.pause = 0.5 if lived > SETTLED else min(service.pause * 2, LONGEST_PAUSE)
                service.again_at = now + service.pause
                self.say("demo", f"{service.name} ended ({service.process.returncode}); again in {service.pause:g} s.")
                service.process = None
            if service.process is None and now >= service.again_at:
                self._start(service)

    def _stop_all(self) -> None:
        running = [service.process for service in self.services if service.process is not None]
        for process in running:
            with suppress(ProcessLookupError):
                process.send_signal(signal.SIGTERM)
        until = time.monotonic() + PATIENCE
        for process in running:
            with suppress(subprocess.TimeoutExpired):
                process.wait(max(0.0, until - time.monotonic()))
            _end_group(process.pid)
        for service in self.services:
            self._pid_file(service).unlink(missing_ok=True)


def _end_group(leader: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)


def _command_of(pid: int) -> list[str]:
    """The words a process was started with, or [] where that cannot be known: then it is left alone."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").rstrip("\0").split("\0")
    except OSError:
        return []


def readable(line: str) -> str:
    """A JSON log line as a person likes to read it; any other line as it is."""
    try:
        record = json.loads(line)
        text = f"{record['at'][11:]} {record['level'].upper():<7} {record['message']}"
    except (ValueError, KeyError, TypeError):
        return line
    where = " ".join(f"{name}={record[name]}" for name in ("request", "school", "actor") if record.get(name))
    return "\n".join(part for part in (f"{text}  {where}".rstrip(), record.get("trace", "")) if part)


def python(*words: str) -> list[str]:
    return [sys.executable, *words]
