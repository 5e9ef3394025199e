"""How long work stands, for machines: runs by state, and steps that are due. Names of ours alone."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Min

from shared_apps.workflows.models import Run, RunState, Step, StepState
from shared_apps.workflows.services.registry import Lane


@dataclass(frozen=True)
class Standing:
    """Counts, and ages in seconds of the oldest, without those of which there are none."""

    runs: dict[tuple[str, str], int]  # by workflow and state
    oldest_running: dict[str, float]  # by workflow
    due: dict[str, int]  # steps by lane
    oldest_due: dict[str, float]


def standing(now: datetime) -> Standing:
    runs = {
        (name, state): count
        for name, state, count in Run.objects.values_list("workflow", "state").annotate(Count("pk"))
    }
    running = Run.objects.filter(state=RunState.RUNNING).values_list("workflow").annotate(Min("created_at"))
    late = Step.objects.filter(state__in=(StepState.WAITING, StepState.RUNNING), wake_at__lte=now).values_list("lane")
    due = {lane: (count, since) for lane, count, since in late.annotate(Count("pk"), Min("wake_at"))}
    return Standing(
        runs=runs,
        oldest_running={name: (now - since).total_seconds() for name, since in running},
        due={lane.value: due.get(lane.value, (0, None))[0] for lane in Lane},
        oldest_due={lane: (now - since).total_seconds() for lane, (_, since) in due.items()},
    )
