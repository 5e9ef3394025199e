"""Every number that /metrics tells from the database: where it comes from, and what it is called.

A source that cannot be asked gives nothing, and so its numbers are absent: an absent number is an alarm, a zero is not.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from django.db import DatabaseError

from shared_apps.audit.services.canaries import canary_numbers
from shared_apps.audit.services.sealing import sealing_lags
from shared_apps.deliveries.services.numbers import numbers as of_deliveries
from shared_apps.post import services as post
from shared_apps.workflows.services.standing import standing as of_runs
from tenants import cells, findings
from tenants.health import heartbeats


@dataclass(frozen=True)
class Family:
    """One name with its values by label. No label holds a school, a person or an id."""

    name: str
    about: str
    labels: tuple[str, ...] = ()
    values: dict[tuple[str, ...], float] = field(default_factory=dict)


def family(name: str, about: str, label: str, values: dict[str, float] | dict[str, int]) -> Family:
    return Family(f"mysentinel_{name}", about, (label,), {(key,): float(value) for key, value in values.items()})


def single(name: str, about: str, value: float | None) -> Family:
    return Family(f"mysentinel_{name}", about, (), {} if value is None else {(): value})


def gathered(now: datetime) -> list[Family]:
    """What is known now. The first database error of a source drops that source alone."""
    found = [part for source in SOURCES for part in _asked(source, now)]
    return [part for part in found if part.values]


def _asked(source: Callable[[datetime], Iterator[Family]], now: datetime) -> list[Family]:
    try:
        return list(source(now))
    except DatabaseError:
        return []


def _jobs(now: datetime) -> Iterator[Family]:
    yield family("job_last_end_seconds", "When a job last came to its end, since 1970.", "job", heartbeats())


def _history(now: datetime) -> Iterator[Family]:
    about = "Age of the oldest history that may not be sealed yet."
    yield family("sealing_lag_seconds", about, "world", sealing_lags(now))
    about = "The search for one school's things in another: places, schools, seconds."
    yield family("canaries", about, "what", canary_numbers(now))


def _deliveries(now: datetime) -> Iterator[Family]:
    told = of_deliveries(now)
    yield family("schools", "Schools whose figures are known and unknown now.", "figures", told.schools)
    yield family("reactions", "Reactions of all schools that told lately.", "state", told.reactions)
    yield family("reaction_oldest_seconds", "Age of the oldest of them.", "state", told.oldest)
    yield family("lane_depth", "Reactions that wait, by lane.", "lane", told.lanes)
    yield family("lane_lag_seconds", "Age of the oldest that waits, by lane.", "lane", told.lane_oldest)
    yield family("dead_letters", "Reactions given up, by handler.", "handler", told.dead)


def _runs(now: datetime) -> Iterator[Family]:
    told = of_runs(now)
    runs: dict[tuple[str, ...], float] = {key: float(count) for key, count in told.runs.items()}
    yield Family("mysentinel_runs", "Runs of long work.", ("workflow", "state"), runs)
    about = "Age of the oldest run that is not over; onboarding takes a month."
    yield family("run_oldest_seconds", about, "workflow", told.oldest_running)
    yield family("steps_due", "Steps that are due and not done, by lane.", "lane", told.due)
    yield family("step_oldest_due_seconds", "How long the oldest of them has been due.", "lane", told.oldest_due)


def _letters(now: datetime) -> Iterator[Family]:
    told = post.standing()
    states = {"waiting": told.waiting, "dead": told.dead}
    yield family("letters", "The platform's own mail that waits or was given up.", "state", states)
    due = max(0.0, (now - told.due_since).total_seconds()) if told.due_since else None
    yield single("letter_oldest_due_seconds", "How long the oldest waiting letter has been due.", due)


def _drift(now: datetime) -> Iterator[Family]:
    told = findings.standing()
    looked = told.schools > told.never_looked_at
    about = "Schools whose tables are not what the code makes them."
    yield single("drift_findings_open", about, float(told.differing) if looked else None)
    yield single("drift_never_looked_at", "Schools that were never looked at.", float(told.never_looked_at))


def _cells(now: datetime) -> Iterator[Family]:
    """Tried at this question or a moment before, so here a zero is knowledge."""
    up = {cells.name_of(alias): float(cells.answered_lately(alias)) for alias in cells.aliases()}
    yield family("cell_up", "Whether a database of schools answers.", "cell", up)


SOURCES = (_jobs, _history, _deliveries, _runs, _letters, _drift, _cells)
