"""A process of a release that is further than this one: `python -m tests.fleet.release COMMAND [WORD ...]`.

`AHEAD` names the folder and package of its migrations (`folder:package`). With `DIE=before:7` or `DIE=after:7` the
process is killed by SIGKILL around its seventh exchange with the database once the fleet moves.
"""

import os
import signal
import sys
from pathlib import Path
from typing import Any

import django
import psycopg

django.setup()

from django.core.management import call_command  # noqa: E402

from tenants import fleet  # noqa: E402
from tests import ahead  # noqa: E402


def die_around(when: str, number: int) -> None:
    """Count what is sent from the moment the fleet moves, and die before or after one of it."""
    wait, seen = psycopg.Connection.wait, 0

    def counted(self: Any, *args: Any, **kwargs: Any) -> Any:
        nonlocal seen
        seen += 1
        if seen == number and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        answer = wait(self, *args, **kwargs)
        if seen == number:
            os.kill(os.getpid(), signal.SIGKILL)
        return answer

    run = fleet._Run.__init__

    def begin(*args: Any) -> None:
        run(*args)
        psycopg.Connection.wait = counted  # type: ignore[method-assign]

    fleet._Run.__init__ = begin  # type: ignore[method-assign]


def main() -> None:
    folder, _, package = os.environ["AHEAD"].rpartition(":")
    ahead.use(Path(folder), package)
    if "DIE" in os.environ:
        when, _, number = os.environ["DIE"].partition(":")
        die_around(when, int(number))
    call_command(*sys.argv[1:])


if __name__ == "__main__":
    main()
