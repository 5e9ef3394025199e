"""The live look at a school: does it have somebody who can run it?"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from shared_apps.identity.services.accounts import people_of
from tenants.ask import Unavailable, ask
from tenants.cells import CellDown
from tenants.models import School, school_ref


@dataclass(frozen=True)
class AdminCheck:
    """`accounts` may sign in as an admin; `present` of them have their row in the school, or that is not known."""

    state: str  # of the school; empty when there is none
    accounts: int
    present: int | Unavailable

    @property
    def has_admin(self) -> bool:
        return isinstance(self.present, int) and self.present > 0

    def evidence(self, now: datetime) -> dict[str, Any]:
        """As it is kept: counts and codes."""
        known = not isinstance(self.present, Unavailable)
        return {
            "at": now.isoformat(), "state": self.state, "accounts": self.accounts,
            "present": self.present if known else None, "answered": known,
        }  # fmt: skip


def admin_check(school: UUID) -> AdminCheck:
    """Look now: the platform's memberships, and the school's own rows behind them."""
    found = School.objects.filter(pk=school).first()
    if found is None:
        return AdminCheck("", 0, 0)
    people = people_of("school_admin", school=school)
    try:
        present = int(ask(school_ref(school), "people.staff_present", people=people))
    except CellDown:
        return AdminCheck(found.state, len(people), Unavailable("school_silent"))
    return AdminCheck(found.state, len(people), present)
