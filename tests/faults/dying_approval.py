"""A process that approves a request for access and is killed by SIGKILL around its n-th commit, on whichever login.

`python -m tests.faults.dying_approval KIND N before|after [REQUEST_ID]`: KIND is a key of GRANTS, or `finish` (the
clock goes on with what was left half way), or `post` (the mail goes out). Exits 3 when that commit never came.
"""

import sys
from datetime import timedelta
from uuid import UUID

import django

django.setup()

from django.utils import timezone  # noqa: E402

from shared_apps.access.services import decisions, letting_in  # noqa: E402
from shared_apps.access.services.admins import NewSchool  # noqa: E402
from shared_apps.access.services.grants import Approved, Grant  # noqa: E402
from shared_apps.identity.models import Login  # noqa: E402
from shared_apps.identity.services.sign_in import email_hash  # noqa: E402
from shared_apps.post import services as post  # noqa: E402
from tenants.actor import Actor  # noqa: E402
from tenants.models import School  # noqa: E402
from tests.faults.dying_run import die_around  # noqa: E402

ROOT = "root@example.com"


def greenfield() -> tuple[UUID, ...]:
    return (School.objects.get(slug="greenfield").pk,)


GRANTS = {
    "operator": lambda: Grant("operator"),
    "super_admin": lambda: Grant("super_admin"),
    "regional_admin": lambda: Grant("regional_admin", regions=("ZA-GP", "ZA-WC")),
    "local_operator": lambda: Grant("local_operator", schools=greenfield()),
    "school_admin": lambda: Grant("school_admin", schools=greenfield()),
    "new_school": lambda: Grant("school_admin", onboard=NewSchool("Laerskool Hoogland")),
}


def approve(kind: str, request: UUID, email: str = ROOT) -> Approved:
    """As the door approves one."""
    login = Login.objects.get(email_hash=email_hash(email))
    by = Actor(kind="person", scope="platform", roles=frozenset({"super_admin"}), login=login.id)
    return decisions.approve(request=request, grant=GRANTS[kind](), by=by, now=timezone.now())


def main(kind: str, number: str, when: str, request: str = "") -> None:
    die_around(int(number), when)
    if kind == "finish":
        letting_in.resume(now=timezone.now() + timedelta(minutes=1))
    elif kind == "post":
        post.drain(now=timezone.now())
    else:
        approve(kind, UUID(request))
    sys.exit(3)


if __name__ == "__main__":
    main(*sys.argv[1:])
