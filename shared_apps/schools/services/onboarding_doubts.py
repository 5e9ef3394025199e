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
    alike = Q(slug__startswith=rules.slug_of(answers.name)) | Q(name__iexact=answers.name)
    for word in rules.telling_words(answers.name)[:3]:
        alike |= Q(slug__contains=word[: rules.STEM])
    wanted = rules.plain(answers.name)
    found = within_reach(actor).filter(alike).order_by("name")[:200]
    rated = [(SequenceMatcher(None, wanted, rules.plain(school.name)).ratio(), school) for school in found]
    near = sorted((pair for pair in rated if pair[0] >= ALIKE), key=lambda pair: -pair[0])
    known = [role for role, person in answers.people().items() if is_known(person.email)]
    return Doubts([school for _, school in near[:5]], known)
