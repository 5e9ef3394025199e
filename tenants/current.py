"""The one ambient thing: which school this piece of work is in.

Set by `tenants.scope.school_scope` alone; read by the backend, records, sealing, caches and logs.
"""

from contextvars import ContextVar
from dataclasses import dataclass, field
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.utils import DatabaseError


class OutsideScope(DatabaseError):
    """Something of a school was asked for outside `school_scope`, or outside its transaction."""


class WrongSchool(DatabaseError):
    """Something of one school was used inside another."""


@dataclass(frozen=True)
class SchoolRef:
    """A school as the wall knows it: where it lies and what every request needs of it.

    `alias` names the database, `schema` and `role` are opaque (`t_` + random); `key` is the school's
    data key, wrapped.
    """

    id: UUID
    slug: str
    name: str
    timezone: str
    state: str
    alias: str
    schema: str
    role: str
    key: bytes = field(repr=False)

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)


_here: ContextVar[SchoolRef | None] = ContextVar("school", default=None)


def current_school() -> SchoolRef:
    """The school this code runs in. Raises OutsideScope when there is none."""
    school = _here.get()
    if school is None:
        raise OutsideScope("No school is open: this needs `with school_scope(school)`.")
    return school


def school_or_none() -> SchoolRef | None:
    return _here.get()
