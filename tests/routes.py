"""Every route of the product, read from the resolver: `METHOD /path/{name}` with its policy."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver
from ninja.operation import PathView

PLACEHOLDER = re.compile(r"<(?:\w+:)?(\w+)>|\{(?:\w+:)?(\w+)\}")


@dataclass(frozen=True)
class Route:
    """`kind` is api, page or other (static files, ninja's own schema page)."""

    kind: str
    method: str
    path: str
    policy: Any
    view: Any

    @property
    def name(self) -> str:
        return f"{'PAGE' if self.kind == 'page' and self.method == 'GET' else self.method} {self.path}"

    @property
    def parameters(self) -> list[str]:
        return re.findall(r"\{(\w+)\}", self.path)


def all_routes() -> list[Route]:
    return list(_walk(get_resolver(), "/"))


def _walk(resolver: URLResolver, prefix: str) -> Iterator[Route]:
    for pattern in resolver.url_patterns:
        path = prefix + PLACEHOLDER.sub(lambda found: "{%s}" % (found[1] or found[2]), str(pattern.pattern))
        if isinstance(pattern, URLResolver):
            yield from _walk(pattern, path)
        elif isinstance(pattern, URLPattern):
            yield from _routes(pattern.callback, path)


def _routes(view: Any, path: str) -> Iterator[Route]:
    owner = getattr(view, "__self__", None)
    operations = getattr(owner, "operations", None) if isinstance(owner, PathView) else _operations(view)
    if operations:
        for operation in operations:
            for method in operation.methods:
                yield Route("api", method, path, getattr(operation.view_func, "policy", None), operation.view_func)
    else:
        policy = getattr(view, "policy", None)
        yield Route("page" if policy else "other", "GET", path, policy, view)


def _operations(view: Any) -> list[Any]:
    """Ninja wraps a PathView in a closure; its operations are found there."""
    for cell in getattr(view, "__closure__", None) or ():
        if isinstance(cell.cell_contents, PathView):
            return list(cell.cell_contents.operations)
    return []
