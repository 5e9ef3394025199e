"""What of an answer another school would recognise as its own: ids of rows, badge codes, full names, its canary."""

import html
import re
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.apps import apps
from django.db import models

from tenant_apps.gate.models import Badge
from tenant_apps.people.models import Guardian, Learner, SchoolProfile, Staff
from tenants.current import current_school
from tenants.records import SchoolRecord

ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
CODE = re.compile(r"\b[0-9A-Z]{4}-[0-9A-Z]{8}-[0-9A-Z]\b")
TAG = re.compile(r"<[^>]*>")
WORD = re.compile(r"\w+")
AT_ONCE = 10_000  # ids in one question, below the protocol's limit of parameters
NAME_LENGTHS = range(2, 7)  # words of a full name
Name = tuple[str, ...]


@dataclass(frozen=True)
class Marks:
    """Taken from one text. `words` are its words in their order, to find names in."""

    ids: frozenset[UUID]
    codes: frozenset[str]
    words: Name
    opaque: str  # the text itself, for names of schemas

    @classmethod
    def of(cls, text: str, *, asked_with: str = "") -> "Marks":
        """`asked_with`: what the question carried, which an answer may repeat."""
        known = {UUID(one) for one in ID.findall(asked_with)}
        ids = frozenset(UUID(one) for one in ID.findall(text)) - known
        said = html.unescape(TAG.sub(" ", text)).casefold()
        return cls(ids, frozenset(CODE.findall(text)) - set(CODE.findall(asked_with)), tuple(WORD.findall(said)), text)

    def runs(self, length: int) -> set[Name]:
        return {self.words[at : at + length] for at in range(len(self.words) - length + 1)}


@dataclass(frozen=True)
class Own:
    """What an open school says is its own of many marks together."""

    ids: frozenset[UUID]
    codes: frozenset[str]
    names: frozenset[Name]
    schema: str

    def in_(self, marks: Marks) -> bool:
        """Whether anything of this school is in one answer."""
        if self.ids & marks.ids or self.codes & marks.codes or self.schema in marks.opaque:
            return True
        return any(marks.runs(length) & self.names for length in {len(name) for name in self.names})


@dataclass(frozen=True)
class Heap:
    """The marks of all answers together, so that another school is asked once."""

    ids: frozenset[UUID]
    codes: frozenset[str]
    runs: frozenset[Name]

    @classmethod
    def of(cls, marks: list[Marks]) -> "Heap":
        return cls(
            ids=frozenset().union(*(mark.ids for mark in marks)),
            codes=frozenset().union(*(mark.codes for mark in marks)),
            runs=frozenset().union(*(mark.runs(length) for mark in marks for length in NAME_LENGTHS)),
        )

    def own(self) -> Own:
        """In the open school's scope: what of all this is its own."""
        held = Badge.objects.filter(code__in=self.codes).values_list("code", flat=True) if self.codes else ()
        return Own(frozenset(_rows_among(self.ids)), frozenset(held), names() & self.runs, current_school().schema)


def _rows_among(ids: frozenset[UUID]) -> set[UUID]:
    """Those of `ids` that are a row of the open school, or its canary."""
    found: set[UUID] = set()
    ordered = sorted(ids)
    for part in (ordered[at : at + AT_ONCE] for at in range(0, len(ordered), AT_ONCE)):
        for model in tables():
            if isinstance(model._meta.pk, models.UUIDField):
                found.update(model.objects.filter(pk__in=part).values_list("pk", flat=True))
        found.update(SchoolProfile.objects.filter(canary__in=part).values_list("canary", flat=True))
    return found


def tables() -> list[Any]:
    """Every model of a school."""
    return [model for model in apps.get_models() if issubclass(model, SchoolRecord)]


def names() -> frozenset[Name]:
    """Full names of the open school's people, in both orders; one word alone is nobody's."""
    found = set()
    for model in (Learner, Guardian, Staff):
        for given, family in model.objects.values_list("given_name", "family_name").iterator():
            one, other = WORD.findall(given.casefold()), WORD.findall(family.casefold())
            if one and other:
                found |= {(*one, *other), (*other, *one)}
    return frozenset(found)
