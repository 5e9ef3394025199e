"""`Actor`: who is acting, frozen at the door and handed down as an argument."""

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from tenants.current import SchoolRef

Scope = Literal["school", "platform", "group"]


@dataclass(frozen=True)
class Bounds:
    """What a stand-in for somebody of the platform reaches, where a person's reach stands in rows about their login."""

    schools: frozenset[UUID] = frozenset()  # as if it looked after a circle of these
    regions: frozenset[str] = frozenset()  # as if it answered for these


@dataclass(frozen=True)
class Actor:
    """A signed-in person, or the system itself (`kind="system"`, named by `system`).

    `person` is the Staff row in the school, for a member of one; `login` and `session` are the platform's ids.
    `bounds` take the system's reach away: it reaches then what its roles would, with these for rows, and no more.
    """

    kind: Literal["person", "system"]
    scope: Scope
    roles: frozenset[str] = frozenset()
    school: SchoolRef | None = None
    login: UUID | None = None
    session: UUID | None = None
    person: UUID | None = None
    language: str = ""
    must_change_password: bool = False
    system: str = ""
    bounds: Bounds | None = None

    def __post_init__(self) -> None:
        if self.bounds is not None and self.kind != "system":
            raise TypeError("A person's reach stands in the database.")

    @property
    def own_classes_only(self) -> bool:
        """A teacher who holds no wider role sees their own classes alone."""
        return "teacher" in self.roles and not self.roles & {"school_admin", "gate_officer"}

    @property
    def name_in_audit(self) -> str:
        return str(self.login) if self.kind == "person" else f"system:{self.system}"


def system(name: str, school: SchoolRef | None = None) -> Actor:
    """The product itself acting, for the clock and for reactions."""
    return Actor(kind="system", scope="school" if school else "platform", school=school, system=name)


def operator(name_in_audit: str) -> Actor:
    """Somebody of the platform acting on a school from outside, by their name in the platform's history."""
    if name_in_audit.startswith("system:"):
        return system(name_in_audit.removeprefix("system:"))
    return Actor(kind="person", scope="platform", login=UUID(name_in_audit))
