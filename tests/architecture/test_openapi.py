"""The API's description is kept in the repository, so that a change of the contract is seen in review."""

import difflib
import json
from collections import Counter

from config.management.commands.openapi import SNAPSHOT, description
from tenants.schemas import Answer, Body
from tests.architecture.routes import every_route

RENEW = "The API changed. Read the difference, note it in CHANGELOG, then: manage.py openapi"


def test_the_snapshot_is_the_api():
    kept = SNAPSHOT.read_text() if SNAPSHOT.exists() else ""
    difference = difflib.unified_diff(kept.splitlines(), description().splitlines(), "docs/openapi.json", "now", n=1)
    shown = list(difference)[:80]
    assert shown == [], "\n".join([RENEW, *shown])


def test_every_operation_is_described():
    described = json.loads(description())["paths"]
    names = {f"{method.upper()} {path}" for path, methods in described.items() for method in methods}
    assert names == {route.name for route in every_route() if route.method != "PAGE"}


def test_no_two_shapes_share_a_name():
    """The description knows shapes by name alone: the second would stand in the place of the first."""
    every, found = [Body, Answer], []
    while every:
        kind = every.pop()
        found.append(kind)
        every += kind.__subclasses__()
    names = Counter(kind.__name__ for kind in set(found) if kind.__module__.endswith("schemas"))
    assert [name for name, times in names.items() if times > 1] == []


def test_no_schema_takes_keys_it_does_not_know():
    """Every shape that comes in forbids extra keys."""
    paths, shapes = (json.loads(description())[key] for key in ("paths", "components"))
    for path, methods in paths.items():
        for method, operation in methods.items():
            content = operation.get("requestBody", {}).get("content", {}).get("application/json")
            if content:
                choices = content["schema"].get("anyOf", [content["schema"]])  # a body that may be left out
                for named in (choice["$ref"] for choice in choices if choice != {"type": "null"}):
                    shape = shapes["schemas"][named.rsplit("/", 1)[1]]
                    assert shape.get("additionalProperties") is False, f"{method} {path}"
