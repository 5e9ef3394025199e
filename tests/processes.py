"""Real processes of the product on a test's own database: started, waited for, killed."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests import database, plugin


class Process:
    """A started process whose output goes to `log`."""

    def __init__(self, words: list[str], name: str, log: Path, **more: str) -> None:
        self.log = log
        with log.open("a") as out:
            self.popen = subprocess.Popen(
                [sys.executable, *words], cwd=plugin.ROOT, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                env={**database.environment(name), "PYTHONUNBUFFERED": "1", **more},
            )  # fmt: skip

    def kill(self) -> None:
        self.popen.kill()
        self.popen.wait(30)

    def stop(self) -> int:
        if self.popen.poll() is None:
            self.popen.send_signal(signal.SIGTERM)
        return self.ended()

    def ended(self, seconds: float = 60) -> int:
        return self.popen.wait(seconds)

    def children(self) -> list[int]:
        return [int(pid) for pid in Path(f"/proc/{self.popen.pid}/task/{self.popen.pid}/children").read_text().split()]


@contextmanager
def worker(name: str, log: Path, **more: str) -> Iterator[Process]:
    """`manage.py worker` on database `name`, stopped at the end. Its environment knows no migrator."""
    process = Process(["manage.py", "worker"], name, log, PROCESS="worker", REACTION_LEASE_SECONDS="1", **more)
    try:
        yield process
    finally:
        if process.popen.poll() is None:
            process.stop()


@contextmanager
def provisioner(name: str, log: Path, **more: str) -> Iterator[Process]:
    """`manage.py provisioner` on database `name`, stopped at the end. It alone knows the migrator."""
    process = Process(["manage.py", "provisioner"], name, log, PROCESS="provisioner", **more)
    try:
        yield process
    finally:
        if process.popen.poll() is None:
            process.stop()


class Server(Process):
    """The production server with two workers; `call` speaks to its API."""

    def __init__(self, name: str, log: Path, port: int, **more: str) -> None:
        self.url = f"http://127.0.0.1:{port}"
        words = ["-m", "granian", "--interface", "wsgi", "--no-ws", "--log-level", "warning", "--host", "127.0.0.1"]
        words += ["--port", str(port), "--workers", "2", "--blocking-threads", "4", "config.wsgi:application"]
        super().__init__(words, name, log, PROCESS="web", **more)

    def call(self, path: str, body: object = None, *, token: str = "", method: str = "") -> tuple[int, Any]:
        """Status and JSON of one call; a body makes it a POST."""
        headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {token}"} if token else {})}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, headers, method=method or None)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as refused:
            return refused.code, json.loads(refused.read() or b"null")

    def stop(self) -> int:
        """A server told to end while it is still starting may not have heard it: then it is killed, workers first."""
        self.popen.send_signal(signal.SIGTERM)
        try:
            return self.ended(20)
        except subprocess.TimeoutExpired:
            for child in self.children():
                os.kill(child, signal.SIGKILL)
            self.kill()
            return -signal.SIGKILL

    def answers(self) -> bool:
        try:
            return self.call("/api/openapi.json")[0] == 200
        except OSError:
            assert self.popen.poll() is None, self.log.read_text()[-3000:]
            return False


@contextmanager
def server(name: str, log: Path, *, machine: Path, **more: str) -> Iterator[Server]:
    """The web on database `name` as it is shipped, on a machine of its own: `machine` is its state folder, so it hears
    of others' changes through the database alone.
    """
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = int(found.getsockname()[1])
    process = Server(name, log, port, MYSENTINEL_STATE=str(machine), IDENTITY_SECONDS="1", **more)
    try:
        eventually(process.answers, "the web process", log=log)
        yield process
    finally:
        if process.popen.poll() is None:
            process.stop()


def eventually(true: Callable[[], Any], what: str, *, log: Path | None = None, seconds: float = 60) -> Any:
    """Poll until `true()` holds; a deadline, not a timing."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        found = true()
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError(f"{what}: not within {seconds} s\n{log.read_text()[-4000:] if log else ''}")


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
