"""What of an answer a school would recognise: ids of rows, badge codes, contacts, its schema's name, its canary.

Names are looked for by `names`.
"""

import html
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import unquote_plus
from uuid import UUID

from django.apps import apps
from django.db import connections, models

from tenant_apps.gate.models import Badge
from tenant_apps.people.models import Guardian, SchoolProfile, Staff
from tenants.current import current_school
from tenants.records import SchoolRecord
from tenants.sealing import blind_index

ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
CODE = re.compile(r"\b[0-9A-Z]{4}-[0-9A-Z]{8}-[0-9A-Z]\b")
MAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
PHONE = re.compile(r"\+\d{8,15}\b")
TAG = re.compile(r"<[^>]*>")
WORD = re.compile(r"\w+")
END = "\n"  # between two texts: no name goes over it
Name = tuple[str, ...]


@dataclass(frozen=True)
class Marks:
    """Taken from one text. `words` are its words in their order, to find names in; `asked` those of the question."""

    ids: frozenset[UUID]
    codes: frozenset[str]
    contacts: frozenset[str]
    words: Name
    opaque: str  # the text itself, for names of schemas
    asked: Name = ()

    @classmethod
    def of(cls, text: str, *, asked_with: str = "") -> "Marks":
        """`asked_with`: what the question carried, which an answer may repeat."""
        asked = unquote_plus(asked_with)
        ids = frozenset(UUID(one) for one in ID.findall(text)) - {UUID(one) for one in ID.findall(asked)}
        codes = frozenset(CODE.findall(text)) - set(CODE.findall(asked))
        contacts = frozenset(one.casefold() for kind in (MAIL, PHONE) for one in kind.findall(html.unescape(text)))
        return cls(ids, codes, contacts, _said_in(text), text, words_of(asked))


def _said_in(text: str) -> Name:
    """The words a reader sees, then those inside tags: a label or a value tells a name as well as a line does."""
    shown, tags = html.unescape(TAG.sub(" ", text)), TAG.findall(text)
    return (*words_of(shown), END, *words_of(html.unescape(" ".join(tags)))) if tags else words_of(shown)


def words_of(text: str) -> Name:
    return tuple(WORD.findall(text.casefold()))


@dataclass(frozen=True)
class Own:
    """What an open school says is its own of many marks together."""

    ids: frozenset[UUID]
    canary: UUID
    codes: frozenset[str]
    contacts: frozenset[str]
    schema: str

    def in_(self, marks: Marks) -> bool:
        """Whether anything of this school is in one answer."""
        return bool(self.ids & marks.ids) or self.schema in marks.opaque or self.people_in(marks)

    def people_in(self, marks: Marks) -> bool:
        """Whether it tells something of this school's people, or the value that is shown nowhere."""
        return self.canary in marks.ids or bool(self.codes & marks.codes) or bool(self.contacts & marks.contacts)


@dataclass(frozen=True)
class Heap:
    """The marks of all answers together, so that another school is asked once."""

    ids: frozenset[UUID] = frozenset()
    codes: frozenset[str] = frozenset()
    contacts: frozenset[str] = field(default=frozenset(), repr=False)

    @classmethod
    def of(cls, marks: Iterable[Marks]) -> "Heap":
        heard = list(marks)
        return cls(
            ids=frozenset().union(*(one.ids for one in heard)),
            codes=frozenset().union(*(one.codes for one in heard)),
            contacts=frozenset().union(*(one.contacts for one in heard)),
        )

    def own(self) -> Own:
        """In the open school's scope: what of all this is its own."""
        held = Badge.objects.filter(code__in=self.codes).values_list("code", flat=True) if self.codes else ()
        canary = SchoolProfile.objects.values_list("canary", flat=True).get()
        ids = _rows_among(self.ids) | ({canary} & self.ids)
        return Own(frozenset(ids), canary, frozenset(held), contacts_among(self.contacts), current_school().schema)


def _rows_among(ids: frozenset[UUID]) -> set[UUID]:
    """Those of `ids` that are a row of the open school: one statement for all its tables, and the ids sent once."""
    if not ids:
        return set()
    with connections[current_school().alias].cursor() as cursor:
        cursor.execute(_among_all_tables(), [list(ids)])
        return {row for (row,) in cursor.fetchall()}


@cache
def _among_all_tables() -> str:
    keyed = [model._meta for model in tables() if isinstance(model._meta.pk, models.UUIDField)]
    one = 'SELECT t."{key}" FROM "{table}" t JOIN sought s ON t."{key}" = s.id'
    each = " UNION ALL ".join(one.format(key=meta.pk.column, table=meta.db_table) for meta in keyed)
    return f"WITH sought AS MATERIALIZED (SELECT DISTINCT unnest(%s::uuid[]) AS id) {each}"


def contacts_among(contacts: frozenset[str]) -> frozenset[str]:
    """Those that are an address or a number of the open school's people. They lie sealed; their keyed hashes tell."""
    found: set[str] = set()
    for model, column, fits in ((Guardian, "email", MAIL), (Guardian, "phone", PHONE), (Staff, "email", MAIL)):
        found |= _held(model, column, {blind_index(one, column=column): one for one in contacts if fits.fullmatch(one)})
    return frozenset(found)


def _held(model: Any, column: str, wanted: dict[bytes, str]) -> set[str]:
    if not wanted:
        return set()
    rows: Callable[..., Any] = model.objects.filter(**{f"{column}_index__in": list(wanted)}).values_list
    return {wanted[bytes(index)] for index in rows(f"{column}_index", flat=True)}


def tables() -> list[Any]:
    """Every model of a school."""
    return [model for model in apps.get_models() if issubclass(model, SchoolRecord)]
