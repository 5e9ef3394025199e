"""What somebody is let in for, and what comes of deciding it."""

from dataclasses import dataclass, field
from uuid import UUID

from django.utils.translation import gettext

from shared_apps.access.services.admins import NewSchool
from tenants.problems import Refusal, conflict


@dataclass(frozen=True)
class Grant:
    """What a person is let in for: a role, and what it is bound to."""

    role: str
    regions: tuple[str, ...] = ()
    schools: tuple[UUID, ...] = ()
    onboard: NewSchool | None = None

    def plain(self) -> dict[str, object]:
        return {"role": self.role, "regions": list(self.regions), "schools": [str(key) for key in self.schools]}

    @property
    def begins_at_a_school(self) -> bool:
        """Whether a school that is here has to take them on before the platform lets them in."""
        return self.role == "school_admin" and self.onboard is None


@dataclass(frozen=True)
class Approved:
    """What came of it. Without an account: a second person has to agree. `link` sets a password and is told once,
    and not at all for a role that takes two."""

    account: UUID | None = None
    link: str | None = field(default=None, repr=False)


def already_decided() -> Refusal:
    return conflict(gettext("This request was decided already."), "already_decided")
