"""The letters of a school's first thirty days, to its first admin.

The platform does not know the address: the school is asked for it when a letter goes, and it passes sealed to the post.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from shared_apps.audit.services import record
from shared_apps.identity.services.accounts import people_of
from shared_apps.identity.services.preferences import language_of
from shared_apps.post.services import send
from shared_apps.schools import rules
from shared_apps.schools.models import Welcome
from shared_apps.schools.rules import Fate
from shared_apps.schools.services.welcome import BY, due, reached
from shared_apps.workflows.services.registry import NotYet, Task
from tenants.ask import ask
from tenants.cells import CellDown
from tenants.models import School, SchoolState, school_ref

LOOK_AGAIN = timedelta(hours=1)
TIMERS = {timer.name: timer for timer in rules.DRIP}


@dataclass(frozen=True)
class Ready:
    """What was found out before a letter goes, outside of any transaction. It is never kept."""

    welcome: Welcome
    fate: str
    due: datetime
    to: str = ""
    language: str = ""


def weigh(task: Task) -> Ready:
    """Whether a letter goes now, and to whom. Raises NotYet while the school is suspended or something is not known."""
    welcome, timer = open_welcome(task), TIMERS[task.step]
    by = due(welcome, timer.after, now=task.now)
    done = _needless(welcome, timer, task)
    fate = rules.fate(timer, due=by, now=task.now, reached=done)
    if fate is Fate.WAIT:
        raise NotYet(by)
    if fate is Fate.UNKNOWN:
        raise NotYet(task.now + LOOK_AGAIN)
    if fate is not Fate.SEND:
        return Ready(welcome, fate, by)
    return _addressed(welcome, by, task.now)


def open_welcome(task: Task) -> Welcome:
    """The thirty days this run is about. Raises NotYet while the school is suspended: its time stands still."""
    welcome = Welcome.objects.select_related("onboarding").get(run=task.run)
    if School.objects.get(pk=welcome.onboarding.school).state != SchoolState.ACTIVE:
        raise NotYet(task.now + LOOK_AGAIN)
    return welcome


def _needless(welcome: Welcome, timer: rules.Timer, task: Task) -> bool | None:
    if timer.milestone == "live":
        return welcome.verdict == "live"
    return reached(welcome, timer.milestone, now=task.now) if timer.milestone else False


def _addressed(welcome: Welcome, by: datetime, now: datetime) -> Ready:
    """Ask the school where its admin is written to: the first one while they are that, else another."""
    school = welcome.onboarding.school
    admins = people_of("school_admin", school=school)
    first = welcome.onboarding.admin
    person = first if first in admins else min(admins, default=None)
    if person is None:
        return Ready(welcome, "no_admin", by)
    try:
        told = ask(school_ref(school), "people.write_to", person=person)
    except CellDown:
        raise NotYet(now + LOOK_AGAIN) from None
    if not told["email"]:
        return Ready(welcome, "no_address", by)
    return Ready(welcome, Fate.SEND, by, told["email"], language_of(person, school=school) or told["language"])


def post(task: Task, ready: Ready) -> dict[str, Any]:
    """Hand the letter to the post, or keep why there is none."""
    onboarding = ready.welcome.onboarding
    if ready.fate == Fate.SEND:
        facts = {"school": onboarding.name, "missing": " ".join(ready.welcome.missing)}
        send(
            template=f"schools/{task.step}", to=ready.to, language=ready.language, now=task.now, facts=facts,
            once=f"welcome:{task.run}:{task.step}", expires_at=rules.stale_at(TIMERS[task.step], ready.due),
        )  # fmt: skip
    told = {"run": str(task.run), "letter": task.step, "fate": str(ready.fate)}
    record("schools.welcome_letter", by=BY, now=task.now, school=onboarding.school, facts=told)
    return {"fate": str(ready.fate)}
