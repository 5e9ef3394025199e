"""Fixtures of the fault tests: a school on a database where everything commits, and a real worker beside it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import processes, world


@pytest.fixture
def cast(real_commits: str) -> world.Cast:
    return world.read("greenfield")


@pytest.fixture
def worker(real_commits: str, tmp_path: Path) -> Iterator[processes.Process]:
    with processes.worker(real_commits, tmp_path / "worker.log") as process:
        yield process
