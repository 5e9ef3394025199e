"""Fixtures of the whole suite. Tests run as the product's own logins, never as a superuser."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client

from tests import database, world

ON_DATABASE = {"world", "world_db", "greenfield", "riverside", "signed_in", "browser_in"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A test that asks for somebody of the world runs in a transaction on both run-time logins."""
    for item in items:
        names = set(getattr(item, "fixturenames", ()))
        if names & ON_DATABASE and "real_commits" not in names:
            item.add_marker(pytest.mark.django_db(databases=["default", "schools"]))


@pytest.fixture(scope="session")
def django_db_setup(django_db_blocker: Any) -> Iterator[None]:
    """A copy of the template instead of Django's own test database."""
    with django_db_blocker.unblock(), database.copy_of_template():
        yield


@pytest.fixture
def real_commits(django_db_setup: None, django_db_blocker: Any) -> Iterator[str]:
    """A database of one's own in which everything commits; its name, for processes started by the test."""
    with django_db_blocker.unblock(), database.copy_of_template() as name:
        yield name


@pytest.fixture
def greenfield(request: pytest.FixtureRequest) -> world.Cast:
    return world.read("greenfield")


@pytest.fixture
def riverside(request: pytest.FixtureRequest) -> world.Cast:
    return world.read("riverside")


@pytest.fixture
def signed_in() -> Callable[..., Client]:
    """`signed_in("officer@greenfield.example")`: an API client with a bearer token."""

    def sign_in(email: str, **body: str) -> Client:
        client = Client()
        answer = client.post(
            "/api/auth/login", {"email": email, "password": world.PASSWORD, **body}, content_type="application/json"
        )
        assert answer.status_code == 200, answer.content
        client.defaults["HTTP_AUTHORIZATION"] = f"Bearer {answer.json()['access_token']}"
        return client

    return sign_in


@pytest.fixture
def world_db(request: pytest.FixtureRequest) -> None:
    """For tests of strangers and platform people: the world's database without anybody of it."""
