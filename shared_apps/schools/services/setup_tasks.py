"""Everything about new schools that needs somebody, in one list: what broke off or stands still, and follow-ups."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

from shared_apps.schools.rules import Place
from shared_apps.schools.services.follow_ups import follow_ups
from shared_apps.schools.services.onboarding_help import open_setup_tasks
from shared_apps.schools.services.welcome_help import stuck_welcomes
from tenants.actor import Actor


@dataclass(frozen=True)
class Task:
    """`kind`: `onboarding` or `welcome`, at a stand at `step`; `follow_up`, with the criteria that are `missing`.

    `id` is the onboarding's, `reason` a code. `stalled`: nobody does the step; else it was given up.
    """

    kind: str
    id: UUID
    name: str
    since: datetime
    step: str = ""
    reason: str = ""
    stalled: bool = False
    missing: list[str] = field(default_factory=list)

    @property
    def place(self) -> Place:
        """Where it stands in the list: by age, and what is of one age by kind."""
        return Place(f"{self.since.astimezone(UTC).isoformat(timespec='microseconds')} {self.kind}", self.id)


def setup_tasks(
    actor: Actor, *, after: Place | None, limit: int, now: datetime
) -> tuple[list[Task], str | None]:  # fmt: skip
    """A page of the tasks of the schools within reach, the oldest first, and the cursor that leads on."""
    found = sorted(_all(actor, now), key=lambda task: _key(task.place))
    behind = [task for task in found if after is None or _key(task.place) > _key(after)]
    page = behind[:limit]
    return page, page[-1].place.cursor() if len(behind) > limit else None


def _key(place: Place) -> tuple[str, UUID]:
    return place.name, place.id


def _all(actor: Actor, now: datetime) -> Iterator[Task]:
    for task in open_setup_tasks(actor, now=now):
        yield Task("onboarding", task.id, task.name, task.since, task.step, task.reason, task.stalled)
    for stuck in stuck_welcomes(actor, now=now):
        yield Task("welcome", stuck.id, stuck.name, stuck.since, stuck.step, stuck.reason, stuck.stalled)
    for one in follow_ups(actor):
        yield Task("follow_up", one.id, one.name, one.since, missing=one.criteria)
