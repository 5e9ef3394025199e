"""`python -m bench [NAME ...]`: run benchmarks, print ratios, write `bench/results.json`.

Every figure is a ratio against a baseline measured in the same run, interleaved, medians of at least five rounds.
"""

import json
import sys
from pathlib import Path

from bench import ground

ground.start()

from bench import (  # noqa: E402
    console,
    drain,
    fleet,
    footprint,
    memory,
    mixed,
    pgbench,
    provision,
    reactions,
    scan,
    schools,
    seals,
    suspend,
)  # fmt: skip

RESULTS = Path(__file__).parent / "results.json"
ALL = {
    **provision.BENCHMARKS,
    **fleet.BENCHMARKS,
    **memory.BENCHMARKS,
    **scan.BENCHMARKS,
    **seals.BENCHMARKS,
    **drain.BENCHMARKS,
    **pgbench.BENCHMARKS,
    **reactions.BENCHMARKS,
    **footprint.BENCHMARKS,
    **mixed.BENCHMARKS,
    **schools.BENCHMARKS,
    **console.BENCHMARKS,
    **suspend.BENCHMARKS,
}


def main(wanted: list[str]) -> None:
    unknown = set(wanted) - set(ALL)
    if unknown:
        raise SystemExit(f"No benchmark is called {', '.join(sorted(unknown))}. There are: {', '.join(ALL)}.")
    kept = {row["name"]: row for row in json.loads(RESULTS.read_text())} if RESULTS.exists() else {}
    for name, measure in ALL.items():
        if not wanted or name in wanted:
            for figure in measure():
                print(figure.line(), flush=True)
                kept[figure.name] = figure.row()
            RESULTS.write_text(json.dumps(list(kept.values()), indent=1) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
