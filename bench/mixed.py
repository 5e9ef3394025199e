"""Eight threads of one process, 2,000 mixed requests each, over both schools of the tests' world: how many show another
school's things. The test itself (`tests/isolation/test_mixed.py`) does less of the same each time the suite runs, and
as much in `make check-all`."""

import os
import subprocess
import sys
from collections.abc import Iterator

from bench.figures import Figure
from bench.ground import ROOT

THREADS, EACH = 8, int(os.environ.get("BENCH_REQUESTS", "2000"))


def measure() -> Iterator[Figure]:
    """Stops with the test's words when any is wrong, so the figure is 0 or there is none."""
    outside = {name: value for name, value in os.environ.items() if not name.endswith("_URL")}
    for name in ("MYSENTINEL_STATE", "PROCESS", "DJANGO_SETTINGS_MODULE"):
        outside.pop(name, None)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "--show-capture=no", "tests/isolation/test_mixed.py"], cwd=ROOT,
        env={**outside, "MIXED_REQUESTS": str(EACH)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode or "1 passed" not in done.stdout:
        raise SystemExit(done.stdout[-3000:])
    told = (
        f"one run, as it is a count; {THREADS} threads x {EACH} requests: reads, scans and pages of two schools,"
        " and the other school's things"
    )
    yield Figure("mixed_requests_wrong", "answers", 0, THREADS * EACH, 0.0, 1, told)


BENCHMARKS = {"mixed": measure}
