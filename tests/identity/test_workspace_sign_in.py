"""A school's own sign-in: its workspace address leads to a page that names it, and back into it."""

import pytest
from django.test import Client

from shared_apps.identity.rules import workspace_of
from tests import world
from tests.identity.people import ADMIN, OPERATOR, suspend

pytestmark = pytest.mark.django_db(databases=["default", "schools"])


def sign_in(path: str, email: str) -> Client:
    client = Client()
    answer = client.post("/login", {"email": email, "password": world.PASSWORD, "next": path})
    assert answer.status_code == 302, answer.content
    return client


def test_a_stranger_at_a_workspace_signs_in_on_a_page_that_names_the_school():
    answer = Client().get("/s/greenfield/", follow=True)
    text = answer.content.decode()
    assert "Sign in: Greenfield Primary" in text and world.CANARY["greenfield"] not in text
    assert answer.redirect_chain == [("/login?next=%2Fs%2Fgreenfield%2F", 302)]


def test_whoever_works_at_several_schools_lands_in_that_one():
    for slug in ("greenfield", "riverside"):
        client = sign_in(f"/s/{slug}/learners", "both@example.com")
        assert client.get("/api/me").json()["school"]["slug"] == slug


def test_an_unknown_workspace_looks_like_no_workspace():
    plain = Client().get("/login?next=/s/nosuchschool/").content.decode()
    assert "<h1>Sign in</h1>" in plain and "nosuchschool" not in plain.replace("/s/nosuchschool/", "")


def test_a_school_that_is_not_open_yet_is_not_named_and_a_suspended_one_is():
    suspend("greenfield", "pending")
    assert "Greenfield" not in Client().get("/login?next=/s/greenfield/").content.decode()
    suspend("greenfield", "disabled")
    assert "Greenfield Primary" in Client().get("/login?next=/s/greenfield/").content.decode()


def test_somebody_of_another_school_or_of_the_platform_gets_in_where_they_belong():
    assert sign_in("/s/riverside/", ADMIN).get("/api/me").json()["school"]["slug"] == "greenfield"
    assert sign_in("/s/riverside/", OPERATOR).get("/api/me").json()["scope"] == "platform"


@pytest.mark.parametrize(
    ("path", "slug"),
    [("/s/greenfield/", "greenfield"), ("/s/a-b_1/gate?x=1", "a-b_1"), ("/s/x", "x"), ("/s/", ""), ("/x/s/y/", ""),
     ("/s/a b/", ""), ("", "")],
)  # fmt: skip
def test_the_school_of_an_address(path, slug):
    assert workspace_of(path) == slug
