"""Real processes of the product on a test's own database: started, waited for, killed."""

import signal
import subprocess
import sys
import time
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
