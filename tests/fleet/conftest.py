"""A fleet of two schools in a database of its own, and a release ahead of this one."""

from collections.abc import Iterator

import psycopg
import pytest

from tests import database
from tests.ahead import Ahead


@pytest.fixture
def ahead(real_commits: str) -> Iterator[Ahead]:
    release = Ahead()
    try:
        yield release
    finally:
        release.close()


@pytest.fixture
def admin(real_commits: str) -> Iterator[psycopg.Connection]:
    """The administrator in the test's own database: what somebody with all rights may do behind our back."""
    with psycopg.connect(database.ADMIN, dbname=real_commits, autocommit=True) as connection:
        yield connection
