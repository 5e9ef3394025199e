"""A process in which an operator's page does its work, killed by SIGKILL around the n-th commit of it.

`python -m tests.faults.dying_page DEED N before|after ARGUMENT`: `begin` (a reviewed draft's id), `hand-over` (an
onboarding's id), `settings` (a school's slug), `reset` (a school's slug). Exits 3 when that commit never came.
"""

import sys
from uuid import UUID

import django

if __name__ == "__main__":
    django.setup()

from django.utils import timezone

from shared_apps.identity.models import Login
from shared_apps.identity.services.sign_in import email_hash
from shared_apps.schools.models import Draft, Onboarding
from shared_apps.schools.rules import mark_of
from shared_apps.schools.services import onboarding, onboarding_handover, settings, support
from tenants.actor import Actor
from tenants.models import School
from tests.faults.dying_run import die_around
from tests.schools.acts import OPERATOR


def operator() -> Actor:
    login = Login.objects.get(email_hash=email_hash(OPERATOR))
    return Actor(kind="person", scope="platform", roles=frozenset({"operator"}), login=login.id)


def begin(draft: str) -> Onboarding:
    found = Draft.objects.filter(pk=draft).first() or Draft(id=UUID(draft))
    return onboarding.begin(found, review=found.digest, by=operator(), now=timezone.now())


def hand_over(key: str, *, again: bool = False) -> list[str]:
    found = Onboarding.objects.get(pk=key)
    slips = onboarding_handover.hand_over(found, again=again, passwords=False, by=operator(), now=timezone.now())
    return [slip.link for slip in slips]


def change_settings(slug: str) -> dict[str, dict[str, str]]:
    school = School.objects.select_related("placement").get(slug=slug)
    told = settings.school_settings(school)
    values = {"close_time": "15:30", "default_language": "af"}
    return settings.change_school(
        by=operator(), school_id=school.id, seen=mark_of(told), values=values, now=timezone.now()
    )  # fmt: skip


def reset(slug: str) -> str:
    school = School.objects.get(slug=slug)
    return support.reset_access(
        by=operator(), school_id=school.id, email=f"admin@{slug}.example", now=timezone.now()
    )  # fmt: skip


DEEDS = {"begin": begin, "hand-over": hand_over, "settings": change_settings, "reset": reset}

if __name__ == "__main__":
    deed, number, when, argument = sys.argv[1:]
    operator()  # the connection is there before commits are counted
    die_around(int(number), when)
    DEEDS[deed](argument)
    sys.exit(3)
