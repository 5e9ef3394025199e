"""Who may be there already: what a person should look at before a school is made a second time."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Q

from shared_apps.groups.services import EVERYWHERE, within_reach
from shared_apps.identity.services.accounts import is_known
from shared_apps.schools import rules
from shared_apps.schools.models import Onboarding
from shared_apps.schools.services import directory
from shared_apps.schools.services.onboarding_answers import Answers
from shared_apps.workflows.models import RunState
from tenants.actor import Actor
from tenants.models import School
from tenants.problems import Refusal

ALIKE = 0.72  # of two names, from 0 to 1
LOOKED_AT = 200
SHOWN = 5


@dataclass(frozen=True)
class Doubts:
    """What a person should look at before a school is made a second time."""

    schools: list[School]
    beginning: list[Onboarding]  # of schools on their way in: they are in no list of schools yet
    known: list[str]  # roles whose address can sign in already: they keep their password


def doubts(answers: Answers, *, actor: Actor) -> Doubts:
    """Schools within reach with a similar name, there or on their way in, and addresses that are known."""
    known = [role for role, person in answers.people().items() if is_known(person.email)]
    return Doubts(alike(answers.name, actor=actor), beginning(answers.name, actor=actor), known)


def must_have_seen(alike_ones: Sequence[School], seen: Iterable[UUID]) -> None:
    """Raises 409 `looks_like` with those of a similar name that nobody has looked at."""
    known = set(seen)
    if not all(school.pk in known for school in alike_ones):
        told = [{"id": str(school.pk), "slug": school.slug, "name": school.name} for school in alike_ones]
        detail = "Schools with a similar name are here already. Send their ids along if this is another one."
        raise Refusal(409, "looks_like", detail, extra={"schools": told})


def alike(name: str, *, actor: Actor) -> list[School]:
    """The five schools within reach whose names are most like this one; those that are not like it are left out."""
    near = Q(slug__startswith=rules.slug_of(name)) | Q(name__iexact=name)
    words = rules.telling_words(name)
    for word in words[:3]:
        near |= Q(slug__contains=word[: rules.STEM])
    found = {school.pk: school for school in within_reach(actor).filter(near).order_by("name")[:LOOKED_AT]}
    if words:  # those with every word of it: among many that only begin alike, they could be left out above
        whole = directory.find(actor, directory.Sought(search=" ".join(words)))[:LOOKED_AT]
        found |= {school.pk: school for school in whole}
    rated = [(rules.likeness(name, school.name), school) for school in found.values()]
    kept = sorted((pair for pair in rated if pair[0] >= ALIKE), key=lambda pair: (-pair[0], pair[1].name))
    return [school for _likeness, school in kept[:SHOWN]]


def beginning(name: str, *, actor: Actor) -> list[Onboarding]:
    """Onboardings of schools with a similar name that are not there yet, for those who reach such ones."""
    if actor.scope != "platform" or not actor.roles & EVERYWHERE:
        return []
    running = Onboarding.objects.filter(run__state=RunState.RUNNING).exclude(school__in=School.objects.values("pk"))
    rated = [(rules.likeness(name, one.name), one) for one in running.order_by("-pk")[:LOOKED_AT]]
    kept = sorted((pair for pair in rated if pair[0] >= ALIKE), key=lambda pair: -pair[0])
    return [one for _likeness, one in kept[:SHOWN]]
