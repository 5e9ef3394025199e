"""Workflows of the tests' own, entered for one test and taken out again."""

from datetime import UTC, datetime, timedelta

from shared_apps.workflows.models import Run, Step
from shared_apps.workflows.services import registry, runs
from shared_apps.workflows.services.advance import advance
from shared_apps.workflows.services.registry import Lane, Plan

START = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


class Clock:
    """Stands still unless it is put on."""

    def __init__(self, at=START):
        self.at = at

    def __call__(self):
        return self.at

    def on(self, **by):
        self.at += timedelta(**by)


class Steps:
    """Records what was done, and fails where it is told to: `fails[name]` is a list of errors, used one by one."""

    def __init__(self):
        self.done, self.fails = [], {}

    def __call__(self, task, prepared):
        self.done.append(task.step)
        if self.fails.get(task.step):
            raise self.fails[task.step].pop(0)
        return {"attempt": task.attempt}

    def plan(self, name, **more):
        return Plan(name, self, **more)


def enter(name, *plans, **more):
    registry.workflow(name, *plans, **more)
    return name


def leave(name):
    registry._workflows.pop(name, None)


def start(name, key="one", now=START):
    return runs.start(name, key=key, by="test", now=now)[0]


def drain(clock, lane=Lane.WORKER, turns=100):
    """Do what is due now; how many steps that were."""
    for done in range(turns):
        if not advance(lane, clock=clock):
            return done
    raise AssertionError("there is no end to it")


def states(run):
    return [(step.name, step.state, step.attempts) for step in Step.objects.filter(run=run)]


def state(run):
    return Run.objects.get(pk=run.pk).state
