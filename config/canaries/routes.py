"""Every read route that shows something of a school, found by walking the API's description and the resolver."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.resolvers import RoutePattern

from config.api import api
from config.canaries.keys import Keys
from tenants.door import Policy, Within

# Doors that show something of a school; the platform's own pages are for people of no school.
SHOWN = (Within.SCHOOL, Within.CHUNKS, Within.ACCOUNT)
PAGE_QUERY = ("class", "search")
GAP = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class Read:
    """One read route: its path with {parameter}, and the names a query may carry."""

    path: str
    query: tuple[str, ...]

    @property
    def name(self) -> str:
        return f"GET {self.path}"

    def addresses(self, slug: str, keys: Keys) -> Iterator[str]:
        """Bare; with a key in every place for one; with a key in each part of a query that takes one."""
        paths = [self.path.replace("{slug}", slug)]
        while gap := GAP.search(paths[0]):
            values = keys.for_name(gap[1]) or keys.all()
            paths = [path.replace(gap[0], value) for path in paths for value in values]
        yield from paths
        if len(paths) == 1:
            for name in self.query:
                yield from (f"{paths[0]}?{urlencode({name: value})}" for value in keys.for_name(name))


def reads() -> list[Read]:
    """Every GET of the API and every page behind a door that shows something of a school."""
    calls = [
        Read(path, tuple(one["name"] for one in operations["get"].get("parameters", ()) if one["in"] == "query"))
        for path, operations in api.get_openapi_schema()["paths"].items()
        if "get" in operations
    ]
    pages = [
        Read(path, PAGE_QUERY if "{slug}" in path else ())
        for path, policy in _pages(get_resolver().url_patterns)
        if policy.within in SHOWN
    ]
    return [*calls, *pages]


def _pages(patterns: Any, prefix: str = "/") -> Iterator[tuple[str, Policy]]:
    for pattern in patterns:
        path = prefix + _plain(pattern)
        if isinstance(pattern, URLResolver):
            yield from _pages(pattern.url_patterns, path)
        elif isinstance(pattern, URLPattern):
            policy = getattr(pattern.callback, "policy", None)
            if isinstance(policy, Policy):
                yield path, policy


def _plain(pattern: URLPattern | URLResolver) -> str:
    """`<uuid:learner_id>` as `{learner_id}`."""
    text = str(pattern.pattern)
    for name in pattern.pattern.converters if isinstance(pattern.pattern, RoutePattern) else ():
        start = text.rindex("<", 0, text.index(f"{name}>"))
        text = text[:start] + "{" + name + "}" + text[text.index(">", start) + 1 :]
    return text
