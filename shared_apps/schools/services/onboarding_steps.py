"""The three steps that make a school: build it, take its first people on, open it."""

from dataclasses import dataclass
from typing import Any

from shared_apps.audit.services import record
from shared_apps.groups.models import Circle, CircleSchool
from shared_apps.identity.services.accounts import account_of, give_role
from shared_apps.schools import rules
from shared_apps.schools.models import Draft, Onboarding, UsedSlug
from shared_apps.schools.services.onboarding_check import admin_check
from shared_apps.schools.services.onboarding_drafts import opened
from shared_apps.workflows.services.registry import StepError, Task
from tenants import provisioning
from tenants.ask import Unavailable, ask
from tenants.models import School, SchoolState, school_ref

BY = "system:onboarding"


@dataclass(frozen=True)
class Ground:
    """What the provisioner knows before its one transaction."""

    onboarding: Onboarding
    slug: str
    text: str


def survey(task: Task) -> Ground:
    """A free address and the text that builds a school. Two that want the same address: the later one tries again."""
    onboarding = Onboarding.objects.get(pk=task.run)
    base = rules.slug_of(onboarding.name)
    # An address that once was another school's is refused by the database; a reserved one would look like the product.
    taken = rules.RESERVED | set(UsedSlug.objects.filter(slug__startswith=base).values_list("slug", flat=True))
    return Ground(onboarding, rules.free_slug(base, taken), provisioning.golden_text())


def build(task: Task, ground: Ground) -> dict[str, Any]:
    """Role, schema, first rows and the platform's record, in the transaction in which the step is done."""
    wanted = ground.onboarding
    school = provisioning.provision(
        name=wanted.name, slug=ground.slug, timezone=wanted.timezone, region=wanted.region, school_id=wanted.school,
        seed=provisioning.born_with("people", bell=rules.BELL, close_time=wanted.close_time), state=SchoolState.PENDING,
        text=ground.text,
    )  # fmt: skip
    return {"school": str(school.id)}


def take_on(task: Task) -> Onboarding:
    """The first people's rows in their school, each under the id chosen for it, so that twice is once."""
    onboarding = Onboarding.objects.get(pk=task.run)
    draft = Draft.objects.filter(pk=task.run).first()
    if draft is None:
        raise StepError("answers_gone", permanent=True)
    persons = {"school_admin": onboarding.admin, "gate_officer": onboarding.officer}
    people = []
    for role, person in opened(draft).people().items():
        given, family = rules.two_names(person.name)
        people.append({"id": persons[role], "given_name": given, "family_name": family, "email": person.email})
    ask(school_ref(onboarding.school), "people.take_on", people=people, now=task.now)
    return onboarding


def give_access(task: Task, onboarding: Onboarding) -> dict[str, Any]:
    """Their accounts and roles; then the answers are deleted: nobody needs them any more."""
    draft = Draft.objects.select_for_update().get(pk=task.run)
    persons = {"school_admin": onboarding.admin, "gate_officer": onboarding.officer}
    result: dict[str, Any] = {"generate": []}
    for role, person in opened(draft).people().items():
        login, new = account_of(email=person.email, password_hash=person.password_hash)
        give_role(email=person.email, role=role, by=BY, now=task.now, school=onboarding.school, person=persons[role])
        result[role] = str(login.id)
        if new and (person.generated or not person.password_hash):
            result["generate"].append(role)
    record("schools.people_taken_on", by=BY, now=task.now, school=onboarding.school, facts={"run": str(task.run)})
    draft.delete()
    return result


def look(task: Task) -> Onboarding:
    """See that the school answers and has its admin, before it is opened."""
    onboarding = Onboarding.objects.get(pk=task.run)
    found = admin_check(onboarding.school)
    if isinstance(found.present, Unavailable):
        raise StepError("school_unavailable")
    if not found.present:
        raise StepError("no_admin")
    return onboarding


def open_school(task: Task, onboarding: Onboarding) -> dict[str, Any]:
    """The school is active."""
    school = admit(onboarding)
    record("schools.provisioned", by=BY, now=task.now, school=school.id, facts={"run": str(task.run)})
    return {"state": school.state}


def admit(onboarding: Onboarding) -> School:
    """Let a school that waits for it work, in its circle. One that somebody suspended meanwhile stays so."""
    school: School = School.objects.select_for_update().get(pk=onboarding.school)
    if school.state == SchoolState.PENDING:
        school.state = SchoolState.ACTIVE
        school.save(update_fields=["state"])
    if onboarding.circle and Circle.objects.filter(pk=onboarding.circle).exists():
        CircleSchool.objects.get_or_create(circle_id=onboarding.circle, school=school)
    return school
