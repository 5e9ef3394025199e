"""A school's first thirty days killed with SIGKILL before and after every commit of their steps: no letter twice, none
lost, and no flood when the work comes back late."""

import json
import signal
import subprocess
import sys
from collections import Counter
from datetime import timedelta

import pytest

from shared_apps.audit.models import PlatformEvent
from shared_apps.post.models import Letter, MailboxEntry
from shared_apps.schools.models import Welcome
from shared_apps.workflows.models import Run, Step
from shared_apps.workflows.services.advance import advance
from shared_apps.workflows.services.registry import Lane
from tests import database, plugin
from tests.faults.dying_month import live, next_at, turn
from tests.schools.after_go import BARE, LETTERS, Month

pytestmark = pytest.mark.processes
DAY = timedelta(days=1)


@pytest.fixture
def dying(real_commits, tmp_path):
    """`dying(run, number, when)`: a process that lives through the month of `run`; whether it was killed."""
    with (tmp_path / "dying.log").open("a") as errors:
        parent = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.dying_month"], cwd=plugin.ROOT, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=errors, text=True,
            env={**database.environment(real_commits), "PYTHONUNBUFFERED": "1", "WORKFLOW_LEASE_SECONDS": "600"},
        )  # fmt: skip

    def die(run, number, when):
        parent.stdin.write(f"{run} {number} {when}\n")
        parent.stdin.flush()
        told = parent.stdout.readline().strip()
        assert told in (str(int(signal.SIGKILL)), "0"), (told, (tmp_path / "dying.log").read_text())
        return told != "0"

    yield die
    parent.stdin.close()
    parent.wait(30)


@pytest.fixture
def begun(cast):
    """`begun()`: a month that has just begun; the one before it is taken away."""

    def begin():
        Run.objects.all().delete()
        return Month(cast, BARE).welcome.run_id

    return begin


def told(run, kind):
    """The facts of the events of one kind about this run."""
    return [
        json.loads(event.body)["facts"] for event in PlatformEvent.objects.filter(kind=kind) if str(run) in event.body
    ]


def assert_whole(run):
    """Every step once, a letter for each that says so, and nothing twice."""
    assert Run.objects.get(pk=run).state == "complete"
    assert set(Step.objects.filter(run=run).values_list("state", flat=True)) == {"done"}
    fates = {step.name: step.result["fate"] for step in Step.objects.filter(run=run) if "fate" in step.result}
    said = told(run, "schools.welcome_letter")
    assert {one["letter"]: one["fate"] for one in said} == fates and len(said) == len(LETTERS)
    written = Letter.objects.filter(once__startswith=f"welcome:{run}:")
    assert Counter(one.once.rpartition(":")[2] for one in written) == Counter(
        name for name, fate in fates.items() if fate == "send"
    )
    assert len(told(run, "schools.go_live_evaluated")) == len(told(run, "workflows.run_ended")) == 1
    assert list(Welcome.objects.get(run=run).milestones.values_list("name", flat=True)) == ["class"]
    return fates


def test_a_kill_around_each_commit_of_the_month_loses_no_letter_and_sends_none_twice(dying, begun):
    points = 0
    for number in range(1, 60):
        deaths = []
        for when in ("before", "after"):
            run, mails = begun(), MailboxEntry.objects.count()
            deaths.append(dying(run, number, when))
            live(run)
            assert assert_whole(run) == dict.fromkeys(LETTERS, "send")
            assert MailboxEntry.objects.count() == mails + len(LETTERS)
        points += sum(deaths)
        if not any(deaths):
            break
    # Six steps, each with its claim and its close, and for five of them the visit to the school; before and after.
    assert points >= 2 * (6 * 2 + 5), points


@pytest.mark.parametrize("away", [2, 12, 40])
def test_after_a_kill_and_an_outage_at_most_one_letter_goes_at_once(dying, begun, away):
    """Killed at every close of a step, and nothing runs for days: what piled up does not leave together."""
    killed = True
    number = 0
    while killed:
        number += 3
        run = begun()
        killed = dying(run, number, "after")
        late = next_at(run)
        if late is None:
            break
        mails = MailboxEntry.objects.count()
        now = late + away * DAY
        turn(run, now)
        while advance(Lane.WORKER, clock=lambda now=now: now):
            pass
        turn(run, now)
        assert MailboxEntry.objects.count() - mails <= 1
        assert Letter.objects.filter(once__startswith=f"welcome:{run}:", created_at=now).count() <= 1
        live(run)
        fates = assert_whole(run)
        assert set(fates.values()) <= {"send", "late"}
    assert number > 12
