"""Fills one school with people: staff, classes, families, gates and badges. One transaction, so all or nothing."""

from dataclasses import dataclass
from datetime import datetime
from random import Random
from uuid import UUID

from config.demo import calendar, names
from tenant_apps.gate.services.badges import issue_badge
from tenant_apps.gate.services.gates import add_gate
from tenant_apps.people.models import ClassGroup, Staff
from tenant_apps.people.services.calendar import open_year
from tenant_apps.people.services.classes import create_class
from tenant_apps.people.services.guardians import add_guardian
from tenant_apps.people.services.learners import enrol
from tenant_apps.people.services.staff import hire
from tenants.actor import Actor, system
from tenants.current import SchoolRef
from tenants.scope import school_scope


@dataclass(frozen=True)
class Plan:
    """What one demo school looks like. `classes` are (name, grade); `signing_in` are addresses of staff."""

    slug: str
    name: str
    active: bool
    number: int  # keeps learners' and telephone numbers of the schools apart
    classes: tuple[tuple[str, int], ...]
    gates: tuple[str, ...]
    signing_in: tuple[str, ...]
    learners: int
    region: str


def fill(ref: SchoolRef, plan: Plan, *, now: datetime) -> None:
    """Make everybody, unless they are there already."""
    with school_scope(ref):
        if not ClassGroup.objects.exists():
            _Founding(ref, plan, now).everything()


def signing_in(ref: SchoolRef, plan: Plan) -> dict[str, UUID]:
    """The Staff row behind each address of `plan.signing_in`."""
    with school_scope(ref):
        found = {member.email: member.id for member in Staff.objects.filter(active=True)}
    return {email: found[email] for email in plan.signing_in}


class _Founding:
    """The first day of a school: what one step makes, the next one uses."""

    def __init__(self, ref: SchoolRef, plan: Plan, now: datetime) -> None:
        self.by: Actor = system("demo", ref)
        self.plan = plan
        self.now = now
        self.first_day = max(calendar.today(ref, now), min(first for _, first, _ in calendar.TERMS))
        self.rng = Random(plan.slug)

    def everything(self) -> None:
        open_year(by=self.by, now=self.now, year=calendar.YEAR, terms=calendar.TERMS, days=calendar.HOLIDAYS)
        for gate in self.plan.gates:
            add_gate(by=self.by, now=self.now, name=gate)
        classes = self._classes(self._staff())
        self._families(classes)

    def _staff(self) -> list[Staff]:
        """Those who sign in first, then teachers for the classes that are left."""
        teachers = []
        for email in self.plan.signing_in:
            member = self._hire(email)
            if email.startswith(("teacher", "both")):
                teachers.append(member)
        domain = f"{self.plan.slug}.example"
        while len(teachers) < len(self.plan.classes):
            teachers.append(self._hire(f"teacher{len(teachers) + 1}@{domain}"))
        return teachers

    def _hire(self, email: str) -> Staff:
        given, family = names.person(self.rng)
        return hire(by=self.by, now=self.now, given_name=given, family_name=family, email=email, login=None)

    def _classes(self, teachers: list[Staff]) -> list[ClassGroup]:
        return [
            create_class(by=self.by, now=self.now, year=calendar.YEAR, name=name, grade=grade, teacher=teacher)
            for (name, grade), teacher in zip(self.plan.classes, teachers, strict=True)
        ]

    def _families(self, classes: list[ClassGroup]) -> None:
        child = adult = 0
        for family in names.families(self.plan.learners, self.rng):
            children = []
            for given in family.children:
                learner = enrol(
                    by=self.by, now=self.now, number=f"{self.plan.number}{child + 1:05}", given_name=given,
                    family_name=family.family_name, class_group=classes[child % len(classes)],
                    enrolled_on=self.first_day,
                )  # fmt: skip
                issue_badge(by=self.by, now=self.now, learner=learner)
                children.append(learner)
                child += 1
            for parent in family.parents:
                adult += 1
                add_guardian(
                    by=self.by, now=self.now, given_name=parent.given_name, family_name=parent.family_name,
                    language=parent.language, email=f"guardian{adult}@families.{self.plan.slug}.example",
                    phone=f"+278200{self.plan.number}{adult:04}",
                    children=[(one, parent.relation, parent.may_contact, parent.may_collect) for one in children],
                )  # fmt: skip
