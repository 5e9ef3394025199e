"""Which workflows there are: name -> steps, filled by each app's `workflows.py`."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID


class Lane(StrEnum):
    """Who does a step: the ordinary worker, or the process that alone holds the migrator's login."""

    WORKER = "worker"
    PROVISIONER = "provisioner"


class StepError(Exception):
    """A step's own way to say that it failed. `reason` is a code: it is kept and shown, so it names nobody."""

    def __init__(self, reason: str, *, permanent: bool = False) -> None:
        super().__init__(reason)
        self.reason, self.permanent = reason, permanent


class NotYet(Exception):
    """A step's own way to say that its time has not come: it sleeps until `until`, and this was no attempt."""

    def __init__(self, until: datetime) -> None:
        super().__init__()
        self.until = until


@dataclass(frozen=True)
class Task:
    """What a step is told. `results` are what the steps before it left, by their names."""

    run: UUID
    key: str
    step: str
    by: str
    started: datetime
    attempt: int
    now: datetime
    results: dict[str, dict[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True)
class Plan:
    """One step as the code knows it.

    `prepare(task)` runs first and outside of any transaction: what it does must bear being done twice (a visit to a
    school, for example). `work(task, prepared)` runs inside the transaction in which the step is recorded as done and
    returns what to keep of it. A step waits until `after` (counted from the run's start); later than `late` behind
    its time it is skipped, so that an outage does not let a month of letters out at once.
    """

    name: str
    work: Callable[[Task, Any], dict[str, Any]]
    lane: Lane = Lane.WORKER
    prepare: Callable[[Task], Any] | None = None
    after: timedelta = timedelta(0)
    late: timedelta | None = None
    attempts: int = 5


@dataclass(frozen=True)
class Workflow:
    """Steps in their order; `ended(run, state, now)` is called in the transaction in which a run ends."""

    name: str
    steps: tuple[Plan, ...]
    ended: Callable[[UUID, str, datetime], None] | None = None

    def plan(self, step: str) -> Plan | None:
        return next((plan for plan in self.steps if plan.name == step), None)


_workflows: dict[str, Workflow] = {}


def workflow(name: str, *steps: Plan, ended: Callable[[UUID, str, datetime], None] | None = None) -> Workflow:
    """Enter a workflow in the table."""
    if name in _workflows:
        raise RuntimeError(f"Two workflows are called {name}.")
    if steps[-1].lane is Lane.PROVISIONER:
        raise RuntimeError("A run's end is recorded by the platform's login, so its last step is the worker's.")
    return _workflows.setdefault(name, Workflow(name, steps, ended))


def workflow_named(name: str) -> Workflow | None:
    return _workflows.get(name)
