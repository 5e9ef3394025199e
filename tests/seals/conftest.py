"""Greenfield with a committed, sealed history of twenty events, and somebody who gets at it."""

from collections.abc import Iterator

import pytest

from tests import world
from tests.seals.history import Intruder, sealed_history


@pytest.fixture
def cast(real_commits: str) -> world.Cast:
    found = world.read("greenfield")
    sealed_history(found)
    return found


@pytest.fixture
def intruder(real_commits: str, cast: world.Cast) -> Iterator[Intruder]:
    somebody = Intruder(real_commits, cast.ref.schema, str(cast.ref.id))
    yield somebody
    somebody.admin.close()
