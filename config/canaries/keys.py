"""What is tried where a route wants an id or a word: the newest thing of its kind, the school's own and another's.

A name that no kind here answers to cannot be filled, and its route is told as not asked.
"""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from django.db.models import QuerySet

from config.canaries.marks import tables
from shared_apps.access.models import AccessRequest
from shared_apps.deliveries.models import BatchPart, DeadLetter
from shared_apps.identity.models import Membership
from shared_apps.schools.models import Draft, Onboarding
from shared_apps.workflows.models import Run
from tenant_apps.people.models import ClassGroup, Learner
from tenants.models import School

OTHERWISE_CALLED = {"class": "classgroup", "klass": "classgroup"}
BEGUN = ", begun"  # a word not written to its end: what it finds is then no repetition of the question
NOTHING = "0190c0de-0000-7000-8000-000000000000"  # where there is no such thing yet: the id of no row


@dataclass(frozen=True)
class Keys:
    """By name of the thing: the school's own, another's, and every thing there could be one of."""

    own: dict[str, str]
    foreign: dict[str, str]
    things: frozenset[str]

    def for_name(self, name: str) -> list[str]:
        things = (_thing(name), _thing(name) + BEGUN)
        return list(
            dict.fromkeys(keys[thing] for keys in (self.own, self.foreign) for thing in things if thing in keys)
        )

    def to_fill(self, name: str) -> list[str]:
        """For a place that must not stay empty."""
        return self.for_name(name) or [NOTHING]

    def knows(self, name: str) -> bool:
        return _thing(name) in self.things


def _thing(name: str) -> str:
    thing = name.removesuffix("_id")
    return OTHERWISE_CALLED.get(thing, thing)


# -- of a school ------------------------------------------------------------------------------------------------------


def school_things() -> frozenset[str]:
    return frozenset({str(model._meta.model_name) for model in tables()} | {"search"})


def newest_keys() -> dict[str, str]:
    """By name of the thing, the newest one's id of the open school; and a name to search for."""
    found = {}
    for model in tables():
        key = model.objects.order_by("-pk").values_list("pk", flat=True).first()
        if isinstance(key, UUID):
            found[str(model._meta.model_name)] = str(key)
    family = Learner.objects.values_list("family_name", flat=True).first()
    return {**found, "search": family} if family else found


def a_teacher() -> UUID | None:
    """Somebody with a class, so that a teacher's pages show what they show."""
    group = ClassGroup.objects.exclude(teacher=None).first()
    return group.teacher_id if group else None


# -- of the platform --------------------------------------------------------------------------------------------------


def _newest(rows: QuerySet, field: str = "pk") -> str:  # type: ignore[type-arg]
    key = rows.order_by("-pk").values_list(field, flat=True).first()
    return str(key) if key else ""


def _asked_from(school: School) -> str:
    return _newest(AccessRequest.objects.filter(region=school.region)) or _newest(AccessRequest.objects.all())


ON_THE_PLATFORM: dict[str, Callable[[School], str]] = {
    "school": lambda school: str(school.pk),
    "search": lambda school: school.name[:-1],
    "find": lambda school: school.name[:-1],
    "to": lambda school: school.name,
    "to" + BEGUN: lambda school: school.name[:-1],
    "onboarding": lambda school: _newest(Onboarding.objects.filter(school=school.pk)),
    "letter": lambda school: _newest(DeadLetter.objects.filter(school=school)),
    "batch": lambda school: _newest(BatchPart.objects.filter(school=school), "batch"),
    "draft": lambda school: _newest(Draft.objects.all()),
    "request": _asked_from,
    "person": lambda school: _newest(Membership.objects.filter(school=None, active=True), "login"),
    "run": lambda school: _newest(Run.objects.all()),
    "secret": lambda school: "",  # of a link that was sent to nobody
}


def platform_keys(school: UUID) -> dict[str, str]:
    """By name of the thing, what the platform has of one school; what it has not is left out."""
    row = School.objects.get(pk=school)
    return {name: key for name, find in ON_THE_PLATFORM.items() if (key := find(row))}


def platform_things() -> frozenset[str]:
    return frozenset(ON_THE_PLATFORM)
