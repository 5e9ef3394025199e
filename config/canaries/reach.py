"""What somebody of the platform who looks after few schools may not be shown: rows and names of all the others.

Asked of the platform's own tables and without the product's own answer to who reaches what, which is what is tried.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any
from uuid import UUID

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.db.models import ForeignKey, Q, QuerySet, UUIDField

from config.canaries.marks import Marks, Name, words_of
from config.canaries.names import Index, inside
from tenants.actor import Bounds
from tenants.models import School


@dataclass(frozen=True)
class Outside:
    """Everything of the platform's that belongs to a school out of reach, among many ids; and the schools' names."""

    reached: frozenset[UUID]
    rows: frozenset[UUID]
    names: Index

    def in_(self, marks: Marks) -> bool:
        return bool(self.rows & marks.ids) or bool(self.names.shown_in(marks))


def outside(bounds: Bounds, owners: dict[UUID, UUID]) -> Outside:
    """What lies outside `bounds`, of rows whose schools are known (`owners_of`)."""
    within = _within(bounds)
    reached = frozenset(within.values_list("pk", flat=True))
    rows = frozenset(row for row, school in owners.items() if school not in reached)
    near = [words_of(name) for name in within.values_list("name", flat=True)]
    return Outside(reached, rows, Index(_told_apart(School.objects.exclude(pk__in=reached), near)))


def owners_of(ids: frozenset[UUID]) -> dict[UUID, UUID]:
    """Of `ids`, those that are a school or a row of the platform about one, with that school's id."""
    found = {key: key for key in School.objects.filter(pk__in=ids).values_list("pk", flat=True)}
    for model in owned():
        found.update(model.objects.filter(pk__in=ids).exclude(school=None).values_list("pk", "school"))
    return found


def _within(bounds: Bounds) -> QuerySet[School]:
    inside = Q(pk__in=bounds.schools)
    for region in bounds.regions:
        inside |= Q(region=region) | Q(region__startswith=f"{region}-")
    schools: QuerySet[School] = School.objects.filter(inside)
    return schools


def _told_apart(beyond: QuerySet[School], near: list[Name]) -> set[Name]:
    """Names of two words and more that no school within reach has, too, or as a part of its own."""
    far = {words_of(name) for name in beyond.values_list("name", flat=True)}
    return {name for name in far if len(name) > 1 and not any(inside(name, other) for other in near)}


@cache
def owned() -> tuple[Any, ...]:
    """The platform's tables whose rows say of which school they are."""
    return tuple(model for model in platform_tables() if _keyed_by_id(model) and _has_school(model))


@cache
def platform_tables() -> tuple[Any, ...]:
    """Every table of the platform, the queue's among them."""
    on_platform = {app.label for app in apps.get_app_configs() if not app.name.startswith("tenant_apps.")}
    models = [model for model in apps.get_models() if model._meta.managed and not model._meta.proxy]
    return tuple(model for model in models if model._meta.app_label in on_platform)


def _keyed_by_id(model: Any) -> bool:
    key = model._meta.pk
    while isinstance(key, ForeignKey):
        key = key.target_field
    return isinstance(key, UUIDField)


def _has_school(model: Any) -> bool:
    try:
        return bool(model._meta.get_field("school"))
    except FieldDoesNotExist:
        return False
