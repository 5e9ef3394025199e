"""What is asked beside routes: every table and projection, what a school tells the platform, cache keys and files."""

import inspect
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.cache import cache

from config.canaries.marks import tables
from config.canaries.reach import platform_tables
from config.canaries.text import text_in
from tenant_apps.people.models import SchoolProfile
from tenants import scoped
from tenants.ask import published
from tenants.current import SchoolRef
from tenants.scope import school_scope

ROWS = 50  # of a table, the newest
FILES, BYTES = 50, 20_000_000  # of a school's folder, the newest
PROBE = "canary"
Place = tuple[str, Callable[[], str]]


def table_places() -> Iterator[Place]:
    """The newest rows of every table, projections included."""
    for model in tables():
        yield f"table {model._meta.db_table}", partial(_rows, model)


def platform_places() -> Iterator[Place]:
    """The newest rows of every table of the platform, jobs and their arguments among them."""
    for model in platform_tables():
        yield f"platform table {model._meta.db_table}", partial(_rows, model)


def _rows(model: Any) -> str:
    return "\n".join(" ".join(map(str, row)) for row in model.objects.order_by("-pk").values_list()[:ROWS])


def answer_places(*, foreign: str, now: datetime) -> Iterator[Place]:
    """What the school tells the platform when it is asked for something with another school's id."""
    for name, answer in sorted(published().items()):
        yield f"answer {name}", partial(_told, answer, foreign, now)


def _told(answer: Callable[..., Any], foreign: str, now: datetime) -> str:
    return str(answer(**arguments(answer, foreign=foreign, now=now)))


def arguments(answer: Callable[..., Any], *, foreign: str, now: datetime) -> dict[str, Any]:
    """Something of the right kind for every argument that has no default. Raises KeyError for a kind not known."""
    fitting: dict[str, Any] = {
        "UUID": UUID(foreign), "list[UUID]": [UUID(foreign)],
        "str": foreign, "datetime": now, "date": now.date(), "int": 1, "bool": False,
    }  # fmt: skip
    found = {}
    for name, wanted in inspect.signature(answer).parameters.items():
        kind = inspect.formatannotation(wanted.annotation).replace("uuid.", "").replace("datetime.", "")
        kind = kind.strip("'").removesuffix(" | None")
        if kind in ("UUID", "str", "datetime") or wanted.default is inspect.Parameter.empty:
            found[name] = fitting[kind]
    return found


# -- beside the database ----------------------------------------------------------------------------------------------


def cache_place(school: SchoolRef, other: SchoolRef) -> str:
    """What the school finds in the shared cache under a name that another school used after it."""
    _each(school, other, lambda: cache.set(scoped.cache_key(PROBE), own_canary(), 60))
    with school_scope(school):
        return str(cache.get(scoped.cache_key(PROBE), ""))


def file_place(school: SchoolRef, other: SchoolRef) -> str:
    """What the school finds in a file that another school wrote under the same name after it, and in its folder."""
    written: list[Path] = []
    try:
        _each(school, other, lambda: written.append(_write()))
        with school_scope(school):
            folder = scoped.file_path(PROBE).parent
            return "\n".join(_read(path) for path in [scoped.file_path(PROBE), *_newest(folder)])
    finally:
        for path in written:
            path.unlink(missing_ok=True)


def _each(school: SchoolRef, other: SchoolRef, work: Callable[[], Any]) -> None:
    for one in (school, other):
        with school_scope(one):
            work()


def _write() -> Path:
    path = scoped.file_path(PROBE)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(own_canary())
    return path


def _newest(folder: Path) -> list[Path]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return sorted(files, key=lambda path: path.stat().st_mtime, reverse=True)[:FILES]


def _read(path: Path) -> str:
    with path.open("rb") as file:
        return f"{path.name} {text_in(file.read(BYTES), f'file {path.suffix}')}"


def own_canary() -> str:
    return str(SchoolProfile.objects.values_list("canary", flat=True).get())
