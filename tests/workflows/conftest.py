"""Fixtures of the workflow tests: a workflow for one test, a clock, steps that record what they do."""

import pytest

from tests.workflows import plans


@pytest.fixture
def steps():
    return plans.Steps()


@pytest.fixture
def clock():
    return plans.Clock()


@pytest.fixture
def entered():
    """`entered(plan, ...)`: a workflow called `test.one`."""
    names = []

    def enter(*steps, name="test.one", **more):
        names.append(name)
        return plans.enter(name, *steps, **more)

    yield enter
    for name in names:
        plans.leave(name)
