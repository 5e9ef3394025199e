"""Every route asked by one school for another's things: canaries are looked for in all that comes back."""

import io
import zipfile

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from shared_apps.identity.services import sign_in
from tenants import token
from tests import world
from tests.architecture.routes import Route, every_route

PEOPLE = ("admin", "officer", "teacher")
# /dev/ is local only and open on purpose: it shows every school's mail to whoever sits at the machine.
READS = [route for route in every_route() if route.method in ("GET", "PAGE") and not route.path.startswith("/dev/")]
QUERIES = ("", "?class={klass}", "?search={canary}", "?class={klass}&date=2026-11-20", "?to={mail}")


def token_of(email: str, kind: str) -> str:
    now = timezone.now()
    opened = sign_in.sign_in(email=email, password=world.PASSWORD, school=None, device="test", network="::1", now=now)
    return opened.token(kind, now)


def cookie_client(email: str) -> Client:
    client = Client()
    client.cookies[settings.SESSION_COOKIE] = token_of(email, token.BROWSER)
    return client


def bearer_client(email: str) -> Client:
    return Client(HTTP_AUTHORIZATION=f"Bearer {token_of(email, token.ACCESS)}")


def ids_of(cast: world.Cast) -> list[str]:
    rows = [*cast.learners[:2], *cast.classes, *cast.gates, *cast.staff.values()]
    return [str(row.id) for row in rows]


def addresses(route: Route, cast: world.Cast, slug: str) -> list[str]:
    """The route's path with every id of `cast` in every place for one."""
    path = route.path.replace("{slug}", slug)
    names = [name for name, _ in route.kinds if name != "slug"]
    paths = [path]
    for name in names:
        paths = [one.replace("{" + name + "}", value) for one in paths for value in ids_of(cast)]
    queries = [
        query.format(klass=cast.classes[0].id, canary=cast.canary[:-1], mail=f"guardian0@{cast.canary.lower()}.example")
        for query in QUERIES
    ]
    return [one + query for one in paths for query in (queries if not names else [""])]


def text_of(response) -> str:
    """Everything the response holds, unzipped where it is an archive."""
    body = b"".join(response.streaming_content) if response.streaming else response.content
    if body[:2] == b"PK":
        archive = zipfile.ZipFile(io.BytesIO(body))
        body = b"\n".join(archive.read(name) for name in archive.namelist())
    return body.decode("utf-8", "replace") + str(response.headers)


@pytest.mark.parametrize("route", READS, ids=lambda route: route.name)
def test_no_route_shows_another_schools_canary(greenfield, riverside, route):
    for person in PEOPLE:
        client = (bearer_client if route.method == "GET" else cookie_client)(f"{person}@riverside.example")
        for slug in ("riverside", "greenfield"):
            for address in addresses(route, greenfield, slug):
                response = client.get(address)
                assert response.status_code < 500, address
                # The search asks for all but the last letter, so that a page may repeat what was asked.
                shown = text_of(response)
                assert greenfield.canary not in shown, f"{address} as {person}"
                if "{slug}" in route.path and slug == "greenfield":
                    assert response.status_code == 403, address


def test_the_search_for_canaries_can_find_one(greenfield):
    """The positive control: the school's own admin does see its canary."""
    shown = [text_of(bearer_client("admin@greenfield.example").get("/api/me"))]
    assert any(greenfield.canary in text for text in shown)


CARRIERS = {
    "host": {"HTTP_HOST": "127.0.0.1"},
    "school header": {"HTTP_X_SCHOOL_ID": "{id}"},
    "slug header": {"HTTP_X_SCHOOL": "{slug}"},
    "tenant header": {"HTTP_X_TENANT": "{schema}"},
    "forwarded host": {"HTTP_X_FORWARDED_HOST": "{slug}.example"},
    "referer": {"HTTP_REFERER": "http://localhost/s/{slug}/"},
    "cookie": {"HTTP_COOKIE": "school={id}; tenant={schema}"},
}


@pytest.mark.parametrize("carrier", CARRIERS)
def test_nothing_but_the_token_names_the_school(greenfield, riverside, carrier):
    client = bearer_client("admin@riverside.example")
    plain = client.get("/api/me")
    values = {"id": greenfield.ref.id, "slug": greenfield.slug, "schema": greenfield.ref.schema}
    carried = client.get("/api/me", **{name: value.format(**values) for name, value in CARRIERS[carrier].items()})
    assert (carried.status_code, carried.content) == (plain.status_code, plain.content)
    assert carried.json()["school"]["slug"] == "riverside"


def test_a_host_that_is_not_allowed_is_refused():
    assert Client().get("/", HTTP_HOST="greenfield.example").status_code == 400
