"""Where the history proves what a signal says. Nobody gets the address of a page that they may not open."""

from datetime import datetime
from uuid import UUID

from shared_apps.identity.services.refusals import REFUSED
from shared_apps.operator.rules import audit_address
from shared_apps.operator.services.picture import SIGN_IN_FAILED
from tenants.actor import Actor
from tenants.permissions import Permission, may

DEAD_LETTERS = "deliveries,post"
LEAKS = "wall.canary_found"
REQUESTS = "access"
SCHOOLS = "schools.provisioned,schools.suspended,schools.reactivated"
SETUP = (
    "schools.onboarding_started,schools.setup_acknowledged,schools.setup_reopened,schools.failure_dismissed,workflows"
)
FOLLOW_UPS = "schools.go_live_evaluated,schools.go_live_followed_up,schools.welcome_letter"


def proof(
    actor: Actor,
    kind: str = "",
    *,
    begins: datetime | None = None,
    ends: datetime | None = None,
    school: UUID | None = None,
) -> str:
    """The address of these events in the audit view, or "" for those who may not read it."""
    if not may(actor, Permission.AUDIT_READ):
        return ""
    return audit_address(kind=kind, begins=begins, ends=ends, school=school)


def refusals(actor: Actor, begins: datetime, ends: datetime) -> str:
    """One event for each minute in which tries were refused."""
    return proof(actor, REFUSED, begins=begins, ends=ends)


def sign_ins(actor: Actor, begins: datetime, ends: datetime) -> str:
    """Exactly the failures that were counted: later ones are in another count."""
    return proof(actor, SIGN_IN_FAILED, begins=begins, ends=ends)
