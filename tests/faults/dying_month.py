"""Processes that live through a school's first thirty days and are killed by SIGKILL around a chosen commit of them.

`python -m tests.faults.dying_month` reads lines `RUN N before|after` and answers each with the signal that ended its
process, or 0 when that commit never came. Every line is a process of its own, on connections of its own; only the
program is loaded once. Commits are counted inside the run's steps alone: what goes on around them is not killed here.
"""

import os
import signal
import sys
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import django

if __name__ == "__main__":
    django.setup()

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Max

from shared_apps.post import services as post
from shared_apps.schools.models import Welcome
from shared_apps.schools.services import welcome
from shared_apps.workflows.models import Step
from shared_apps.workflows.services.advance import advance
from shared_apps.workflows.services.registry import Lane
from tenants.models import School
from tests.operator.ground import figures

TOLD = {"learners": 0, "active_learners": 0, "classes": 1, "staff": 1, "last_gate_activity": None, "quiet_days": None}
OPEN = ("waiting", "running")


class Deaths:
    """Kills this process around the n-th commit that happens while `counting`."""

    def __init__(self, number: int, when: str) -> None:
        self.number, self.when, self.seen, self.counting = number, when, 0, False
        commit, deaths = BaseDatabaseWrapper.commit, self

        def wrapped(connection: Any) -> None:
            deaths.seen += deaths.counting
            now = deaths.counting and deaths.seen == deaths.number
            if now and deaths.when == "before":
                os.kill(os.getpid(), signal.SIGKILL)
            commit(connection)
            if now:
                os.kill(os.getpid(), signal.SIGKILL)

        BaseDatabaseWrapper.commit = wrapped


def next_at(run: UUID) -> datetime | None:
    """When this run has something to do: its step is due, or the lease of a dead process is over. None at its end."""
    step = Step.objects.filter(run=run, state__in=OPEN).first()
    if step is None:
        return None
    return step.leased_until if step.state == "running" else step.wake_at


def turn(run: UUID, now: datetime, deaths: Deaths | None = None) -> None:
    """What happens at one moment: the school has told, a step of the run is done, the post takes letters out."""
    school = School.objects.get(pk=Welcome.objects.get(run=run).onboarding.school)
    figures(school.ref(), now=now, **TOLD)
    welcome.notice(now=now)
    if deaths:
        deaths.counting = True
    advance(Lane.WORKER, clock=lambda: now)
    if deaths:
        deaths.counting = False
    post.drain(now=now)


def live(run: UUID, deaths: Deaths | None = None) -> None:
    """Moment after moment to the end of the run.

    The post, which is another's work, looks in a minute after the last step that was done, and again at the end.
    """
    look_in(run)
    while at := next_at(run):
        turn(run, at, deaths)
    look_in(run)


def look_in(run: UUID) -> None:
    last = Step.objects.filter(run=run).aggregate(last=Max("ended_at"))["last"]
    if last:
        post.drain(now=last + timedelta(minutes=1))


def main() -> None:
    for line in sys.stdin:
        run, number, when = line.split()
        child = os.fork()
        if not child:
            live(UUID(run), Deaths(int(number), when))
            os._exit(0)
        status = os.waitpid(child, 0)[1]
        print(os.WTERMSIG(status) if os.WIFSIGNALED(status) else -os.WEXITSTATUS(status), flush=True)


if __name__ == "__main__":
    main()
