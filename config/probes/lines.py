"""What a probe answers: a line that says whether one thing works, and never what its secret is."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    READY = "Ready"
    MISSING = "Not configured"
    BROKEN = "Broken"


@dataclass(frozen=True)
class Line:
    """`needed`: production may not do without it."""

    about: str
    state: State
    said: str
    needed: bool = True

    def stops(self, *, production: bool) -> bool:
        return self.state == State.BROKEN or (production and self.needed and self.state == State.MISSING)

    def __str__(self) -> str:
        return f"{self.state:<14}  {self.about:<22}  {self.said}"


Probe = Callable[[], Iterable[Line]]


def ready(about: str, said: str) -> Line:
    return Line(about, State.READY, said)


def missing(about: str, said: str, *, needed: bool = True) -> Line:
    return Line(about, State.MISSING, said, needed)


def broken(about: str, said: str) -> Line:
    return Line(about, State.BROKEN, said)


def judged(about: str, wrong: str, right: str) -> Line:
    """Broken with `wrong` where there is something wrong, else ready with `right`."""
    return broken(about, wrong) if wrong else ready(about, right)


def asked(about: str, probe: Probe) -> list[Line]:
    """The lines of `probe`. One that fails by itself proves nothing; its error's text may hold a secret."""
    try:
        return list(probe())
    except Exception as error:
        return [broken(about, f"could not be looked at: {type(error).__name__}.")]
