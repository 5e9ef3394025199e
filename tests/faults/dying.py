"""A process that drains one school and is killed by SIGKILL at a chosen moment.

`python -m tests.faults.dying SCHOOL_ID HANDLER before|after|mailed`: between claim and effect, between effect and its
record, or between the mail and its record. Exits 3 when that moment never came.
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

from tenant_apps.events.services import drain as draining  # noqa: E402
from tenant_apps.messaging.channels import email  # noqa: E402
from tenants import reactions  # noqa: E402
from tenants.models import school_ref  # noqa: E402


def die(*args: Any, **kwargs: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def die_before_the_record(name: str) -> None:
    run = reactions._handlers[name].run

    def wrapped(*args: Any, **kwargs: Any) -> None:
        run(*args, **kwargs)
        die()

    reactions._handlers[name] = replace(reactions._handlers[name], run=wrapped)


def die_after_the_mail() -> None:
    send = email.send

    def wrapped(*args: Any, **kwargs: Any) -> None:
        send(*args, **kwargs)
        die()

    email.send = wrapped


def main(school: str, name: str, when: str) -> None:
    if when == "before":
        reactions._handlers[name] = replace(reactions._handlers[name], run=die)
    elif when == "after":
        die_before_the_record(name)
    else:
        die_after_the_mail()
    while draining.drain(school_ref(UUID(school)), clock=timezone.now):
        pass
    sys.exit(3)


if __name__ == "__main__":
    main(*sys.argv[1:])
