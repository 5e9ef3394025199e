"""One figure: ours, the baseline of the same run, and their ratio."""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from statistics import median


@dataclass(frozen=True)
class Figure:
    """`ratio` is `ours / baseline`, or the other way round where bigger is better; `settings` says what is durable."""

    name: str
    unit: str
    ours: float
    baseline: float
    ratio: float
    rounds: int
    settings: str

    def line(self) -> str:
        parts = f"ours {self.ours:10.4f} {self.unit:9} baseline {self.baseline:10.4f}"
        return f"{self.name:32} {parts}  ratio {self.ratio:8.2f}"

    def row(self) -> dict[str, object]:
        return asdict(self)


def timed(work: Callable[[], object]) -> float:
    """Seconds of one call."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def interleaved(ours: Callable[[], object], baseline: Callable[[], object], rounds: int) -> tuple[float, float]:
    """Medians in seconds, measured in turn so that both meet the same machine."""
    pairs = [(timed(ours), timed(baseline)) for _ in range(rounds)]
    return median(pair[0] for pair in pairs), median(pair[1] for pair in pairs)
