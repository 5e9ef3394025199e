"""What can be decided about a request for access without asking anybody. Pure."""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

CONFIRM_WITHIN = timedelta(days=7)  # or it is forgotten
WAITS_AT_MOST = timedelta(days=180)
KEPT_REFUSED = timedelta(days=30)  # in which it can be reopened
KEPT_APPROVED = timedelta(days=7)
DOUBLED = timedelta(minutes=10)  # the same again from the same mailbox is the same request
TURNS = frozenset("\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")
AGREED_FOR = timedelta(days=7)  # to take the right to everything away; then the first of two has to say so again
WHY_TAKEN = ("left", "mistake", "unused", "misused")  # why somebody loses a role: nobody's words stay in the history
CIRCLE_NAME = 120  # letters
OLD_AFTER = timedelta(days=3)
FINISHED_AFTER = timedelta(minutes=10)  # the clock tries every minute

# What may be given by whom. Nobody gives more than they hold; two people give the right to everything.
GIVEN_BY = {
    "super_admin": ("local_operator", "school_admin", "regional_admin", "operator", "finance", "super_admin"),
    "regional_admin": ("local_operator", "school_admin", "regional_admin"),
}
NEEDS_TWO = ("super_admin",)
# What each is bound to; the rest: the platform. A school admin is bound to one school, here already or new.
SCOPED = {"local_operator": "schools", "school_admin": "schools", "regional_admin": "regions"}


@dataclass(frozen=True)
class Regulator:
    """Where one complains about what is done with information about oneself."""

    address: str
    phone: str
    toll_free: str
    email: str
    complaints: str
    portal: str


# From the foot of inforegulator.org.za; the mailbox and the portal for complaints from pages that quote it.
REGULATOR = Regulator(
    address="Woodmead North Office Park, 54 Maxwell Drive, Woodmead, Johannesburg, 2191", phone="010 023 5200",
    toll_free="0800 017 160", email="enquiries@inforegulator.org.za", complaints="POPIAComplaints@inforegulator.org.za",
    portal="eservices.inforegulator.org.za",
)  # fmt: skip


def grantable(roles: Iterable[str]) -> tuple[str, ...]:
    """The roles that somebody with `roles` may give, narrowest first."""
    return max((GIVEN_BY.get(role, ()) for role in roles), key=len, default=())


def plain_text(text: str, *, lines: bool = False) -> bool:
    """Whether this holds nothing that breaks a line (but for `lines`), turns the writing round or cannot be seen."""
    return not any(
        unicodedata.category(letter) in ("Cc", "Zl", "Zp") and not (lines and letter in "\r\n\t") or letter in TURNS
        for letter in text
    )


def circle_name(schools: Iterable[str]) -> str:
    """What a circle is called: after its schools. What somebody said of themselves is sealed, and goes sooner."""
    name = ", ".join(sorted(schools))
    return name if len(name) <= CIRCLE_NAME else f"{name[: CIRCLE_NAME - 1]}…"


def is_old(waiting_since: datetime, now: datetime) -> bool:
    return now - waiting_since > OLD_AFTER


def days(since: datetime, now: datetime) -> int:
    return max(0, (now - since).days)
