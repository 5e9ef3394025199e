"""How many machines a number of schools needs: `python -m bench.capacity [--schools N ...] [--assumption value ...]`.

A small model, made to be argued with: every assumption is an argument. What was measured (CPU of a scan, memory of a
backend, size of a school's catalog) is read from `bench/results.json` where it stands there.

The morning decides. All children of all schools arrive in one window, and the busiest minute of it holds more than its
share. What follows an arrival (the register, the counts, the guardians' messages) is done in the same window.
"""

import argparse
import json
from dataclasses import asdict, dataclass, fields
from math import ceil
from pathlib import Path

RESULTS = Path(__file__).parent / "results.json"
SCHOOLS = (100, 2_000, 25_000)


@dataclass(frozen=True)
class Assumptions:
    """Times in seconds of one core, sizes in MB; shares between 0 and 1."""

    learners_per_school: float = 500.0
    window_minutes: float = 45.0  # 07:00 to 07:45
    peak: float = 2.0  # how much busier than the average the busiest minute is
    python_cpu_per_scan: float = 0.0052
    postgres_cpu_per_scan: float = 0.0027
    effects_per_scan: float = 4.0  # register, counts, guardians' message, its delivery
    python_cpu_per_effect: float = 0.0015
    postgres_cpu_per_effect: float = 0.0010
    cores_per_machine: int = 8
    busy: float = 0.6  # how much of a machine may be used in the busiest minute
    web_workers_per_core: float = 1.0
    threads_per_worker: float = 4.0  # each with a connection
    connections_per_worker_core: float = 3.0  # a drainer's two, and the one it listens on
    backend_base_mb: float = 12.0
    backend_mb_per_school: float = 1.0  # of those it touched since it was opened
    schools_touched: float = 150.0  # by one connection in its life, at most: SCHOOLS_PER_CONNECTION
    pooled_backends: float = 100.0  # of one database behind PgBouncer
    catalog_mb_per_school: float = 1.9  # empty tables, indexes and their entries in the catalogs
    data_mb_per_learner_and_year: float = 1.5
    years_kept: float = 3.0
    memory_per_machine_mb: float = 65_536.0
    schools_per_database: int = 5_000  # a catalog of so many schools is dumped, vacuumed and upgraded in one night
    pooler_from: int = 150  # more connections than this, and PgBouncer stands in between


@dataclass(frozen=True)
class Answer:
    """What so many schools come to. Machines are whole ones; one more of each kind, for the one that fails."""

    schools: int
    scans_per_second: float
    web_cores: float
    worker_cores: float
    database_cores: float
    web_machines: int
    worker_machines: int
    cells: int
    database_machines: int
    connections: int
    pooler: bool
    backends_mb_per_cell: float
    catalog_mb_per_cell: float
    disk_gb: float


def capacity(schools: int, given: Assumptions) -> Answer:
    """Raises ValueError for assumptions that make no sense."""
    _sensible(schools, given)
    scans = schools * given.learners_per_school / (given.window_minutes * 60) * given.peak
    effects = scans * given.effects_per_scan
    web = scans * given.python_cpu_per_scan
    worker = effects * given.python_cpu_per_effect
    database = scans * given.postgres_cpu_per_scan + effects * given.postgres_cpu_per_effect
    usable = given.cores_per_machine * given.busy
    web_machines, worker_machines = _machines(web, usable), _machines(worker, usable)
    threads = given.web_workers_per_core * given.threads_per_worker
    connections = web_machines * ceil(given.cores_per_machine * threads)
    connections += worker_machines * ceil(given.cores_per_machine * given.connections_per_worker_core)
    pooler = connections > given.pooler_from
    touched = min(given.schools_touched, schools)
    one = given.backend_base_mb + given.backend_mb_per_school * touched
    # A cell is a database with its standby. CPU, memory of its backends, and the size of its catalog bound it.
    per_cell = given.pooled_backends if pooler else float(connections)
    by_memory = ceil(per_cell * one / (given.memory_per_machine_mb * given.busy))
    cells = max(ceil(database / usable), ceil(schools / given.schools_per_database), by_memory, 1)
    in_cell = ceil(schools / cells)
    learner_mb = given.data_mb_per_learner_and_year * given.years_kept * given.learners_per_school
    return Answer(
        schools=schools, scans_per_second=scans, web_cores=web, worker_cores=worker, database_cores=database,
        web_machines=web_machines + 1, worker_machines=worker_machines + 1, cells=cells, database_machines=cells * 2,
        connections=connections, pooler=pooler,
        backends_mb_per_cell=per_cell * (given.backend_base_mb + given.backend_mb_per_school * min(touched, in_cell)),
        catalog_mb_per_cell=in_cell * given.catalog_mb_per_school,
        disk_gb=schools * (given.catalog_mb_per_school + learner_mb) / 1024,
    )  # fmt: skip


def _machines(cores: float, usable: float) -> int:
    return max(1, ceil(cores / usable))


def _sensible(schools: int, given: Assumptions) -> None:
    wrong = [name for name, value in asdict(given).items() if value <= 0]
    if schools < 1 or wrong or given.busy > 1 or given.peak < 1:
        raise ValueError(f"These cannot be: {', '.join(wrong) or 'schools, busy or peak'}.")


# -- what was measured -------------------------------------------------------------------------------------------------

# figure -> assumption, and what its unit is multiplied by
MEASURED = {
    "scan_vs_stock_python_cpu": ("python_cpu_per_scan", 0.001),
    "scan_vs_stock_postgres_cpu": ("postgres_cpu_per_scan", 0.001),
    "effect_python_cpu": ("python_cpu_per_effect", 0.001),
    "effect_postgres_cpu": ("postgres_cpu_per_effect", 0.001),
    "backend_memory_per_school": ("backend_mb_per_school", 1.0),
    "catalog_mb_per_school": ("catalog_mb_per_school", 1.0),
}


def measured(rows: list[dict[str, object]]) -> dict[str, float]:
    """The assumptions that `rows` of results.json answer."""
    found = {str(row["name"]): float(str(row["ours"])) for row in rows}
    return {name: found[figure] * factor for figure, (name, factor) in MEASURED.items() if figure in found}


def table(answers: list[Answer]) -> str:
    lines = []
    for name in (field.name for field in fields(Answer)):
        values = [getattr(answer, name) for answer in answers]
        told = [f"{value:,.1f}" if isinstance(value, float) else str(value) for value in values]
        lines.append(f"{name.replace('_', ' '):24}" + "".join(f"{one:>14}" for one in told))
    return "\n".join(lines)


def main() -> None:
    rows = json.loads(RESULTS.read_text()) if RESULTS.exists() else []
    start = Assumptions(**measured(rows))  # type: ignore[arg-type]
    reader = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    reader.add_argument("--schools", type=int, nargs="+", default=list(SCHOOLS))
    for name, value in asdict(start).items():
        reader.add_argument(f"--{name.replace('_', '-')}", type=type(value), default=value, help=f"default {value:g}")
    told = vars(reader.parse_args())
    schools = told.pop("schools")
    print(table([capacity(count, Assumptions(**told)) for count in schools]))


if __name__ == "__main__":
    main()
