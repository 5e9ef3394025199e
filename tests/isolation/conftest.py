"""Committed worlds and pools, for what a rolled-back test cannot show."""

from collections.abc import Callable, Iterator

import pytest
from django.db import connections

from tenants.backend.reset import cleanse_school
from tests import world


@pytest.fixture
def committed(real_commits: str) -> Callable[[], list[world.Cast]]:
    return lambda: [world.read("greenfield"), world.read("riverside")]


@pytest.fixture
def greenfield_committed(real_commits: str) -> world.Cast:
    return world.read("greenfield")


@pytest.fixture
def pooled(real_commits: str) -> Iterator[Callable[[int], None]]:
    """Give the schools' alias a pool of a size, as the web process has one."""
    options = connections["schools"].settings_dict["OPTIONS"]

    def start(size: int) -> None:
        connections["schools"].close()
        options["pool"] = {"min_size": 1, "max_size": size, "timeout": 30, "reset": cleanse_school}

    yield start
    connections["schools"].close()
    connections["schools"].close_pool()
    options.pop("pool", None)
