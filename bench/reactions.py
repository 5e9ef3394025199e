"""What follows a scan, as shipped: the register's proposal, the half hour's count, the guardian's message and its way
out, drained in one process; against the same number of effects that each write a row. What a mail server takes is left
out: the message is written and handed over to nobody.
"""

import time as ticking
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connections
from django.utils import timezone

from bench import drain as bare
from bench.figures import Figure
from bench.ground import SETTINGS
from bench.queue.worker import effect as effect  # puts the bare handler in the table
from bench.scan import _gate, _people, _postgres_cpu
from tenant_apps.events.services.drain import drain
from tenant_apps.gate.models import Badge
from tenant_apps.gate.rules import Direction
from tenant_apps.gate.services.ground import Tap
from tenant_apps.gate.services.scans import record_scans
from tenant_apps.people.models import Guardian, Guardianship, Learner
from tenants import jobs, reactions
from tenants.actor import system
from tenants.current import SchoolRef
from tenants.models import School
from tenants.scope import school_scope

SCHOOLS = 10
ROUNDS = 5
EACH = 8  # learners of a school who arrive in one round
ZONE = ZoneInfo("Africa/Johannesburg")
MORNING = datetime.combine(date(date.today().year, 1, 1), time(7, 10), ZONE)
MORNING += timedelta(days=(2 - MORNING.weekday()) % 7 + 7)  # a Wednesday in January: a school day
FOLLOW = 4  # reactions of an arrival whose guardian has an address


@dataclass(frozen=True)
class Cost:
    python: float  # CPU seconds of an effect
    postgres: float


def measure() -> Iterator[Figure]:
    schools = [(ref, _gate(School.objects.get(pk=ref.id)), _badges(ref)) for ref in bare.build(SCHOOLS)]
    _unsent()
    rounds = []
    for number in range(ROUNDS + 1):
        for ref, gate, badges in schools:
            _arrive(ref, gate, badges[number * EACH : (number + 1) * EACH])
        mine = _drained([ref for ref, _, _ in schools], lambda: MORNING)
        for ref, _, _ in schools:
            bare.happen(ref, EACH * FOLLOW)
        rounds.append((mine, _drained([ref for ref, _, _ in schools], timezone.now)))
    for field in ("python", "postgres"):
        ours, base = (median(getattr(one[side], field) for one in rounds[1:]) * 1000 for side in (0, 1))
        how = f"{SETTINGS}; one process, {SCHOOLS} schools; baseline: an effect that writes a row"
        yield Figure(f"effect_{field}_cpu", "ms/effect", ours, base, ours / base, ROUNDS, how)


def _badges(ref: SchoolRef) -> list[str]:
    _people(School.objects.get(pk=ref.id))
    with school_scope(ref):
        for learner in Learner.objects.all():
            guardian = Guardian(given_name="G", family_name="H", language="zu")
            guardian.email = f"{learner.id}@bench.example"
            guardian.save()
            Guardianship.objects.create(guardian=guardian, learner=learner, relation="mother", may_contact=True)
        return list(Badge.objects.values_list("code", flat=True))


def _unsent() -> None:
    deliver = reactions._handlers["messaging.deliver"]
    reactions._handlers["messaging.deliver"] = replace(deliver, run=lambda event, *, school, now: None)


def _arrive(ref: SchoolRef, gate: str, badges: list[str]) -> None:
    taps = [Tap(uuid.uuid4(), code, uuid.UUID(gate), Direction.IN, MORNING) for code in badges]
    with school_scope(ref, pipelined=True):
        record_scans(taps, by=system("bench", ref), now=MORNING)


def _drained(schools: list[SchoolRef], clock_is: Callable[[], datetime]) -> Cost:
    jobs.waker.finish()
    python, postgres, done = ticking.process_time(), _postgres_cpu(), _done(schools)
    for ref in schools:
        while drain(ref, clock=clock_is):
            pass
    count = _done(schools) - done
    if count != len(schools) * EACH * FOLLOW:
        raise RuntimeError(f"{count} effects")
    return Cost((ticking.process_time() - python) / count, (_postgres_cpu() - postgres) / count)


def _done(schools: list[SchoolRef]) -> int:
    found: Any = 0
    for ref in schools:
        with school_scope(ref), connections[ref.alias].cursor() as cursor:
            cursor.execute("SELECT count(*) FROM events_reaction WHERE state = 'done'")
            found += cursor.fetchone()[0]
    return int(found)


BENCHMARKS = {"reactions": measure}
