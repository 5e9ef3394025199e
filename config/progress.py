"""How far a long command has come: one line redrawn on a terminal, a line now and then elsewhere."""

import time
from collections.abc import Callable
from threading import Lock

from django.core.management.base import OutputWrapper

WIDTH = 24
REDRAWN, SAID = 0.1, 10.0  # seconds between two lines, on a terminal and elsewhere


class Progress:
    """`step()` as each is through, `close()` at the end. Takes calls from several threads."""

    def __init__(
        self, out: OutputWrapper, what: str, total: int, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.out, self.what, self.total, self.clock = out, what, total, clock
        self.terminal = out.isatty()
        self.done = self.failed = self._shown = 0
        self.began = self._said = clock()
        self._lock = Lock()

    def step(self, *, failed: bool = False) -> None:
        with self._lock:
            self.done += 1
            self.failed += failed
            if self.clock() - self._said >= (REDRAWN if self.terminal else SAID):
                self._say()

    def close(self) -> None:
        """The last line, as it stands, whether or not all are through."""
        with self._lock:
            self._say()
            if self.terminal:
                self.out.write("\n", ending="")

    def _say(self) -> None:
        self._said = self.clock()
        line = self.line()
        # A shorter line must cover what a longer one left.
        self.out.write(f"\r{line:{self._shown}}" if self.terminal else f"{line}\n", ending="")
        self._shown = len(line)
        self.out.flush()

    def line(self) -> str:
        took = max(self.clock() - self.began, 1e-9)
        rate = self.done / took
        left = f"{_span((self.total - self.done) / rate)} left" if self.done else "no time known yet"
        left = left if self.done < self.total else f"in {_span(took)}"
        full = WIDTH * self.done // self.total if self.total else WIDTH
        bar = f"[{'#' * full}{'.' * (WIDTH - full)}]  " if self.terminal else ""
        return f"{self.what}  {bar}{self.done}/{self.total}, {self.failed} failed, {rate:.1f}/s, {left}"


def _span(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
