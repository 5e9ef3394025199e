"""Every read route of the product, found by walking the API and the resolver, and the addresses it is asked under."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import quote, urlencode

from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.resolvers import RoutePattern
from ninja.utils import normalize_path

from config.api import api
from config.canaries.keys import Keys
from tenants.actor import Actor
from tenants.door import Policy, Within
from tenants.permissions import may

# What pages read from their query. An operation of the API says so itself.
IN_A_SCHOOL = ("class", "search")
QUERIES = {
    "/operator/schools": ("search",),
    "/operator/schools/jump": ("to",),
    "/operator/schools/suggestions": ("to",),
    "/operator/billing": ("search",),
    "/operator/billing/download": ("search",),
    "/operator/audit": ("school",),
    "/operator/audit/download": ("school",),
    "/operator/requests": ("search",),
    "/operator/requests/{request_id}": ("find",),
}
LOCAL_ONLY = "/dev/"  # every school's mail to whoever sits at the machine, on purpose; elsewhere there is no such page
CONVERTER = re.compile(r"\{\w+:")
GAP = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class Read:
    """One read route: its path with {parameter}, its door's policy, and the names a query may and must carry."""

    path: str
    policy: Policy
    query: tuple[str, ...] = ()
    needed: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return f"GET {self.path}"

    @property
    def gaps(self) -> list[str]:
        return [name for name in GAP.findall(self.path) if name != "slug"]

    @property
    def recorded(self) -> bool:
        """Whether the read itself is written into the history: something is taken away."""
        return (self.policy.audit or "").endswith(".exported")

    def lets_in(self, actor: Actor | None) -> bool:
        """Whether the door is open to `actor`, so that there is an answer to hear."""
        if self.policy.permission is None or actor is None:
            return self.policy.permission is None and actor is None
        if self.policy.within is Within.PLATFORM and actor.scope != "platform":
            return False
        if self.policy.within in (Within.SCHOOL, Within.CHUNKS) and actor.school is None:
            return False
        return may(actor, self.policy.permission)

    def unknown(self, keys: Keys) -> list[str]:
        """Names nobody has said how to fill: this route cannot be asked until somebody does (`keys`)."""
        return [name for name in (*self.gaps, *self.needed) if not keys.knows(name)]

    def addresses(self, slug: str, keys: Keys) -> Iterator[str]:
        """Bare; with a key in every place for one; with a key in each part of a query that takes one."""
        paths = [self.path.replace("{slug}", slug)]
        while gap := GAP.search(paths[0]):
            paths = [path.replace(gap[0], quote(value)) for path in paths for value in keys.to_fill(gap[1])]
        yield from paths
        for name in self.query:
            yield from (f"{paths[0]}?{urlencode({name: value})}" for value in keys.for_name(name))


@cache
def reads() -> tuple[Read, ...]:
    """Every GET of the API and every page. Found out once per process: describing the API takes its time."""
    pages = [
        Read(path, policy, QUERIES.get(path, IN_A_SCHOOL if "{slug}" in path else ()))
        for path, policy in _pages(get_resolver().url_patterns)
    ]
    return tuple(read for read in (*_calls(), *pages) if not read.path.startswith(LOCAL_ONLY))


def _calls() -> Iterator[Read]:
    described = api.get_openapi_schema()["paths"]
    for prefix, router in api._routers:
        for path, view in router.path_operations.items():
            # `{uuid:learner_id}` as `{learner_id}`, which is how the description has it.
            full = CONVERTER.sub("{", normalize_path("/".join(("/api", prefix, path))))
            for operation in view.operations:
                if "GET" in operation.methods:
                    named = [one for one in described[full]["get"].get("parameters", ()) if one["in"] == "query"]
                    needed = tuple(one["name"] for one in named if one.get("required"))
                    policy: Any = operation.view_func.policy  # type: ignore[attr-defined]
                    yield Read(full, policy, tuple(one["name"] for one in named), needed)


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
