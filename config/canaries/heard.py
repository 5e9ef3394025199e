"""What one turn of the search heard, place by place, and by whose ears."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field

from config.canaries.marks import Marks
from config.canaries.reading import WriteRefused
from config.canaries.text import Unreadable
from tenants.actor import Bounds
from tenants.current import SchoolRef
from tenants.traces import without_text

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Ear:
    """Whose answers these are, and so what must not be in them: with `of_school` anything of another school, with
    `of_platform` particulars of any school's people, with `bounds` anything of a school out of reach."""

    of_school: bool = False
    of_platform: bool = False
    bounds: Bounds | None = None


SCHOOL, PLATFORM = Ear(of_school=True), Ear(of_platform=True)
OPEN = Ear(of_school=True, of_platform=True)  # the log, and what strangers see


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
