"""How the platform asks a school: by name, through one file per app, plain data both ways."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tenants.current import SchoolRef
from tenants.scope import school_scope

_answers: dict[str, Callable[..., Any]] = {}
_deeds: set[str] = set()


@dataclass(frozen=True)
class Unavailable:
    """What could not be fetched, and why. Never shown as zero."""

    reason: str


def for_platform(name: str, *, writes: bool = False) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Publish a function of a school to the platform under `name` (`app.noun`). `writes`: it is asked to do something,
    and nobody asks it just to hear the answer."""

    def publish(answer: Callable[..., Any]) -> Callable[..., Any]:
        if _answers.setdefault(name, answer) is not answer:
            raise RuntimeError(f"Two answers are called {name}.")
        if writes:
            _deeds.add(name)
        return answer

    return publish


def ask(school: SchoolRef, name: str, **arguments: Any) -> Any:
    """The school's answer, computed in its own scope. Raises KeyError for a name nobody published."""
    answer = _answers[name]
    with school_scope(school):
        return answer(**arguments)


def published() -> dict[str, Callable[..., Any]]:
    """Everything a school tells the platform, by name, but for what it is asked to do."""
    return {name: answer for name, answer in _answers.items() if name not in _deeds}
