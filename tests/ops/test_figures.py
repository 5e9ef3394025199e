"""What `bench/results.json` holds fits together, and `make check-all` asks for as much as is promised."""

import ast
import json
import re
import subprocess

import pytest

from tests.plugin import ROOT

ROWS = json.loads((ROOT / "bench/results.json").read_text())
ENOUGH = 5  # rounds, for a ratio


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["name"])
def test_a_ratio_is_of_the_two_figures_beside_it(row):
    assert set(row) == {"name", "unit", "ours", "baseline", "ratio", "rounds", "settings"}
    ours, baseline = row["ours"], row["baseline"]
    assert row["ratio"] == pytest.approx(ours / baseline) or row["ratio"] == pytest.approx(baseline / ours)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["name"])
def test_a_ratio_is_of_enough_rounds_and_a_count_says_that_it_is_one(row):
    assert row["rounds"] >= ENOUGH or "one run, as it is a count" in row["settings"]


def names():
    """Every name that the benchmarks may give a figure, as patterns; what is put in at run time is a word."""
    for path in (ROOT / "bench").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield re.escape(node.value)
            if isinstance(node, ast.JoinedStr) and any(isinstance(part, ast.Constant) for part in node.values):
                parts = [re.escape(part.value) if isinstance(part, ast.Constant) else r"\w+" for part in node.values]
                yield "".join(parts)


def test_no_figure_is_left_over_from_a_benchmark_that_is_gone():
    known = [re.compile(name) for name in set(names()) if len(name.replace(r"\w+", "")) > 3]
    assert [row["name"] for row in ROWS if not any(one.fullmatch(row["name"]) for one in known)] == []


def test_check_all_asks_eight_threads_for_two_thousand_mixed_requests_each():
    told = subprocess.run(["make", "-n", "check-all"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    (line,) = [line for line in told.splitlines() if "tests/isolation/test_mixed.py" in line]
    assert re.match(r"MIXED_REQUESTS=2000 \S+python -m pytest ", line)
