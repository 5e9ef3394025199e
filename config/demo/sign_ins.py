"""Who can sign in to the demo. Local only: everybody has the same password."""

from datetime import datetime
from uuid import UUID

from shared_apps.identity.services.accounts import give_role

PASSWORD = "password123"  # noqa: S105 public, and refused outside local
PLATFORM = (
    ("root@example.com", "super_admin", "Rethabile Mokoena", ""),
    ("operator@example.com", "operator", "Ongeziwe Dyani", ""),
    ("gauteng@example.com", "regional_admin", "Gugu Mthembu", "ZA-GP"),
    ("texas@example.com", "regional_admin", "Tess Walker", "US-TX"),
    ("finance@example.com", "finance", "Fatima Khan", ""),
)
STAFF = (("admin", "school_admin"), ("officer", "gate_officer"), ("teacher", "teacher"))
AT_BOTH = "both@example.com"


def make_platform(*, now: datetime) -> None:
    for email, role, name, region in PLATFORM:
        give_role(
            email=email, role=role, by="system:demo", now=now, name=name, region=region, password=PASSWORD,
            temporary=False,
        )  # fmt: skip


def make_school(school: UUID, people: dict[str, UUID], *, now: datetime) -> None:
    """`people`: address -> Staff row. What an address starts with says the role; anybody else teaches."""
    roles = dict(STAFF)
    for email, person in people.items():
        give_role(
            email=email, role=roles.get(email.partition("@")[0], "teacher"), by="system:demo", now=now, school=school,
            person=person, password=PASSWORD, temporary=False,
        )  # fmt: skip
