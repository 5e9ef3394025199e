"""What one turn of the search heard, place by place, and what was said to the log meanwhile."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from config.canaries.marks import Marks
from config.canaries.reading import WriteRefused
from config.canaries.text import Unreadable
from config.logs import JsonLine, Where
from tenants.actor import Bounds
from tenants.current import SchoolRef
from tenants.traces import without_text

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Ear:
    """Whose answers these are, and so what must not be in them.

    `of_school`: nothing of another school. `of_platform`: no particulars of any school's people. `bounds`: nothing of a
    school out of reach, either.
    """

    of_school: bool = False
    of_platform: bool = False
    bounds: Bounds | None = None


SCHOOL, PLATFORM, LOG = Ear(of_school=True), Ear(of_platform=True), Ear(of_school=True, of_platform=True)


@dataclass(frozen=True)
class Heard:
    place: str
    marks: Marks
    ear: Ear


@dataclass
class Turn:
    """What was heard while one school was asked, and the places that could not be asked or read."""

    school: SchoolRef
    heard: list[Heard] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)

    def hear(self, place: str, say: Callable[[], str], *, ear: Ear = SCHOOL, asked_with: str = "") -> None:
        try:
            self.heard.append(Heard(place, Marks.of(say(), asked_with=asked_with), ear))
        except WriteRefused:
            pass  # nothing to read here
        except Unreadable as kind:
            self.failed.append(f"cannot be read: {place} ({kind})")
        except Exception as error:
            self.fail(place, error)

    def fail(self, place: str, error: Exception) -> None:
        self.failed.append(place)
        log.warning("canaries: %s of school %s could not be asked\n%s", place, self.school.id, without_text(error))


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
            turn.hear(f"log {name}", lambda line=line: line, ear=LOG, asked_with=asked_with)  # type: ignore[misc]
