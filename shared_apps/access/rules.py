"""What can be decided about a request for access without asking anybody. Pure."""

from collections.abc import Iterable
from datetime import datetime, timedelta

CONFIRM_WITHIN = timedelta(days=7)  # or it is forgotten
WAITS_AT_MOST = timedelta(days=180)
KEPT_REFUSED = timedelta(days=30)  # in which it can be reopened
KEPT_APPROVED = timedelta(days=7)
OLD_AFTER = timedelta(days=3)

# What may be given by whom. Nobody gives more than they hold; two people give the right to everything.
GIVEN_BY = {
    "super_admin": ("local_operator", "school_admin", "regional_admin", "operator", "finance", "super_admin"),
    "regional_admin": ("local_operator", "school_admin", "regional_admin"),
}
NEEDS_TWO = ("super_admin",)
# What each is bound to; the rest: the platform. A school admin is bound to one school, here already or new.
SCOPED = {"local_operator": "schools", "school_admin": "schools", "regional_admin": "regions"}


def grantable(roles: Iterable[str]) -> tuple[str, ...]:
    """The roles that somebody with `roles` may give, narrowest first."""
    return max((GIVEN_BY.get(role, ()) for role in roles), key=len, default=())


def is_old(waiting_since: datetime, now: datetime) -> bool:
    return now - waiting_since > OLD_AFTER


def days(since: datetime, now: datetime) -> int:
    return max(0, (now - since).days)
