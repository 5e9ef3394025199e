"""Doing steps: claim, prepare, work and record, each attempt fenced off from the ones before it.

A claim commits first, with its attempt counted, so that a step which kills its worker is given up in the end. The work
then runs in one transaction with the record that it is done; that transaction holds the step's row and compares the
fence, so nobody works beside it and a worker that was believed dead cannot write.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import random
from uuid import UUID

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, transaction
from django.db.models import Q

from shared_apps.workflows.models import Run, RunState, Step, StepState
from shared_apps.workflows.rules import pause
from shared_apps.workflows.services.ends import close, give_up
from shared_apps.workflows.services.registry import Lane, NotYet, Plan, StepError, Task, workflow_named
from tenants.provisioning import MIGRATOR
from tenants.traces import without_text

log = logging.getLogger(__name__)
Clock = Callable[[], datetime]
LOST, UNKNOWN = "lost", "unknown_step"


class Stale(Exception):
    """This worker's claim has been taken over, cancelled or resumed: it may not write."""


@dataclass(frozen=True)
class Claim:
    """A step somebody took on, under the number that fences it."""

    step: UUID
    run: UUID
    plan: Plan
    fence: int
    attempt: int


def advance(lane: Lane, *, clock: Clock) -> bool:
    """Do one due step of `lane`; whether there was one."""
    now = clock()
    with transaction.atomic():
        step = _due(lane, now)
        claim = _take(step, now) if step else None
    if claim is None:
        return step is not None
    try:
        _do(claim, clock)
    except Stale:
        log.warning("step %s of run %s: another one took over", claim.plan.name, claim.run)
    except NotYet as sleep:
        _put_off(claim, sleep.until)
    except Exception as error:
        _failed(claim, error, clock())
    return True


def _due(lane: Lane, now: datetime) -> Step | None:
    """The step that has been due for longest, its row locked. Nobody waits for a row that somebody holds."""
    due = Q(state=StepState.WAITING, wake_at__lte=now) | Q(state=StepState.RUNNING, leased_until__lte=now)
    steps = Step.objects.select_for_update(skip_locked=True, of=("self",)).select_related("run")
    return steps.filter(due, lane=lane, run__state=RunState.RUNNING).order_by("wake_at", "id").first()


def _take(step: Step, now: datetime) -> Claim | None:
    """Claim a due step, or end it here: its time has passed, its workers all died, or nobody knows it any more."""
    found = workflow_named(step.run.workflow)
    plan = found.plan(step.name) if found else None
    if plan is None:
        give_up(step, UNKNOWN, now)
    elif step.state == StepState.RUNNING and step.attempts >= step.spent_at:
        give_up(step, LOST, now)
    elif plan.late is not None and not step.attempts and now - step.wake_at > plan.late:
        close(step, StepState.SKIPPED, {}, now, DEFAULT_DB_ALIAS)
    else:
        step.state, step.attempts, step.fence = StepState.RUNNING, step.attempts + 1, step.fence + 1
        step.leased_until = now + timedelta(seconds=settings.WORKFLOW_LEASE_SECONDS)
        step.started_at = step.started_at or now
        step.save(update_fields=["state", "attempts", "fence", "leased_until", "started_at"])
        return Claim(step.id, step.run_id, plan, step.fence, step.attempts)
    return None


def _do(claim: Claim, clock: Clock) -> None:
    task = _task(claim, clock())
    prepared = claim.plan.prepare(task) if claim.plan.prepare else None
    alias = MIGRATOR if claim.plan.lane is Lane.PROVISIONER else DEFAULT_DB_ALIAS
    with transaction.atomic(using=alias):
        step = _hold(claim, alias)
        result = claim.plan.work(task, prepared)
        close(step, StepState.DONE, result, clock(), alias)


def _task(claim: Claim, now: datetime) -> Task:
    run = Run.objects.get(pk=claim.run)
    before = Step.objects.filter(run=run, state__in=(StepState.DONE, StepState.SKIPPED))
    results = dict(before.values_list("name", "result"))
    return Task(run.id, run.key, claim.plan.name, run.started_by, run.created_at, claim.attempt, now, results)


def _hold(claim: Claim, alias: str) -> Step:
    """The claimed step with its row locked, if the claim still stands. Raises Stale."""
    steps = Step.objects.using(alias).select_for_update(of=("self",)).select_related("run")
    step = steps.filter(pk=claim.step, fence=claim.fence, state=StepState.RUNNING).first()
    if step is None:
        raise Stale
    return step


def _put_off(claim: Claim, until: datetime) -> None:
    """Sleep on. The attempt is taken back; the fence is not, so whoever held the step before stays fenced off."""
    try:
        with transaction.atomic():
            step = _hold(claim, DEFAULT_DB_ALIAS)
            step.state, step.wake_at, step.leased_until, step.attempts = StepState.WAITING, until, None, 0
            step.save(update_fields=["state", "wake_at", "leased_until", "attempts"])
    except Stale:
        log.warning("step %s of run %s: another one took over", claim.plan.name, claim.run)


def _failed(claim: Claim, error: Exception, now: datetime) -> None:
    """Wait and try again, or give up. Whoever lost the claim meanwhile has nothing to say."""
    told = isinstance(error, StepError)
    reason = error.reason if isinstance(error, StepError) else type(error).__name__
    log.log(logging.WARNING if told else logging.ERROR, "step %s failed: %s\n%s", claim.plan.name, reason,
            "" if told else without_text(error))  # fmt: skip
    try:
        with transaction.atomic():
            step = _hold(claim, DEFAULT_DB_ALIAS)
            if (isinstance(error, StepError) and error.permanent) or step.attempts >= step.spent_at:
                give_up(step, reason, now)
            else:
                step.state, step.reason, step.leased_until = StepState.WAITING, reason[:80], None
                step.wake_at = now + pause(step.attempts, random())
                step.save(update_fields=["state", "reason", "leased_until", "wake_at"])
    except Stale:
        log.warning("step %s of run %s: another one took over", claim.plan.name, claim.run)
