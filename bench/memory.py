"""A backend's memory after it has touched 300 schools with the product's hot path and with reads through the ORM.

Private memory (what one backend costs the machine) is read from `/proc/<pid>/smaps_rollup`, so this must run as
somebody who may read the server's processes; elsewhere it says so and measures nothing.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any
from uuid import uuid4

from django.apps import apps
from django.conf import settings
from django.db import connections
from django.test.utils import override_settings
from django.utils import timezone

from bench.figures import Figure
from bench.ground import SETTINGS
from bench.provision import ours as another_school
from bench.scan import _gate, _people
from tenant_apps.gate.models import Badge, Gate
from tenant_apps.gate.rules import Direction
from tenant_apps.gate.services.ground import Tap
from tenant_apps.gate.services.scans import record_scans
from tenant_apps.people.models import Learner
from tenants.actor import system
from tenants.models import School
from tenants.records import SchoolRecord
from tenants.scope import school_scope

SCHOOLS = 300
WANTED = 200  # MB
ROUNDS = 5
NO_BOUND = 10**9
PRIVATE = re.compile(r"^Private_(?:Clean|Dirty):\s+(\d+) kB", re.MULTILINE)


@dataclass(frozen=True)
class Ready:
    """A school with what a scan in it needs."""

    ref: Any
    badge: str
    gate: Any


def measure() -> Iterator[Figure]:
    """Ours: the connection is kept as the web process keeps one and given up by the product itself, at its bound; all
    schools come at once, so that no connection dies of age first. Baseline: the same without a bound."""
    schools = _schools()
    if _private() is None:
        print("backend_memory: this account may not read the server's processes; nothing was measured.")
        return
    bound = settings.SCHOOLS_PER_CONNECTION
    with _kept():
        pairs = [(_most(schools, bound), _most(schools, NO_BOUND)) for _ in range(ROUNDS)]
        fresh = median(_most(schools[:1], bound) for _ in range(ROUNDS))
    ours, baseline = median(pair[0] for pair in pairs), median(pair[1] for pair in pairs)
    said = f"{SETTINGS}; private memory; {SCHOOLS} schools at once, {bound} to a connection; baseline: no bound"
    yield Figure("backend_memory", "MB", ours, baseline, ours / baseline, ROUNDS, said)
    each = (baseline - fresh) / (SCHOOLS - 1)
    said = (
        f"{SETTINGS}; per school touched, over a backend that met one; {WANTED} MB hold"
        f" {(WANTED - fresh) / each:.0f} schools; baseline: that backend"
    )
    yield Figure("backend_memory_per_school", "MB", each, fresh, each / fresh, ROUNDS, said)


@contextmanager
def _kept() -> Iterator[None]:
    """Connections are kept over requests, of whatever age."""
    words = connections["schools"].settings_dict
    before, words["CONN_MAX_AGE"] = words["CONN_MAX_AGE"], None
    try:
        yield
    finally:
        words["CONN_MAX_AGE"] = before
        connections["schools"].close()


def _schools() -> list[Ready]:
    have = School.objects.using("migrator").filter(slug__startswith="bench-").count()
    for _ in range(SCHOOLS - have):
        another_school()
    return [_ready(school) for school in School.objects.select_related("placement").filter(slug__startswith="bench-")
            [:SCHOOLS]]  # fmt: skip


def _ready(school: School) -> Ready:
    with school_scope(school.ref()):
        empty = not Learner.objects.exists()
    if empty:
        _people(school)
        _gate(school)
    with school_scope(school.ref()):
        return Ready(school.ref(), Badge.objects.values_list("code", flat=True)[0], Gate.objects.get().id)


def _most(schools: list[Ready], bound: int) -> float:
    """Megabytes of the largest backend, each looked at while it has met its last school; the first one starts fresh."""
    connections["schools"].close()
    sizes: dict[int, float] = {}
    with override_settings(SCHOOLS_PER_CONNECTION=bound):
        for school in schools:
            _touch(school, sizes)
            connections["schools"].close_if_unusable_or_obsolete()  # as Django does between two requests
    if (len(sizes) > 1) != (len(schools) > bound):
        raise RuntimeError(f"{len(schools)} schools met {len(sizes)} backends.")
    return max(sizes.values())


def _touch(school: Ready, sizes: dict[int, float]) -> None:
    """A scan as the gate's door records it, and some rows of every table of the school through the ORM."""
    now = timezone.now()
    tap = Tap(uuid4(), school.badge, school.gate, Direction.AUTO, now)
    with school_scope(school.ref, pipelined=True):
        record_scans([tap], by=system("bench", school.ref), now=now)
    with school_scope(school.ref):
        for model in apps.get_models():
            if issubclass(model, SchoolRecord):
                list(model.objects.all()[:5])
        # Looked at before the scope ends, as a backend that met enough schools ends with it.
        sizes[connections["schools"].connection.info.backend_pid] = _private() or 0.0


def _private() -> float | None:
    """Private megabytes of the backend behind this thread's connection to the schools."""
    wrapper: Any = connections["schools"]
    wrapper.ensure_connection()
    try:
        text = Path(f"/proc/{wrapper.connection.info.backend_pid}/smaps_rollup").read_text()
    except OSError:
        return None
    return sum(int(kilobytes) for kilobytes in PRIVATE.findall(text)) / 1024


BENCHMARKS = {"backend_memory": measure}
