"""The demo's schools and how they come about. Every step looks at what is there, so a seeding that was killed half
way, or long ago, is completed by the next one."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, time, timedelta

from config.demo import calendar, history, people, requests, sign_ins, specials
from config.demo.people import Plan
from shared_apps.schools.rules import mark_of
from shared_apps.schools.services import settings
from tenant_apps.people.for_platform import seed as first_rows
from tenants import provisioning
from tenants.actor import system
from tenants.current import SchoolRef
from tenants.models import School, SchoolState

GREENFIELD = Plan(
    "greenfield", "Greenfield Primary", True, 1,
    (("4B", 4), ("4A", 4), ("RA", 0), ("1A", 1), ("2A", 2), ("3A", 3), ("5A", 5), ("6A", 6), ("6B", 6), ("7A", 7)),
    ("Main gate", "Church Street gate"),
    (*(f"{word}@greenfield.example" for word, _ in sign_ins.STAFF), sign_ins.AT_BOTH), 300, "ZA-GP",
)  # fmt: skip
RIVERSIDE = Plan(
    "riverside", "Riverside High", True, 2,
    tuple((f"{grade}{letter}", grade) for grade in range(8, 13) for letter in "AB"),
    ("Main gate", "Sports field gate"),
    (*(f"{word}@riverside.example" for word, _ in sign_ins.STAFF), sign_ins.AT_BOTH), 300, "ZA-GP",
)  # fmt: skip
BAOBAB = Plan(
    "baobab", "Baobab Academy", False, 3, (("1A", 1), ("2A", 2)), ("Main gate",), ("admin@baobab.example",), 24,
    "ZA-WC",
)  # fmt: skip
PLANS = (GREENFIELD, RIVERSIDE, BAOBAB)
BELL, CLOSE = time(8), time(17)
ZONE = "Africa/Johannesburg"


def seed(*, now: datetime, size: int | None = None, say: Callable[[str], None] = lambda line: None) -> None:
    """Make what is missing of the demo's world. `size` is the number of learners of a school, for tests."""
    born = calendar.founded(now)
    sign_ins.make_platform(now=born)
    requests.make(now=now)
    for plan in PLANS:
        ref = _school(plan, say, now=now)
        people.fill(ref, replace(plan, learners=size or plan.learners), now=born)
        staff = people.signing_in(ref, plan)
        sign_ins.make_school(ref.id, staff, now=born)
        calendar.open_today(ref, now=now)
        if plan.active:
            history.fill(ref, now=now, officer=staff[f"officer@{plan.slug}.example"], say=say)
            specials.make(ref, day=calendar.today(ref, now), now=now - timedelta(days=1))


def renew(*, now: datetime) -> None:
    """Today is a school day in every demo school; asked again after midnight."""
    for school in School.objects.select_related("placement").filter(slug__in=[plan.slug for plan in PLANS]):
        calendar.open_today(school.ref(), now=now)


def _school(plan: Plan, say: Callable[[str], None], *, now: datetime) -> SchoolRef:
    found: School | None = School.objects.select_related("placement").filter(slug=plan.slug).first()
    if found is None:
        say(f"Making {plan.name}")
        state = SchoolState.ACTIVE if plan.active else SchoolState.DISABLED
        found = provisioning.provision(
            name=plan.name, slug=plan.slug, timezone=ZONE, seed=first_rows(bell=BELL, close_time=CLOSE), state=state,
            region=plan.region,
        )  # fmt: skip
    if not found.region:  # made before schools had one
        entry = settings.directory_entry(found)
        by = replace(system("demo"), roles=frozenset({"super_admin"}))
        values = {**entry, "region": plan.region}
        settings.change_directory(by=by, school_id=found.id, seen=mark_of(entry), values=values, now=now)
    return found.ref()
