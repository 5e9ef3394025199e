"""Who asks. None of them has a login, a password, a session or a token: each is a value in the worker's memory.

A school's are bound to that school by the wall itself. Those of the platform are bound by `Bounds`, which can only take
reach away; those who reach every school by their role are asked for no person's particulars. All of them read
(`reading`), and in any history they would be `system:canaries`.
"""

from uuid import UUID

from tenants.actor import Actor, Bounds
from tenants.current import SchoolRef
from tenants.ids import new_id
from tenants.models import School
from tenants.permissions import GROUP_ROLES, SCHOOL_ROLES

NAME = "canaries"
EVERYWHERE = ("super_admin", "operator", "finance")


def _caller(scope: str, role: str, **more: object) -> Actor:
    # Ids of nobody, so that pages about oneself answer too.
    return Actor("system", scope, frozenset({role}), login=new_id(), session=new_id(), system=NAME, **more)  # type: ignore[arg-type]


def of_the_school(school: SchoolRef, teacher: UUID | None) -> list[Actor]:
    """An admin, an officer and a teacher of `school`."""
    return [_caller("school", role, school=school, person=teacher) for role in SCHOOL_ROLES]


def bound_to(school: School) -> list[Actor]:
    """A local operator whose circle is `school` alone, and an admin of the smallest region it lies in."""
    local = _caller("platform", "local_operator", bounds=Bounds(schools=frozenset({school.pk})))
    if not school.region:
        return [local]
    return [local, _caller("platform", "regional_admin", bounds=Bounds(regions=frozenset({school.region})))]


def everywhere() -> list[Actor]:
    """Those who reach every school, and owners of groups, who reach none yet."""
    owners = [_caller("group", role) for role in GROUP_ROLES]
    return [*(_caller("platform", role) for role in EVERYWHERE), *owners]


def role_of(actor: Actor | None) -> str:
    return next(iter(actor.roles)) if actor else "stranger"
