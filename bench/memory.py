"""A backend's memory after it has touched 300 schools with the product's hot path and with reads through the ORM.

Private memory (what one backend costs the machine) is read from `/proc/<pid>/smaps_rollup`, so this must run as
somebody who may read the server's processes; elsewhere it says so and measures nothing.
"""

import json
import math
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any
from uuid import uuid4

from django.apps import apps
from django.conf import settings
from django.db import connections
from django.utils import timezone

from bench.figures import Figure
from bench.ground import ROOT, SETTINGS
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
ARRIVALS = 45 * 60  # seconds: all of them are first touched between 07:00 and 07:45, one after the other
WANTED = 200  # MB
ROUNDS = 5
PRIVATE = re.compile(r"^Private_(?:Clean|Dirty):\s+(\d+) kB", re.MULTILINE)


@dataclass(frozen=True)
class Ready:
    """A school with what a scan in it needs."""

    ref: Any
    badge: str
    gate: Any


def measure() -> Iterator[Figure]:
    """Ours: connections replaced as often as the settings say; baseline: one connection for all of it."""
    schools = _schools()
    if _private() is None:
        print("backend_memory: this account may not read the server's processes; nothing was measured.")
        return
    life, told = _life()
    after = SCHOOLS if life is None else max(1, math.ceil(life * SCHOOLS / ARRIVALS))
    after = min(after, settings.SCHOOLS_PER_CONNECTION)
    pairs = [(_most(schools, after), _most(schools, SCHOOLS)) for _ in range(ROUNDS)]
    ours, baseline = median(pair[0] for pair in pairs), median(pair[1] for pair in pairs)
    said = f"{SETTINGS}; private memory; {told}, so after {after} of {SCHOOLS} schools; baseline: never"
    yield Figure("backend_memory", "MB", ours, baseline, ours / baseline, ROUNDS, said)
    fresh = median(_most(schools[:1], 1) for _ in range(ROUNDS))
    each = (baseline - fresh) / (SCHOOLS - 1)
    said = (
        f"{SETTINGS}; per school touched, over {fresh:.1f} MB; {WANTED} MB hold {(WANTED - fresh) / each:.0f} schools"
    )
    yield Figure("backend_memory_per_school", "MB", each, fresh, each / fresh, ROUNDS, said)


def _life() -> tuple[float | None, str]:
    """How long a web process of this installation keeps a connection, in seconds (None: for ever), and in words."""
    asked = "import django; django.setup(); from django.conf import settings as s; import json;"
    asked += "print(json.dumps(s.DATABASES['schools'].get('CONN_MAX_AGE', 0)))"
    words = [sys.executable, "-c", asked]
    said = subprocess.run(words, cwd=ROOT, env={**os.environ, "PROCESS": "web"}, capture_output=True, check=True)
    life: float | None = json.loads(said.stdout)
    return life, "connections are never replaced" if life is None else f"connections live {life} s"


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


def _most(schools: list[Ready], after: int) -> float:
    """Megabytes of the largest backend when the connection is replaced after so many schools; it starts fresh."""
    most = 0.0
    for at in range(0, len(schools), after):
        connections["schools"].close()
        for school in schools[at : at + after]:
            _touch(school)
        most = max(most, _private() or 0.0)
    return most


def _touch(school: Ready) -> None:
    """Some rows of every table of the school through the ORM, and a scan as the gate's door records it."""
    with school_scope(school.ref):
        for model in apps.get_models():
            if issubclass(model, SchoolRecord):
                list(model.objects.all()[:5])
    now = timezone.now()
    tap = Tap(uuid4(), school.badge, school.gate, Direction.AUTO, now)
    with school_scope(school.ref, pipelined=True):
        record_scans([tap], by=system("bench", school.ref), now=now)


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
