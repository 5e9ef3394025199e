"""A process that brings a school in and is killed by SIGKILL around its n-th commit, on whichever login that is.

`python -m tests.faults.dying_run begin|work N before|after`: `begin` is the web request (the body of the tests' call,
under the key `kill-N-when`), `work` does what is due in both lanes. Exits 3 when that commit never came.
"""

import os
import signal
import sys
from typing import Any

import django

django.setup()

from django.db.backends.base.base import BaseDatabaseWrapper  # noqa: E402
from django.utils import timezone  # noqa: E402

from shared_apps.identity.models import Login  # noqa: E402
from shared_apps.identity.services.sign_in import email_hash  # noqa: E402
from shared_apps.schools.services import onboarding_answers, onboarding_at_once  # noqa: E402
from shared_apps.workflows.services.advance import advance  # noqa: E402
from shared_apps.workflows.services.registry import Lane  # noqa: E402
from tenants.actor import Actor  # noqa: E402
from tests.schools.acts import OPERATOR  # noqa: E402


def die_around(number: int, when: str) -> None:
    commit, seen = BaseDatabaseWrapper.commit, [0]

    def wrapped(self: Any) -> None:
        seen[0] += 1
        if seen[0] == number and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        commit(self)
        if seen[0] == number:
            os.kill(os.getpid(), signal.SIGKILL)

    BaseDatabaseWrapper.commit = wrapped


def begin(mark: str) -> onboarding_at_once.Begun:
    """As the API begins one, under the key `mark`."""
    login = Login.objects.get(email_hash=email_hash(OPERATOR))
    by = Actor(kind="person", scope="platform", roles=frozenset({"operator"}), login=login.id)
    answers = onboarding_answers.checked(
        name=f"School {mark}", timezone="Africa/Johannesburg", close_time="17:00", region="", circle="",
        admin={"name": "Ada Killed", "email": f"ada@{mark}.example", "password": ""},
        officer={"name": "Ole Killed", "email": f"ole@{mark}.example", "password": ""},
    )  # fmt: skip
    return onboarding_at_once.begin_at_once(answers, asked_as=mark, by=by, now=timezone.now())


def work() -> None:
    while any([advance(lane, clock=timezone.now) for lane in Lane]):
        pass


def main(what: str, number: str, when: str) -> None:
    die_around(int(number), when)
    if what == "begin":
        begin(f"kill-{number}-{when}")
    else:
        work()
    sys.exit(3)


if __name__ == "__main__":
    main(*sys.argv[1:])
