"""What follows events: the drain, an effect and a commit for each, against django-q2's ORM broker with tasks that do
nothing; and two hundred workers killed while they work.

Four worker processes on each side (four drainers; four of the queue's workers), kept connections on both, one durable
cluster. Our effect writes a row; theirs writes nothing.
"""

import json
import os
import random
import secrets
import signal
import subprocess
import sys
import tempfile
import time as clock
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import time
from pathlib import Path
from statistics import median
from typing import Any

from django.db import connections
from django.utils import timezone
from django_q.models import OrmQ

from bench.figures import Figure
from bench.ground import ROOT, SETTINGS, STATE
from bench.queue.worker import KIND, TABLE
from bench.scan import _cpu, _postgres_cpu
from tenant_apps.events.services.record import Fact, record_many
from tenant_apps.people.for_platform import seed
from tenants import jobs, provisioning
from tenants.actor import system
from tenants.current import SchoolRef
from tenants.scope import school_scope

SCHOOLS = 40
EACH = 75  # events of a school and round
TASKS = 1_000  # far past the 250 results it keeps, from where on it also prunes with every task
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "5"))
WARM = 1  # rounds that do not count: workers that began a moment ago are busy with beginning
WORKERS = os.environ.get("BENCH_WORKERS", "4")
ONE_BY_ONE = 50
KILLS = int(os.environ.get("BENCH_KILLS", "200"))
STOCK = {"DJANGO_SETTINGS_MODULE": "bench.queue.settings", "PROCESS": "worker", "BENCH_WORKERS": WORKERS}
OURS = {
    "PROCESS": "worker", "DRAINERS": WORKERS, "REACTION_LEASE_SECONDS": "60",
    "SEAL_EVERY_SECONDS": "3600",  # sealing has a figure of its own
}  # fmt: skip


def build(count: int) -> list[SchoolRef]:
    """Fresh schools, each with a table for the effects."""
    schools = []
    for _ in range(count):
        school = provisioning.provision(
            name="Bench", slug=f"drain-{secrets.token_hex(6)}", timezone="Africa/Johannesburg",
            seed=seed(bell=time(8), close_time=time(17)),
        ).ref()  # fmt: skip
        with connections["migrator"].cursor() as cursor:
            cursor.execute(TABLE.replace("{s}", f'"{school.schema}"'))
            cursor.execute(f'GRANT SELECT, INSERT ON "{school.schema}".bench_effect TO "{school.role}"')
        schools.append(school)
    return schools


def happen(school: SchoolRef, count: int) -> list[Any]:
    now = timezone.now()
    with school_scope(school):
        return record_many([Fact(KIND, now) for _ in range(count)], by=system("bench", school), now=now)


@contextmanager
def running(words: list[str], **more: str) -> Iterator[subprocess.Popen[bytes]]:
    with (STATE / "worker.log").open("a") as log:
        process = subprocess.Popen(
            [sys.executable, *words], cwd=ROOT, stdout=log, stderr=log, env={**os.environ, **more}
        )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(60)


def ours_running() -> Any:
    return running(["-m", "bench.queue.worker"], **OURS)


def stock_running() -> Any:
    return running(["-m", "django", "qcluster"], **STOCK)


def until(true: Any, pause: float = 0.02) -> None:
    for _ in range(int(300 / pause)):
        if true():
            return
        clock.sleep(pause)
    raise RuntimeError("It did not come to an end.")


# -- throughput -------------------------------------------------------------------------------------------------------

SPAN = "SELECT count(*), min(done_at), max(done_at) FROM events_reaction WHERE state = 'done' AND done_at >= %s"
OPEN = "SELECT count(*) FROM events_reaction WHERE state IN ('waiting', 'running') AND handler = 'bench.effect'"


def asked(school: SchoolRef, text: str, *values: Any) -> list[tuple[Any, ...]]:
    with school_scope(school), connections[school.alias].cursor() as cursor:
        cursor.execute(text, values)
        found: list[tuple[Any, ...]] = cursor.fetchall()
        return found


def all_done(schools: list[SchoolRef]) -> bool:
    return not any(asked(school, OPEN)[0][0] for school in schools)


@dataclass(frozen=True)
class Pace:
    """Done in a second, and CPU seconds of the workers and of PostgreSQL for each."""

    per_second: float
    cpu: float


def _cores(process: subprocess.Popen[bytes]) -> float:
    return _cpu(process.pid) + _postgres_cpu()


@contextmanager
def frozen(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """The worker stands still, whole, while its queue is filled."""
    everybody = _family(process.pid)
    for pid in everybody:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in everybody:
            os.kill(pid, signal.SIGCONT)


def _family(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(one for child in children for one in _family(int(child)))]


def ours_pace(schools: list[SchoolRef], process: subprocess.Popen[bytes]) -> Pace:
    """From the first effect to the last, by the rows' own times."""
    began = timezone.now()
    with frozen(process):
        for school in schools:
            happen(school, EACH)
        jobs.waker.finish()
        before = _cores(process)
    until(lambda: all_done(schools), 0.2)
    cpu = (_cores(process) - before) / (EACH * len(schools))
    spans = [asked(school, SPAN, began)[0] for school in schools]
    count = sum(span[0] for span in spans)
    if count != EACH * len(schools):
        raise RuntimeError(f"{count} effects")
    took = max(span[2] for span in spans) - min(span[1] for span in spans)
    return Pace((count - 1) / float(took.total_seconds()), cpu)


def left() -> int:
    return OrmQ.objects.filter(key="stock").count()


def stock_pace(process: subprocess.Popen[bytes]) -> Pace:
    with frozen(process):
        fill("nothing", TASKS)
    until(lambda: left() <= TASKS - 50)
    first, began, before = left(), clock.perf_counter(), _cores(process)
    until(lambda: left() == 0)
    return Pace(first / (clock.perf_counter() - began), (_cores(process) - before) / first)


def fill(*words: Any) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "bench.queue.fill", *map(str, words)], cwd=ROOT, env={**os.environ, **STOCK},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return done.stdout


# -- from commit to effect --------------------------------------------------------------------------------------------


def ours_delays(schools: list[SchoolRef]) -> list[float]:
    committed = {}
    for _ in range(ONE_BY_ONE):
        school = random.choice(schools)
        (event,) = happen(school, 1)
        committed[event.id] = (clock.time(), school)
        clock.sleep(random.uniform(0.05, 0.15))
    until(lambda: all_done(schools), 0.5)
    made = {}
    for school in {school.id: school for _, school in committed.values()}.values():
        made |= dict(asked(school, "SELECT event, extract(epoch FROM at)::float8 FROM bench_effect"))
    return [made[event] - sent for event, (sent, _) in committed.items()]


def stock_delays() -> list[float]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "told"
        path.touch()
        committed = json.loads(fill("tell", ONE_BY_ONE, path))
        until(lambda: len(path.read_text().splitlines()) == ONE_BY_ONE, 0.1)
        told = dict(line.split() for line in path.read_text().splitlines())
    return [float(told[str(number)]) - sent for number, sent in enumerate(committed)]


def told(pair: tuple[float, float]) -> tuple[float, float]:
    print(f"  ours {pair[0]:.4f}, baseline {pair[1]:.4f}", flush=True)
    return pair


def measure() -> Iterator[Figure]:
    schools = build(SCHOOLS)
    paces = []
    with ours_running() as ours, stock_running() as theirs:
        for number in range(-WARM, ROUNDS):
            pair = ours_pace(schools, ours), stock_pace(theirs)
            print(f"  ours {pair[0].per_second:.0f}, baseline {pair[1].per_second:.0f}", flush=True)
            paces += [pair] if number >= 0 else []
    mine, theirs = (median(pair[side].per_second for pair in paces) for side in (0, 1))
    how = f"{SETTINGS}; {WORKERS} workers each, kept connections; {SCHOOLS} schools; ours writes a row, theirs nothing"
    yield Figure("drain_vs_orm_broker", "effects/s", mine, theirs, mine / theirs, ROUNDS, how)
    mine, theirs = (median(pair[side].cpu for pair in paces) * 1000 for side in (0, 1))
    yield Figure("drain_vs_orm_broker_cpu", "ms/effect", mine, theirs, theirs / mine, ROUNDS, how)
    with ours_running(), stock_running():
        ours_delays(schools), stock_delays()
        pairs = [told((median(ours_delays(schools)), median(stock_delays()))) for _ in range(ROUNDS)]
    mine, theirs = (median(pair[side] for pair in pairs) * 1000 for side in (0, 1))
    how = f"{SETTINGS}; one at a time, {ONE_BY_ONE} a round; the queue polls every 0.2 s as is its default"
    yield Figure("commit_to_effect_p50", "ms", mine, theirs, theirs / mine, ROUNDS, how)


# -- kills ------------------------------------------------------------------------------------------------------------

LOST = (
    "SELECT count(*) FROM events_event e WHERE kind = %s AND NOT EXISTS (SELECT FROM bench_effect WHERE event = e.id)"
)
DOUBLED = "SELECT count(*) - count(DISTINCT event) FROM bench_effect"
RETRIED = "SELECT count(*) FROM events_reaction WHERE handler = 'bench.effect' AND attempts > 1"
MADE = "SELECT count(*) FROM bench_effect"
LAPSE = "UPDATE events_reaction SET leased_until = now() WHERE state = 'running'"


def kills() -> Iterator[Figure]:
    """Real workers are killed whole, with SIGKILL, at random moments while events go on; then one finishes the rest."""
    schools, recorded = build(4), 0
    for _ in range(KILLS):
        process = subprocess.Popen(
            [sys.executable, "-m", "bench.queue.worker"], cwd=ROOT, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, start_new_session=True,
            env={**os.environ, **OURS, "REACTION_LEASE_SECONDS": "1"},
        )  # fmt: skip
        recorded += _busy(schools, process)
        os.killpg(process.pid, signal.SIGKILL)  # guard, drainers, the queue's workers: all in one moment
        process.wait(30)
    for school in schools:
        with school_scope(school), connections[school.alias].cursor() as cursor:
            cursor.execute(LAPSE)
    with ours_running():
        until(lambda: all_done(schools), 0.5)
    lost = sum(asked(school, LOST, KIND)[0][0] for school in schools)
    doubled = sum(asked(school, DOUBLED)[0][0] for school in schools)
    retried = sum(asked(school, RETRIED)[0][0] for school in schools)
    how = f"{SETTINGS}; {recorded} events, {retried} of them in hand when their worker was killed"
    yield Figure("worker_kills_lost", "effects", lost, recorded, lost / recorded, KILLS, how)
    yield Figure("worker_kills_doubled", "effects", doubled, recorded, doubled / recorded, KILLS, how)


def _busy(schools: list[SchoolRef], process: subprocess.Popen[bytes]) -> int:
    """Record events until the worker works, and for a random moment more; how many."""
    recorded = 0
    before = sum(asked(school, MADE)[0][0] for school in schools)
    while sum(asked(school, MADE)[0][0] for school in schools) == before:
        if process.poll() is not None:
            raise RuntimeError("A worker ended by itself.")
        recorded += len(happen(random.choice(schools), 20))
        clock.sleep(0.02)
    stop = clock.monotonic() + random.uniform(0, 0.3)
    while clock.monotonic() < stop:
        recorded += len(happen(random.choice(schools), 20))
    return recorded


BENCHMARKS = {"drain": measure, "kills": kills}
