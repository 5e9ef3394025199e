"""Is a school really live? Looked at on day thirty, and again when somebody asks; what was found is kept."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.db import transaction

from shared_apps.audit.services import record
from shared_apps.deliveries.services.read import figures_of
from shared_apps.schools import rules
from shared_apps.schools.models import Onboarding, Verdict, Welcome
from shared_apps.schools.rules import Criterion, Found
from shared_apps.schools.services.criteria import criteria
from shared_apps.schools.services.welcome import BY, due
from shared_apps.schools.services.welcome_letters import LOOK_AGAIN, open_welcome
from shared_apps.workflows.services.registry import NotYet, Task
from tenants.actor import Actor
from tenants.ask import Unavailable
from tenants.problems import conflict


def look(task: Task) -> tuple[Welcome, list[Criterion]]:
    """The figures of day thirty. When there are none, a day is waited for them."""
    welcome = open_welcome(task)
    by = due(welcome, rules.EVALUATED_AFTER, now=task.now)
    if task.now < by:
        raise NotYet(by)
    school = welcome.onboarding.school
    told = figures_of([school], now=task.now)[school]
    if isinstance(told, Unavailable) and task.now - by <= rules.DAY:
        raise NotYet(task.now + LOOK_AGAIN)
    return welcome, criteria(told, now=task.now)


def evaluate(task: Task, found: tuple[Welcome, list[Criterion]]) -> dict[str, Any]:
    """Keep what was found."""
    return {"verdict": keep(*found, by=BY, now=task.now)}


def again(onboarding: Onboarding, *, by: Actor, now: datetime) -> str:
    """Look once more, now; the verdict. Raises 409 before the first look."""
    welcome = _evaluated(onboarding)
    told = figures_of([onboarding.school], now=now)[onboarding.school]
    with transaction.atomic():
        return keep(welcome, criteria(told, now=now), by=by.name_in_audit, now=now)


def keep(welcome: Welcome, found: list[Criterion], *, by: str, now: datetime) -> str:
    """Write a look down with its evidence; what somebody saw to before counts for the look before."""
    met = all(one.found is Found.MET for one in found)
    welcome.verdict = Verdict.LIVE if met else Verdict.FOLLOW_UP
    welcome.criteria, welcome.evaluated_at = [asdict(one) for one in found], now
    welcome.followed_up_at, welcome.followed_up_by = None, ""
    welcome.save()
    facts = {"run": str(welcome.run_id), "verdict": str(welcome.verdict), "criteria": welcome.criteria}
    record("schools.go_live_evaluated", by=by, now=now, school=welcome.onboarding.school, facts=facts)
    return str(welcome.verdict)


def _evaluated(onboarding: Onboarding) -> Welcome:
    found = Welcome.objects.select_related("onboarding").filter(pk=onboarding.pk).exclude(evaluated_at=None).first()
    if found is None:
        raise conflict("This school has not been evaluated yet.")
    return found


def follow_up(onboarding: Onboarding, *, by: Actor, now: datetime) -> None:
    """Somebody saw to what was missing. Raises 409 when nothing is to be followed up."""
    open_ones = Welcome.objects.filter(pk=onboarding.pk, verdict=Verdict.FOLLOW_UP, followed_up_at=None)
    with transaction.atomic():
        if not open_ones.update(followed_up_at=now, followed_up_by=by.name_in_audit):
            raise conflict("Nothing is to be followed up here.")
        facts = {"onboarding": str(onboarding.pk)}
        record("schools.go_live_followed_up", by=by.name_in_audit, now=now, school=onboarding.school, facts=facts)
