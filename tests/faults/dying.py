"""A process that drains one school and is killed by SIGKILL before or after a chosen handler did its work.

`python -m tests.faults.dying SCHOOL_ID HANDLER before|after|mailed`; `mailed` is after the mail left and before that
is recorded. Exits 3 when the handler was never reached.
"""

import os
import signal
import sys
from dataclasses import replace
from typing import Any
from uuid import UUID

import django

django.setup()

from django.utils import timezone  # noqa: E402

from tenant_apps.events.services.drain import drain  # noqa: E402
from tenant_apps.messaging.channels import email  # noqa: E402
from tenants import reactions  # noqa: E402
from tenants.models import school_ref  # noqa: E402


def dying(run: Any, when: str) -> Any:
    def wrapped(*args: Any, **kwargs: Any) -> None:
        if when != "before":
            run(*args, **kwargs)
        os.kill(os.getpid(), signal.SIGKILL)

    return wrapped


def main(school: str, name: str, when: str) -> None:
    handler = reactions._handlers[name]
    if when == "mailed":
        email.send = dying(email.send, when)
    else:
        reactions._handlers[name] = replace(handler, run=dying(handler.run, when))
    while drain(school_ref(UUID(school)), clock=timezone.now):
        pass
    sys.exit(3)


if __name__ == "__main__":
    main(*sys.argv[1:])
