"""Who may be there already: what a person should look at before a school is made a second time."""

from dataclasses import dataclass
from difflib import SequenceMatcher

from django.db.models import Q

from shared_apps.groups.services import within_reach
from shared_apps.identity.services.accounts import is_known
from shared_apps.schools import rules
from shared_apps.schools.services.onboarding_answers import Answers
from tenants.actor import Actor
from tenants.models import School

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


def alike(name: str, *, actor: Actor) -> list[School]:
    """The five schools within reach whose names are most like this one; those that are not like it are left out."""
    near = Q(slug__startswith=rules.slug_of(name)) | Q(name__iexact=name)
    for word in rules.telling_words(name)[:3]:
        near |= Q(slug__contains=word[: rules.STEM])
    wanted = rules.plain(name)
    found = within_reach(actor).filter(near).order_by("name")[:200]
    rated = [(SequenceMatcher(None, wanted, rules.plain(school.name)).ratio(), school) for school in found]
    kept = sorted((pair for pair in rated if pair[0] >= ALIKE), key=lambda pair: -pair[0])
    return [school for _, school in kept[:5]]
