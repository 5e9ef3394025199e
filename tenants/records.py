"""`SchoolRecord`: the base of every row a school keeps. It remembers its school and refuses to be saved in another."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar, Self
from uuid import UUID

from django.db import models

from tenants.current import WrongSchool, current_school, school_or_none
from tenants.ids import new_id


class SchoolQuerySet(models.QuerySet[Any]):
    def bulk_create(self, objs: Iterable[Any], *args: Any, **kwargs: Any) -> list[Any]:
        objs = list(objs)
        for record in objs:
            record.must_be_here()
        return super().bulk_create(objs, *args, **kwargs)

    def bulk_update(self, objs: Iterable[Any], *args: Any, **kwargs: Any) -> int:
        objs = list(objs)
        for record in objs:
            record.must_be_here()
        return super().bulk_update(objs, *args, **kwargs)


class SchoolRecord(models.Model):
    """A row of a school.

    `append_only = True` on a subclass takes UPDATE and DELETE away from the school's role
    (see `tenants.rights.grants`).
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)

    append_only: ClassVar[bool] = False
    of_school: UUID | None = None
    objects: ClassVar[Any] = SchoolQuerySet.as_manager()

    class Meta:
        abstract = True

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        school = school_or_none()
        self.of_school = school.id if school else None

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.must_be_here()
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        self.must_be_here()
        return super().delete(*args, **kwargs)

    @classmethod
    def from_db(cls, db: str | None, field_names: Any, values: Any, **more: Any) -> Self:
        record = super().from_db(db, field_names, values, **more)
        record.of_school = current_school().id
        return record

    def must_be_here(self) -> None:
        """Raise WrongSchool unless this record belongs to the open school; a record without one joins it."""
        here = current_school().id
        if self.of_school is None:
            self.of_school = here
        if self.of_school != here:
            raise WrongSchool(f"A {self._meta.label} of another school cannot be written here.")
