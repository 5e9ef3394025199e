"""A sealer that is killed by SIGKILL at a chosen moment: `python -m tests.seals.dying SCHOOL_ID before|after|kept`.

After its rows are written and before they are committed; after the commit and before the second place knows; or after
both. Exits 3 when that moment never came.
"""

import os
import signal
import sys
from typing import Any
from uuid import UUID

import django

django.setup()

from tenant_apps.events import jobs  # noqa: E402
from tenant_apps.events.services import seal as sealing  # noqa: E402
from tenants.models import school_ref  # noqa: E402


def dying_at(work: Any, *, first: bool) -> Any:
    def wrapped(*args: Any, **kwargs: Any) -> None:
        if first:
            work(*args, **kwargs)
        os.kill(os.getpid(), signal.SIGKILL)

    return wrapped


def main(school: str, when: str) -> None:
    if when == "before":
        sealing.seal = dying_at(sealing.seal, first=True)
    else:
        jobs.keep_checkpoints = dying_at(jobs.keep_checkpoints, first=when == "kept")
    jobs.seal(school=school_ref(UUID(school)))
    sys.exit(3)


if __name__ == "__main__":
    main(*sys.argv[1:])
