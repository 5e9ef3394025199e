"""Every route of the product, found by walking the URL resolver: API operations and pages alike."""

import inspect
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver
from ninja.operation import PathView

PARAMETER = re.compile(r"<(?:(?P<kind>[^:>]+):)?(?P<name>[^>]+)>")
# Ninja's own: the description of the API, its page, and a root that only answers 404. They touch no data.
FRAMEWORK = {"api:openapi-json", "api:openapi-view", "api:api-root"}


@dataclass(frozen=True)
class Route:
    """One operation of the API or one page. `name` is what `matrix.csv` calls it; `policy` what its door declared."""

    method: str  # GET, POST, ... or PAGE
    path: str  # with {parameter}
    kinds: tuple[tuple[str, str], ...]  # parameter -> converter
    work: Any
    callback: Any  # what the resolver must come to

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def policy(self) -> Any:
        return getattr(self.work, "policy", None)


SAMPLES = {"int": "1", "uuid": "00000000-0000-7000-8000-000000000000"}


def sample(route: Route, slug: str = "greenfield") -> str:
    """The route's path with plausible values: of no row, but of this school."""
    path = route.path
    for name, kind in route.kinds:
        path = path.replace(f"{{{name}}}", slug if name == "slug" else SAMPLES.get(kind, SAMPLES["uuid"]))
    return path


def every_route() -> list[Route]:
    return sorted(walk(get_resolver().url_patterns), key=lambda route: (route.path, route.method))


def walk(patterns: Iterable[URLPattern | URLResolver], prefix: str = "/", spaces: str = "") -> Iterator[Route]:
    seen: set[int] = set()  # ninja makes one pattern per operation, each leading to all operations of its path
    for pattern in patterns:
        path = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            space = f"{spaces}{pattern.namespace}:" if pattern.namespace else spaces
            yield from walk(pattern.url_patterns, path, space)
        elif f"{spaces}{pattern.name}" not in FRAMEWORK and id(path_view(pattern.callback)) not in seen:
            seen.add(id(path_view(pattern.callback)))
            yield from _routes(pattern, path)


def path_view(callback: Any) -> Any:
    """Ninja's view behind a callback (it hides in the closure), or the callback itself for a page."""
    if inspect.isfunction(callback):
        held = inspect.getclosurevars(callback).nonlocals.get("self")
        if isinstance(held, PathView):
            return held
    return callback


def _routes(pattern: URLPattern, path: str) -> Iterator[Route]:
    kinds = tuple((found["name"], found["kind"] or "str") for found in PARAMETER.finditer(path))
    plain = PARAMETER.sub(lambda found: f"{{{found['name']}}}", path)
    view = path_view(pattern.callback)
    if isinstance(view, PathView):
        for operation in view.operations:
            for method in operation.methods:
                yield Route(method, plain, kinds, operation.view_func, view)
    else:
        yield Route("PAGE", plain, kinds, view, view)
