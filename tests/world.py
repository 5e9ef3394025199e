"""The cast every test knows: two schools that always exist, their people, and the platform's.

Every row of a school carries that school's canary, so that a leak anywhere is found by looking for one string.
"""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from typing import Any

from shared_apps.groups.models import Circle
from shared_apps.identity.models import Login
from shared_apps.identity.services.accounts import give_role
from shared_apps.identity.services.sign_in import email_hash
from tenant_apps.gate.models import Badge, Gate
from tenant_apps.gate.rules import new_badge_code
from tenant_apps.people.for_platform import seed
from tenant_apps.people.models import (
    AcademicYear,
    ClassGroup,
    Guardian,
    Guardianship,
    Learner,
    SchoolProfile,
    Staff,
    Term,
)
from tenants import provisioning
from tenants.current import SchoolRef
from tenants.models import School
from tenants.scope import school_scope

PASSWORD = "password123"
MORNING = datetime(2026, 11, 20, 5, 12, tzinfo=UTC)  # Friday 07:12 at school
CANARY = {"greenfield": "Grfcanary", "riverside": "Rvscanary"}
LANGUAGES = ("en", "af", "zu")


@dataclass
class Cast:
    """One school of the world, read from the database: rows by the name tests use."""

    ref: SchoolRef
    learners: list[Any] = field(default_factory=list)  # two classes of four; the last three are special
    classes: list[Any] = field(default_factory=list)
    gates: list[Any] = field(default_factory=list)
    badges: dict[Any, str] = field(default_factory=dict)  # learner id -> active code
    revoked_badge: str = ""
    inactive: Any = None
    restricted: Any = None
    staff: dict[str, Any] = field(default_factory=dict)

    @property
    def slug(self) -> str:
        return self.ref.slug

    @property
    def canary(self) -> str:
        return CANARY[self.slug]

    def email(self, role: str) -> str:
        return f"{role}@{self.slug}.example"


def build() -> None:
    """Make the world through real provisioning; committed into the template database."""
    for slug, name, zone in (
        ("greenfield", "Greenfield Primary", "Africa/Johannesburg"), ("riverside", "Riverside High", "America/Chicago"),
    ):  # fmt: skip
        school = provisioning.provision(
            name=name, slug=slug, timezone=zone, seed=seed(bell=time(8), close_time=time(17))
        )
        _people(school.ref())
    for email, role, region in (
        ("root@example.com", "super_admin", ""),
        ("operator@example.com", "operator", ""),
        ("gauteng@example.com", "regional_admin", "ZA-GP"),
        ("finance@example.com", "finance", ""),
        ("circle@example.com", "local_operator", ""),
    ):
        give_role(
            email=email, role=role, by="world", now=MORNING, name=role.title(), region=region,
            password=PASSWORD, temporary=False,
        )  # fmt: skip
    _circle()


def _circle() -> None:
    """Greenfield lies in a part of Gauteng and in the circle of `circle@`; Riverside lies in Texas, in no circle."""
    regions = {"greenfield": "ZA-GP-tshwane", "riverside": "US-TX"}
    for slug, region in regions.items():
        School.objects.filter(slug=slug).update(region=region)
    circle = Circle.objects.create(name="Tshwane North")
    circle.schools.add(School.objects.get(slug="greenfield"))
    circle.keepers.add(Login.objects.get(email_hash=email_hash("circle@example.com")))


def _people(ref: SchoolRef) -> None:
    canary = CANARY[ref.slug]
    staff = {}
    with school_scope(ref):
        for role in ("admin", "officer", "teacher"):
            member = Staff(given_name=role.title(), family_name=canary)
            member.email = f"{role}@{ref.slug}.example"
            member.save()
            staff[role] = member
        year = AcademicYear.objects.create(year=2026)
        Term.objects.create(year=year, number=4, starts_on=date(2026, 10, 6), ends_on=date(2026, 12, 9))
        tag = SchoolProfile.objects.get().badge_tag
        Gate.objects.create(name=f"Main {canary}")
        Gate.objects.create(name=f"Side {canary}")
        for number, name in enumerate(("4A", "4B")):
            group = ClassGroup.objects.create(
                year=year, name=name, grade=4, teacher=staff["teacher"] if number == 0 else None
            )
            for place in range(4):
                _learner(group, number * 4 + place, canary, tag)
    roles = {"admin": "school_admin", "officer": "gate_officer", "teacher": "teacher"}
    for word, role in roles.items():
        give_role(
            email=f"{word}@{ref.slug}.example", role=role, by="world", now=MORNING, school=ref.id,
            person=staff[word].id, password=PASSWORD, temporary=False,
        )  # fmt: skip
    give_role(
        email="both@example.com", role="teacher", by="world", now=MORNING, school=ref.id,
        person=staff["teacher"].id, password=PASSWORD, temporary=False,
    )  # fmt: skip


def _learner(group: Any, place: int, canary: str, tag: str) -> None:
    learner = Learner.objects.create(
        number=f"{canary[:3].upper()}{place:03}", given_name=f"Learner{place}", family_name=canary, class_group=group,
        state="inactive" if place == 6 else "active", restricted=place == 7, enrolled_on=date(2026, 1, 14),
    )  # fmt: skip
    badge = Badge.objects.create(code=new_badge_code(tag), learner=learner, issued_at=MORNING)
    if place == 5:
        badge.revoked_at = MORNING
        badge.save()
    guardian = Guardian(given_name=f"Guardian{place}", family_name=canary, language=LANGUAGES[place % 3])
    guardian.email = f"guardian{place}@{canary.lower()}.example"
    guardian.phone = f"+27821{place:06}"
    guardian.save()
    Guardianship.objects.create(learner=learner, guardian=guardian, relation="mother", may_contact=place != 4)


def read(slug: str) -> Cast:
    """One school of the world as it stands in this test's database."""
    cast = Cast(School.objects.select_related("placement").get(slug=slug).ref())
    with school_scope(cast.ref):
        cast.learners = list(Learner.objects.select_related("class_group").order_by("number"))
        cast.classes = list(ClassGroup.objects.all())
        cast.gates = list(Gate.objects.order_by("name"))
        for badge in Badge.objects.all():
            if badge.revoked_at:
                cast.revoked_badge = badge.code
            else:
                cast.badges[badge.learner_id] = badge.code
        cast.staff = {member.given_name.lower(): member for member in Staff.objects.all()}
        cast.inactive = next(learner for learner in cast.learners if learner.state == "inactive")
        cast.restricted = next(learner for learner in cast.learners if learner.restricted)
    return cast
