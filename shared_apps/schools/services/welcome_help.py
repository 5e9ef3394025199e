"""First thirty days that do not go on by themselves, and what a person may do about them: as for an onboarding."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared_apps.groups.services import within_reach
from shared_apps.schools.models import Onboarding, Welcome
from shared_apps.schools.services.welcome import WORKFLOW
from shared_apps.workflows.models import Run, RunState
from shared_apps.workflows.services import control
from shared_apps.workflows.services.stuck import stuck
from tenants.actor import Actor
from tenants.problems import conflict, not_found


@dataclass(frozen=True)
class StuckWelcome:
    """`id` is the onboarding's. `stalled`: nobody does `step`; else it was given up, for `reason`."""

    id: UUID
    name: str
    step: str
    reason: str
    stalled: bool
    since: datetime


def stuck_welcomes(actor: Actor, *, now: datetime, only: UUID | None = None) -> list[StuckWelcome]:
    """Those of the schools within reach, the oldest first."""
    found = {one.run: one for one in stuck(now=now, only=(WORKFLOW,))}
    mine = Welcome.objects.filter(run__in=found, onboarding__school__in=within_reach(actor).values("pk"))
    if only:
        mine = mine.filter(pk=only)
    told = [(one, found[one.run_id]) for one in mine.select_related("onboarding")]
    rows = [
        StuckWelcome(one.pk, one.onboarding.name, at.step, at.reason, at.stalled, at.since) for one, at in told
    ]  # fmt: skip
    return sorted(rows, key=lambda row: row.since)


def leaves(onboarding: Onboarding) -> str:
    """What would stay if the thirty days were cancelled now: all but them. Raises 404, 409 `over`."""
    if Run.objects.get(pk=_run(onboarding)).state in (RunState.COMPLETE, RunState.CANCELLED):
        raise conflict("The first thirty days are over.", "over")
    return "live"


def retry(onboarding: Onboarding, *, by: Actor, now: datetime) -> None:
    """Try the step that was given up again. Raises 404 without thirty days, 409."""
    control.retry(_run(onboarding), by=by.name_in_audit, now=now)


def resume(onboarding: Onboarding, *, by: Actor, now: datetime) -> None:
    """Let one that stands still go on. Raises 404, 409."""
    control.resume(_run(onboarding), by=by.name_in_audit, now=now)


def cancel(onboarding: Onboarding, *, by: Actor, now: datetime) -> None:
    """No more letters and no evaluation; one that broke off is laid to rest. Raises 404, 409."""
    control.cancel(_run(onboarding), by=by.name_in_audit, now=now, given_up=True)


def take_up(onboarding: Onboarding, *, by: Actor, now: datetime) -> None:
    """Let a cancelled one go on where it was stopped; letters whose time has passed stay out. Raises 404, 409."""
    control.take_up(_run(onboarding), by=by.name_in_audit, now=now)


def _run(onboarding: Onboarding) -> UUID:
    found = Welcome.objects.filter(pk=onboarding.pk).values_list("run", flat=True).first()
    if found is None:
        raise not_found()
    return UUID(str(found))
