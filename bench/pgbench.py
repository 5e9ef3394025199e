"""The durable scan as shipped, against pgbench sending the same statements to the same forty schools.

The statements are not written down here: one accepted scan of each school is recorded through the product while the
driver is listened to, and what it sent becomes that school's script, role switch and pipeline included. Ids are made
anew for every scan, the badge is any of the school's fifty.
"""

import os
import re
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any
from unittest.mock import patch

import psycopg
from django.conf import settings
from django.db import connections
from django.utils import timezone

from bench.figures import Figure
from bench.ground import SETTINGS
from bench.scan import CONNECTIONS, ROUNDS, SECONDS, _postgres_cpu, build, plan, run, serving
from tenant_apps.gate.models import Badge
from tenant_apps.gate.rules import Direction
from tenant_apps.gate.services.ground import Tap
from tenant_apps.gate.services.scans import record_scans
from tenants.actor import system
from tenants.current import SchoolRef
from tenants.models import School
from tenants.scope import school_scope

UUID_TEXT = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
PROGRESS = re.compile(r"progress: ([\d.]+) s, ([\d.]+) tps, .* (\d+) failed")
PGBENCH = Path(settings.PG_DUMP).with_name("pgbench")
WARM = int(os.environ.get("BENCH_WARM_SECONDS", "8"))  # pgbench's connections are new each round; ours were kept
Heard = list[tuple[str, list[Any]]]


@contextmanager
def listening() -> Iterator[Heard]:
    """Everything the login `schools` sends meanwhile, as text and parameters."""
    heard: Heard = []
    real = psycopg.Cursor.execute

    def execute(self: Any, query: Any, params: Any = None, **more: Any) -> Any:
        if self.connection.info.user == "schools":
            heard.append((str(query), list(params or [])))
        return real(self, query, params, **more)

    with patch.object(psycopg.Cursor, "execute", execute):
        yield heard


def sent_by_one_scan(school: SchoolRef, code: str, gate: str) -> tuple[Heard, Heard, Heard]:
    """What one accepted scan sends: to enter the school, to read, and from the first write to COMMIT."""
    tap = Tap(uuid.uuid4(), code, uuid.UUID(gate), Direction.AUTO, timezone.now())
    with listening() as heard, school_scope(school, pipelined=True):
        (outcome,) = record_scans([tap], by=system("bench", school), now=timezone.now())
    if outcome.scan is None or outcome.scan.verdict != "admitted":
        raise RuntimeError("The scan that was to be copied was not accepted.")
    reads = [number for number, (text, _) in enumerate(heard) if text.lstrip().upper().startswith("SELECT")]
    return heard[: reads[0]], heard[reads[0] : reads[-1] + 1], heard[reads[-1] + 1 :]


def script(school: SchoolRef, codes: dict[str, str], gate: str) -> str:
    """A pgbench script that records accepted scans in this school; `codes`: badge code -> learner."""
    code = next(iter(codes))
    entered, read, written = sent_by_one_scan(school, code, gate)
    tokens = {code: _any_of(list(codes)), codes[code]: _any_of(list(codes.values()))}
    fresh = [found for found in _ids(read + written) if found not in {*tokens, gate, *_standing(school)}]
    for number, found in enumerate(fresh):
        tokens[found] = f"('00000000-0000-7000-8000-' || lpad(to_hex(:i::bigint + {number}), 12, '0'))"
    # pgbench prepares a pipeline's statements as it begins it, so the role is taken before: three trips more than ours.
    lines = ["\\set n random(1, 50)", f"\\set i random(1, {2**48 // 64 - 1}) * 64"]
    lines += [f"{text};" for text, _ in entered]
    for part in (read, written):
        lines += ["\\startpipeline", *(f"{_written(text, values, tokens)};" for text, values in part), "\\endpipeline"]
    return "\n".join([*lines, ""])


def _any_of(values: list[str]) -> str:
    return f"('{{{','.join(values)}}}'::text[])[:n]"


def _ids(heard: Heard) -> list[str]:
    """Every id among the parameters, each once."""
    found = {one: None for _, values in heard for value in values for one in UUID_TEXT.findall(str(value))}
    return list(found)


def _standing(school: SchoolRef) -> set[str]:
    """Ids in those parameters that are no new row's: whose body it is."""
    return {str(school.id)}


def _written(text: str, values: list[Any], tokens: dict[str, str]) -> str:
    """A statement with its parameters as expressions, on one line."""
    parts = re.split(r"\$\d+|%s", " ".join(text.split()))
    if len(parts) != len(values) + 1:
        raise RuntimeError("A statement has more than places in it.")
    told = ["NULL" if value is None else _expression(str(value), tokens) for value in values]
    return "".join(part for pair in zip(parts, [*told, ""], strict=True) for part in pair).replace("%%", "%")


def _expression(value: str, tokens: dict[str, str]) -> str:
    """The text `value` as SQL, with every token in it as its expression."""
    known = re.compile("|".join(map(re.escape, tokens)))
    pieces, at = [], 0
    for found in known.finditer(value):
        pieces += [_quoted(value[at : found.start()]), tokens[found[0]]]
        at = found.end()
    pieces.append(_quoted(value[at:]))
    kept = [piece for piece in pieces if piece != "''"] or ["''"]
    return f"({' || '.join(kept)})"


def _quoted(text: str) -> str:
    # A colon before a word would be a variable of pgbench, in quotes too.
    return "'" + re.sub(r":(?=[A-Za-z_])", ":' || '", text.replace("'", "''")) + "'"


def scripts(schools: list[dict[str, Any]], folder: Path) -> list[str]:
    words = []
    for number, told in enumerate(schools):
        school = School.objects.select_related("placement").get(slug=told["slug"]).ref()
        with school_scope(school):
            codes = {code: str(learner) for code, learner in Badge.objects.values_list("code", "learner_id")}
        path = folder / f"{number}.sql"
        path.write_text(script(school, codes, told["gate"]))
        words += ["-f", str(path)]
    connections["schools"].close()
    return words


def pgbench(words: list[str], seconds: float) -> tuple[float, float]:
    """Scans a second, and PostgreSQL's CPU seconds for one, after WARM seconds: by then each connection has met each
    school and prepared its statements, as ours have."""
    at = settings.DATABASES["schools"]
    process = subprocess.Popen(
        [
            str(PGBENCH), "-n", "-M", "prepared", "-P", "1", "-c", str(CONNECTIONS), "-j", "2",
            "-T", str(WARM + max(2, round(seconds)) + 1), "-h", at["HOST"], "-p", str(at["PORT"] or 5432),
            "-U", at["USER"], *words, at["NAME"],
        ],
        env={**os.environ, "PGPASSWORD": at["PASSWORD"]}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    told: list[tuple[float, float]] = []
    before = after = 0.0
    for line in process.stderr or ():
        found = PROGRESS.search(line)
        if found is None or "aborted" in line or found[3] != "0":
            process.kill()
            raise RuntimeError(f"pgbench: {line}")
        told.append((float(found[1]), float(found[2])))
        if len(told) == WARM:
            before = _postgres_cpu()
        after = _postgres_cpu()
    process.wait()
    spans = [(end - start, rate) for (start, _), (end, rate) in pairwise(told[WARM - 1 :])]
    count = sum(span * rate for span, rate in spans)
    return count / sum(span for span, _ in spans), (after - before) / count


def measure() -> Iterator[Figure]:
    schools = build()
    with ExitStack() as stack:
        words = scripts(schools, Path(stack.enter_context(tempfile.TemporaryDirectory())))
        ours = stack.enter_context(
            serving("ours", "config.wsgi:application", plan(schools, "/api/gate/scans", "ours"), PROCESS="web")
        )
        run(ours, float(WARM))
        mine, theirs = [], []
        for _ in range(ROUNDS):
            mine.append(run(ours))
            theirs.append(pgbench(words, SECONDS))
    rate, base = median(one.per_second for one in mine), median(one[0] for one in theirs)
    told = (
        f"{SETTINGS}; pgbench -M prepared, {CONNECTIONS} connections, the same statements, pipelined alike, both warm"
    )
    yield Figure("scan_vs_pgbench", "scans/s", rate, base, rate / base, ROUNDS, told)
    rate, base = median(one.postgres for one in mine) * 1000, median(one[1] for one in theirs) * 1000
    yield Figure("scan_vs_pgbench_postgres_cpu", "ms/scan", rate, base, base / rate, ROUNDS, told)


BENCHMARKS = {"pgbench": measure}
