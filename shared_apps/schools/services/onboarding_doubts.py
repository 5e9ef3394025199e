"""Who may be there already: what a person should look at before a school is made a second time."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from uuid import UUID

from django.db.models import Q

from shared_apps.groups.services import within_reach
from shared_apps.identity.services.accounts import is_known
from shared_apps.schools import rules
from shared_apps.schools.services.onboarding_answers import Answers
from tenants.actor import Actor
from tenants.models import School
from tenants.problems import Refusal

ALIKE = 0.72  # of two names, from 0 to 1


@dataclass(frozen=True)
class Doubts:
    """What a person should look at before a school is made a second time."""

    schools: list[School]
    known: list[str]  # roles whose address can sign in already: they keep their password


def doubts(answers: Answers, *, actor: Actor) -> Doubts:
    """Schools within reach with a similar name, and addresses that are known."""
    known = [role for role, person in answers.people().items() if is_known(person.email)]
    return Doubts(alike(answers.name, actor=actor), known)


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
    for word in rules.telling_words(name)[:3]:
        near |= Q(slug__contains=word[: rules.STEM])
    wanted = rules.plain(name)
    found = within_reach(actor).filter(near).order_by("name")[:200]
    rated = [(SequenceMatcher(None, wanted, rules.plain(school.name)).ratio(), school) for school in found]
    kept = sorted((pair for pair in rated if pair[0] >= ALIKE), key=lambda pair: -pair[0])
    return [school for _likeness, school in kept[:5]]
