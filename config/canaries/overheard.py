"""What was said to the log while a school was asked."""

import logging
import threading

from config.canaries.heard import OPEN, Turn
from config.logs import JsonLine, Where


class Overheard(logging.Handler):
    """The lines that this thread writes to the log meanwhile, worded as they go out."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.lines: list[tuple[str, str]] = []
        self._thread = threading.get_ident()
        self.setFormatter(JsonLine())
        self.addFilter(Where())

    def emit(self, record: logging.LogRecord) -> None:
        if record.thread == self._thread:
            self.lines.append((record.name, self.format(record)))

    def __enter__(self) -> "Overheard":
        logging.getLogger().addHandler(self)
        return self

    def __exit__(self, *error: object) -> None:
        logging.getLogger().removeHandler(self)

    def told_to(self, turn: Turn, *, asked_with: str = "") -> None:
        """Hand the turn what was written since it was last asked."""
        lines, self.lines = self.lines, []
        for name, line in lines:
            turn.hear(f"log {name}", lambda line=line: line, ear=OPEN, asked_with=asked_with)  # type: ignore[misc]
