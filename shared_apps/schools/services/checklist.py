"""What a new school and its installation should have by when, and what of it is there."""

from dataclasses import dataclass
from datetime import datetime

from shared_apps.deliveries.services.providers import providers
from shared_apps.deliveries.services.read import figures_of
from shared_apps.schools import rules
from shared_apps.schools.models import Onboarding, Welcome
from shared_apps.schools.services.welcome import due, milestones
from tenants.ask import Unavailable


@dataclass(frozen=True)
class Item:
    """One line: `done`, `due`, `overdue`, or `unknown`."""

    name: str
    state: str
    due: datetime | None
    done_at: datetime | None = None


def checklist(onboarding: Onboarding, *, now: datetime) -> list[Item]:
    """What the school and its installation should have, each with its deadline. Nothing when it is not live yet."""
    welcome = Welcome.objects.filter(pk=onboarding.pk).first()
    if welcome is None:
        return []
    seen = milestones(welcome, now=now)
    known = not isinstance(figures_of([onboarding.school], now=now)[onboarding.school], Unavailable)
    wanted = [(name, due(welcome, after, now=now)) for name, after in rules.DEADLINES.items()]
    return _installation() + [_item(name, by, seen.get(name), known, now) for name, by in wanted]


def _installation() -> list[Item]:
    """Email must be ready; app notifications are named once their keys are there."""
    ready = {one.channel: one.ready for one in providers()}
    told = [Item("email", "done" if ready["email"] else "overdue", None)]
    return told + ([Item("push", "done", None)] if ready["push"] else [])


def _item(name: str, by: datetime, seen: datetime | None, known: bool, now: datetime) -> Item:
    if seen:
        return Item(name, "done", by, seen)
    if not known:
        return Item(name, "unknown", by)
    return Item(name, "overdue" if now > by else "due", by)
