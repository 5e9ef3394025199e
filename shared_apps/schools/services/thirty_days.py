"""A school's first thirty days as page and API tell them: checklist, milestones, letters, evaluation, what stands."""

from dataclasses import dataclass
from datetime import datetime

from shared_apps.schools import rules
from shared_apps.schools.models import Onboarding, Welcome
from shared_apps.schools.services import welcome
from shared_apps.schools.services.checklist import Item, checklist
from shared_apps.schools.services.welcome_help import StuckWelcome, stuck_welcomes
from shared_apps.workflows.models import Step, StepState
from tenants.actor import Actor

ENDED = (StepState.FAILED, StepState.CANCELLED)  # without having had its turn


@dataclass(frozen=True)
class Letter:
    """One letter and what became of it, a code; "" while it waits for its day."""

    name: str
    fate: str
    at: datetime | None


@dataclass(frozen=True)
class ThirtyDays:
    """`state` is the run's; `stuck` says where it stands still."""

    welcome: Welcome
    state: str
    evaluated_by: datetime
    checklist: list[Item]
    milestones: list[tuple[str, datetime]]
    letters: list[Letter]
    stuck: StuckWelcome | None


def thirty_days(onboarding: Onboarding, *, actor: Actor, now: datetime) -> ThirtyDays | None:
    """All of it, read anew and nothing written; None where they have not begun."""
    found = Welcome.objects.select_related("run", "onboarding").filter(pk=onboarding.pk).first()
    if found is None:
        return None
    seen = welcome.milestones(found, now=now)
    return ThirtyDays(
        welcome=found, state=found.run.state, evaluated_by=welcome.due(found, rules.EVALUATED_AFTER, now=now),
        checklist=checklist(onboarding, now=now), milestones=sorted(seen.items(), key=lambda one: (one[1], one[0])),
        letters=_letters(found), stuck=next(iter(stuck_welcomes(actor, now=now, only=found.pk)), None),
    )  # fmt: skip


def _letters(found: Welcome) -> list[Letter]:
    steps = {step.name: step for step in Step.objects.filter(run=found.run_id)}
    return [_letter(steps[timer.name]) for timer in rules.DRIP]


def _letter(step: Step) -> Letter:
    fate = str(step.result["fate"]) if step.state == StepState.DONE else step.state if step.state in ENDED else ""
    return Letter(step.name, fate, step.ended_at if fate else None)
