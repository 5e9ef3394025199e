"""What schools cost by being there: memory of a backend that meets them, size of a school in the catalogs."""

import secrets
import uuid
from collections.abc import Iterator
from datetime import time
from pathlib import Path

from django.conf import settings
from django.db import connections
from django.utils import timezone

from bench.figures import Figure
from tenant_apps.gate.models import Gate
from tenant_apps.gate.rules import Direction
from tenant_apps.gate.services.ground import Tap
from tenant_apps.gate.services.scans import record_scans
from tenant_apps.people.for_platform import seed
from tenants import provisioning
from tenants.actor import system
from tenants.current import SchoolRef
from tenants.scope import school_scope

SCHOOLS = 300
MB = 1024 * 1024


def measure() -> Iterator[Figure]:
    """Every school is scanned in once over one connection that is never closed; its anonymous memory is the backend's
    own, what it shares with the others left out. The baseline is the same backend before the first school."""
    before = _size()
    schools = [_school() for _ in range(SCHOOLS)]
    each = (_size() - before) / SCHOOLS / MB
    yield Figure("catalog_mb_per_school", "MB", each, before / MB, each / (before / MB), 1, f"{SCHOOLS} empty schools")
    connections["schools"].close()
    gates = [_gate(school) for school in schools]
    connections["schools"].close()
    fresh = _memory(schools[0])
    for school, gate in zip(schools, gates, strict=True):
        _scan(school, gate)
    full = _memory(schools[0])
    kept = settings.PREPARED_STATEMENTS
    told = f"anonymous memory of one backend, {SCHOOLS} schools, {kept} statements kept, never closed"
    yield Figure("backend_mb_after_300_schools", "MB", full, fresh, full / fresh, 1, told)
    yield Figure("backend_mb_per_school", "MB", (full - fresh) / SCHOOLS, fresh, full / fresh, 1, told)


def _school() -> SchoolRef:
    return provisioning.provision(
        name="Bench", slug=f"foot-{secrets.token_hex(6)}", timezone="Africa/Johannesburg",
        seed=seed(bell=time(8), close_time=time(17)),
    ).ref()  # fmt: skip


def _gate(school: SchoolRef) -> uuid.UUID:
    with school_scope(school):
        found: uuid.UUID = Gate.objects.create(name="Main").id
        return found


def _scan(school: SchoolRef, gate: uuid.UUID) -> None:
    tap = Tap(uuid.uuid4(), "UNKNOWN", gate, Direction.IN, timezone.now())
    with school_scope(school, pipelined=True):
        record_scans([tap], by=system("bench", school), now=timezone.now())


def _memory(school: SchoolRef) -> float:
    """MB of the school connection's backend."""
    with school_scope(school), connections[school.alias].cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        pid = cursor.fetchone()[0]
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("RssAnon"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("This kernel does not tell a process's anonymous memory.")


def _size() -> int:
    with connections["migrator"].cursor() as cursor:
        cursor.execute("SELECT pg_database_size(current_database())")
        found: int = cursor.fetchone()[0]
        return found


BENCHMARKS = {"footprint": measure}
