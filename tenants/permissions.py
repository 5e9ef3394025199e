"""Who may do what: the whole of it, in one file an auditor can read."""

from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tenants.actor import Actor


class Permission(StrEnum):
    ACCOUNT = "account"  # one's own profile, sessions, password, appearance, language
    GATE_SCAN = "gate.scan"
    GATE_READ = "gate.read"  # gates, who is on site
    LEARNERS_READ = "learners.read"  # names, class, badge, on site
    GUARDIANS_READ = "guardians.read"  # guardians' names and contacts
    REGISTER_READ = "register.read"
    REGISTER_MARK = "register.mark"
    SCHOOL_TODAY = "school.today"
    CONSOLE = "platform.console"  # the operator's first page and what needs somebody
    HEALTH = "platform.health"  # how schools, providers and deliveries are, of the schools within reach
    SCHOOLS_READ = "schools.read"  # the list of schools within reach, overview and progress
    SCHOOLS_ONBOARD = "schools.onboard"
    SCHOOLS_SUSPEND = "schools.suspend"  # and reactivate
    SCHOOLS_SETTINGS = "schools.settings"
    SCHOOLS_SUPPORT = "schools.support"  # stuck work of a school, invitations, an admin's access
    DEAD_LETTERS = "dead_letters"  # see, replay and discard what could not be done
    BILLING = "billing"
    AUDIT_READ = "audit.read"
    REQUESTS_DECIDE = "requests.decide"  # the Admin tab


_OFFICER = {Permission.GATE_SCAN, Permission.GATE_READ, Permission.LEARNERS_READ}
_TEACHER = {Permission.LEARNERS_READ, Permission.REGISTER_READ, Permission.REGISTER_MARK}
_SCHOOL_ADMIN = _OFFICER | _TEACHER | {Permission.GUARDIANS_READ, Permission.SCHOOL_TODAY}

_OPERATOR = {
    Permission.CONSOLE, Permission.HEALTH, Permission.SCHOOLS_READ, Permission.SCHOOLS_ONBOARD,
    Permission.SCHOOLS_SUSPEND, Permission.SCHOOLS_SETTINGS, Permission.SCHOOLS_SUPPORT, Permission.DEAD_LETTERS,
    Permission.BILLING, Permission.AUDIT_READ,
}  # fmt: skip
_REGIONAL = {Permission.HEALTH, Permission.SCHOOLS_READ, Permission.REQUESTS_DECIDE}
_LOCAL = {Permission.HEALTH, Permission.SCHOOLS_READ}

# Regional admins and local operators are further bound to the schools within their reach (`shared_apps.groups`).
# Teachers are further bound to their own classes by the services (`Actor.own_classes_only`).
ROLES: dict[str, frozenset[Permission]] = {
    "super_admin": frozenset(_OPERATOR | {Permission.REQUESTS_DECIDE}),
    "operator": frozenset(_OPERATOR),
    "regional_admin": frozenset(_REGIONAL),
    "local_operator": frozenset(_LOCAL),
    "finance": frozenset({Permission.BILLING}),
    "group_owner": frozenset(),
    "school_admin": frozenset(_SCHOOL_ADMIN),
    "gate_officer": frozenset(_OFFICER),
    "teacher": frozenset(_TEACHER),
}

SCHOOL_ROLES = ("school_admin", "gate_officer", "teacher")
PLATFORM_ROLES = ("super_admin", "operator", "regional_admin", "local_operator", "finance")
GROUP_ROLES = ("group_owner",)


def may(actor: "Actor | None", permission: Permission) -> bool:
    """Whether `actor` holds `permission`. Nobody holds anything by default; everybody signed in has an account."""
    if actor is None:
        return False
    if permission is Permission.ACCOUNT:
        return True
    return any(permission in ROLES.get(role, frozenset()) for role in actor.roles)
