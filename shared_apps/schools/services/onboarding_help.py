"""School setup tasks needing help: what was given up or stands still, and what a person may do about it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from shared_apps.audit.services import record
from shared_apps.groups.services import EVERYWHERE, within_reach
from shared_apps.schools.models import Onboarding, Welcome
from shared_apps.schools.services import welcome
from shared_apps.schools.services.onboarding_check import admin_check
from shared_apps.schools.services.onboarding_end import close_accounts
from shared_apps.schools.services.onboarding_steps import admit
from shared_apps.workflows.models import RunState, Step, StepState
from shared_apps.workflows.services import control
from shared_apps.workflows.services.stuck import overdue
from tenants.actor import Actor
from tenants.models import School
from tenants.problems import conflict

OPEN = (StepState.WAITING, StepState.RUNNING, StepState.FAILED)
RECENT = timedelta(days=14)  # what failed longer ago was left to itself
HALF_MADE = (RunState.PARTIAL, RunState.CANCELLED)


@dataclass(frozen=True)
class SetupTask:
    """An onboarding that does not go on by itself. `stalled`: nobody does its step; else `step` was given up.

    `failed`: it was the school's creation, so nothing was made.
    """

    id: UUID
    name: str
    step: str
    reason: str
    attempts: int
    stalled: bool
    since: datetime
    failed: bool = False


def open_setup_tasks(actor: Actor, *, now: datetime) -> list[SetupTask]:
    """What needs help among the schools within reach, the oldest first."""
    failed = Q(run__state=RunState.FAILED, dismissed_at=None, run__ended_at__gte=now - RECENT)
    waiting = Onboarding.objects.select_related("run").filter(
        Q(run__state__in=(RunState.RUNNING, RunState.PARTIAL)) | failed, acknowledged_at=None
    )
    reached = set(within_reach(actor).filter(pk__in=waiting.values("school")).values_list("pk", flat=True))
    made = set(School.objects.filter(pk__in=waiting.values("school")).values_list("pk", flat=True))
    everywhere = actor.scope == "platform" and bool(actor.roles & EVERYWHERE)
    found = {one.pk: one for one in waiting if one.school in reached or (everywhere and one.school not in made)}
    steps = Step.objects.filter(run__in=found, state__in=OPEN)
    tasks = [_task(found[step.run_id], step, now) for step in steps]
    return sorted((task for task in tasks if task), key=lambda task: task.since)


def _task(onboarding: Onboarding, step: Step, now: datetime) -> SetupTask | None:
    given_up = step.state == StepState.FAILED
    if not given_up and not overdue(step, now):
        return None
    since = (step.ended_at if given_up else step.wake_at) or step.wake_at
    return SetupTask(
        onboarding.pk, onboarding.name, step.name, step.reason, step.attempts, stalled=not given_up, since=since,
        failed=onboarding.run.state == RunState.FAILED,
    )  # fmt: skip


def retry(onboarding: Onboarding, *, by: Actor, now: datetime) -> None:
    """Try the step that was given up again. Raises 409."""
    with transaction.atomic():
        control.retry(onboarding.pk, by=by.name_in_audit, now=now)
        Onboarding.objects.filter(pk=onboarding.pk).update(dismissed_at=None, dismissed_by="")


def dismiss(onboarding: Onboarding, *, by: Actor, now: datetime) -> None:
    """One that made nothing needs nobody any more. Raises 409 for any other, and when that was said already."""
    with transaction.atomic():
        held = Onboarding.objects.select_for_update(of=("self",)).select_related("run").get(pk=onboarding.pk)
        if held.run.state != RunState.FAILED or held.dismissed_at:
            raise conflict("This needs no help any more.")
        held.dismissed_at, held.dismissed_by = now, by.name_in_audit
        held.save(update_fields=["dismissed_at", "dismissed_by"])
        facts = {"run": str(held.pk)}
        record("schools.failure_dismissed", by=by.name_in_audit, now=now, school=held.school, facts=facts)


def resume(onboarding: Onboarding, *, by: Actor, now: datetime) -> None:
    """Let one that stands still go on. Raises 409."""
    control.resume(onboarding.pk, by=by.name_in_audit, now=now)


def acknowledge(onboarding: Onboarding, *, by: Actor, now: datetime) -> None:
    """Somebody confirms that the school has an admin; what a look at it finds right now is kept as evidence.

    That is what the onboarding was for: the school is opened if it waited for it, and its first thirty days begin.
    An account that was made ahead for somebody else goes: nothing is going to give it a role any more.
    Raises 409 for one that needs no help, and `no_admin` when the look finds that it has none.
    """
    check = admin_check(onboarding.school)
    if isinstance(check.present, int) and not check.has_admin:
        raise conflict("No admin was found in this school.", "no_admin")
    with transaction.atomic():
        held = Onboarding.objects.select_for_update(of=("self",)).select_related("run").get(pk=onboarding.pk)
        if held.run.state not in HALF_MADE or held.acknowledged_at:
            raise conflict("This needs no help any more.")
        held.acknowledged_at, held.acknowledged_by = now, by.name_in_audit
        held.evidence = check.evidence(now)
        held.save(update_fields=["acknowledged_at", "acknowledged_by", "evidence"])
        record(
            "schools.setup_acknowledged", by=by.name_in_audit, now=now, school=held.school,
            facts={"run": str(held.pk), **held.evidence},
        )  # fmt: skip
        admit(held)
        close_accounts(held.pk, now)
        welcome.begin(held.pk, now, by=by.name_in_audit)


def take_back(onboarding: Onboarding, *, by: Actor, now: datetime) -> None:
    """Undo an acknowledgement: it needs help again, and the first thirty days stop. Raises 409 when there is none.

    The school stays open: people may be at work in it, and what blocks them is called suspending.
    """
    with transaction.atomic():
        changed = Onboarding.objects.filter(pk=onboarding.pk).exclude(acknowledged_at=None)
        if not changed.update(acknowledged_at=None, acknowledged_by="", evidence={}):
            raise conflict("This was not acknowledged.")
        facts = {"run": str(onboarding.pk)}
        record("schools.setup_reopened", by=by.name_in_audit, now=now, school=onboarding.school, facts=facts)
        begun = Welcome.objects.filter(pk=onboarding.pk, run__state=RunState.RUNNING).first()
        if begun:
            control.cancel(begun.run_id, by=by.name_in_audit, now=now)
