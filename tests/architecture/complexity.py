"""How big the parts are and whether they are knotted: `python -m tests.architecture.complexity` prints the figures.

Modules are counted in lines as they stand, functions from `def` to their last line. Migrations, tests and benches are
not counted. Exits with 1 when a bar is crossed.
"""

import ast
import math
import statistics
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import grimp

ROOT = Path(__file__).resolve().parent.parent.parent
PACKAGES = ("config", "shared_apps", "tenant_apps", "tenants")


@dataclass(frozen=True)
class Figure:
    """One measured figure, the bar it must stay under (inclusive), and what it was measured on."""

    name: str
    value: float
    bar: float
    worst: str = ""

    @property
    def kept(self) -> bool:
        return self.value <= self.bar

    def __str__(self) -> str:
        mark = "ok  " if self.kept else "OVER"
        return f"{mark} {self.name:<28} {self.value:>6g}  (bar {self.bar:g}){'  ' + self.worst if self.worst else ''}"


def sources() -> list[Path]:
    """Every module with something in it."""
    found = [path for package in PACKAGES for path in (ROOT / package).rglob("*.py")]
    return sorted(path for path in found if "migrations" not in path.parts and path.stat().st_size)


def functions(path: Path) -> Iterator[tuple[int, str]]:
    """Length and name of each function of a module, methods and inner ones too."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield (node.end_lineno or node.lineno) - node.lineno + 1, f"{path.relative_to(ROOT)}:{node.name}"


def inner_imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            for inner in ast.walk(node):
                if isinstance(inner, ast.Import | ast.ImportFrom):
                    yield f"{path.relative_to(ROOT)}:{inner.lineno}"


def knots() -> list[list[str]]:
    """Groups of modules that import each other in a ring (imports for types alone do not run and do not count)."""
    graph = grimp.build_graph(*PACKAGES, exclude_type_checking_imports=True, cache_dir=None)
    reach = {name: graph.find_upstream_modules(name) for name in graph.modules}
    rings = {frozenset(other for other in reach[name] if name in reach[other]) | {name} for name in graph.modules}
    return sorted(sorted(ring) for ring in rings if len(ring) > 1)


def percentile(values: list[int], share: float) -> int:
    """The smallest value that at least `share` of all values do not exceed."""
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def figures() -> list[Figure]:
    modules = sorted((len(path.read_text().splitlines()), str(path.relative_to(ROOT))) for path in sources())
    works = sorted(work for path in sources() for work in functions(path))
    lines, lengths = [size for size, _ in modules], [size for size, _ in works]
    imports = [place for path in sources() for place in inner_imports(path)]
    rings = knots()
    return [
        Figure("module lines, median", statistics.median(lines), 60),
        Figure("module lines, p90", percentile(lines, 0.9), 200),
        Figure("module lines, longest", lines[-1], 400, modules[-1][1]),
        Figure("function lines, median", statistics.median(lengths), 8),
        Figure("function lines, p90", percentile(lengths, 0.9), 28),
        Figure("import knots", len(rings), 0, " / ".join(" <-> ".join(ring) for ring in rings)),
        Figure("imports inside functions", len(imports), 0, " ".join(imports)),
    ]


if __name__ == "__main__":
    measured = figures()
    print("\n".join(map(str, measured)))
    sys.exit(0 if all(figure.kept for figure in measured) else 1)
