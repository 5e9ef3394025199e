"""A process of a release that is further than this one: `python -m tests.fleet.release COMMAND [WORD ...]`.

`AHEAD` names the folder and package of its migrations (`folder:package`). With `DIE=after:7` the process is killed by
SIGKILL after its seventh exchange with a database once the fleet moves; with `during:7` when that was sent and not yet
answered, so that the server is left with it; with `gap` between the commit in another cell and the platform's line.
"""

import os
import signal
import sys
from itertools import count
from pathlib import Path
from typing import Any

import django
import psycopg

django.setup()

from django.core.management import call_command  # noqa: E402

from tenants import fleet  # noqa: E402
from tenants.places import Place  # noqa: E402
from tests import ahead  # noqa: E402


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def die_around(when: str, number: int) -> None:
    """Count what is sent from the moment the fleet moves, by any thread, and die after the answer to one or before."""
    wait, seen = psycopg.Connection.wait, count(1)

    def counted(self: Any, exchange: Any, *args: Any, **kwargs: Any) -> Any:
        mine = next(seen) == number
        if mine and when == "during":
            next(exchange, None)  # as far as where it waits for the server
            die()
        answer = wait(self, exchange, *args, **kwargs)
        if mine:
            die()
        return answer

    run = fleet._Run.__init__

    def begin(*args: Any) -> None:
        run(*args)
        psycopg.Connection.wait = counted  # type: ignore[method-assign]

    fleet._Run.__init__ = begin  # type: ignore[method-assign]


def die_in_the_gap() -> None:
    note = fleet.note_elsewhere

    def noted(place: Place, target: str | None) -> None:
        if not place.at_home:
            die()
        note(place, target)

    fleet.note_elsewhere = noted


def main() -> None:
    folder, _, package = os.environ["AHEAD"].rpartition(":")
    ahead.use(Path(folder), package)
    when, _, number = os.environ.get("DIE", "").partition(":")
    if when == "gap":
        die_in_the_gap()
    elif when:
        die_around(when, int(number))
    call_command(*sys.argv[1:])


if __name__ == "__main__":
    main()
