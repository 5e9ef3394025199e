"""Learners as people look them up: with class, badge and whether they are on site now."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet
from django.db.models.functions import Lower

from tenant_apps.gate.rules import day_bounds, local_day
from tenant_apps.gate.services.badges import BadgeState, badges_of
from tenant_apps.gate.services.presence import on_site_among
from tenant_apps.people.models import Learner, LearnerState
from tenant_apps.people.services.classes import visible_classes
from tenant_apps.people.services.learners import visible
from tenant_apps.roster.rules import After, read_cursor
from tenants.actor import Actor
from tenants.current import current_school
from tenants.ids import parse_id
from tenants.problems import invalid, not_found

STATES = ("active", "all", "on_site")
NAME_ORDER = ("family", "given", "id")


@dataclass(frozen=True)
class Sight:
    """One learner as a list shows them. `badge`: the one they carry, else the last one taken away."""

    learner: Learner
    badge: BadgeState | None
    on_site: bool


@dataclass(frozen=True)
class Sought:
    """What a list is asked for: one of STATES. `class_group` has been checked to be the actor's to see."""

    state: str = "active"
    search: str = ""
    class_group: UUID | None = None


def class_in_sight(actor: Actor, class_id: str) -> UUID | None:
    """The class a list is narrowed to; None for no wish. Raises Refusal 404 for a class the actor may not see."""
    if not class_id:
        return None
    key = parse_id(class_id)
    if key not in {group.id for group in visible_classes(actor)}:
        raise not_found()
    return key


def find(actor: Actor, sought: Sought, *, now: datetime) -> QuerySet[Learner]:
    """The learners `actor` may see among those sought, in name order; each word is looked for in names and number."""
    found = visible(actor).annotate(family=Lower("family_name"), given=Lower("given_name")).order_by(*NAME_ORDER)
    if sought.state == "active":
        found = found.filter(state=LearnerState.ACTIVE)
    if sought.state == "on_site":
        first, after = day_bounds(local_day(now, current_school().zone), current_school().zone)
        found = found.filter(presence__on_site=True, presence__since__gte=first, presence__since__lt=after)
    if sought.class_group:
        found = found.filter(class_group=sought.class_group)
    for word in sought.search.split():
        found = found.filter(Q(family_name__icontains=word) | Q(given_name__icontains=word) | Q(number__icontains=word))
    return found


def place(cursor: str) -> After | None:
    """Where a page begins; None for the beginning. Raises Refusal (422 `cursor`)."""
    after = read_cursor(cursor) if cursor else None
    if cursor and after is None:
        raise invalid("cursor", "unreadable", "This cursor is not one of ours.")
    return after


def page_of(
    found: QuerySet[Learner], *, after: After | None, limit: int, now: datetime
) -> tuple[list[Sight], str | None]:
    """Up to `limit` learners behind `after`, and the cursor of the next page, if there is one."""
    if after:
        same_family = Q(family=after.family_name)
        found = found.filter(
            Q(family__gt=after.family_name)
            | same_family & Q(given__gt=after.given_name)
            | same_family & Q(given=after.given_name, id__gt=after.id)
        )
    rows = list(found[: limit + 1])
    following = None
    if len(rows) > limit:
        rows = rows[:limit]
        last = rows[-1]
        following = After(last.family, last.given, last.id).cursor()  # type: ignore[attr-defined]
    return sights(rows, now=now), following


def sights(learners: Iterable[Learner], *, now: datetime) -> list[Sight]:
    """Badge and presence of each: two statements, whatever their number."""
    learners = list(learners)
    ids = [learner.id for learner in learners]
    badges, here = badges_of(ids), on_site_among(ids, now=now)
    return [Sight(learner, badges.get(learner.id), learner.id in here) for learner in learners]


def one(actor: Actor, learner_id: str, *, now: datetime) -> Sight:
    """One learner. Raises Refusal 404 for one the actor may not see, and for an id that is none."""
    key = parse_id(learner_id)
    learner = visible(actor).filter(pk=key).first() if key else None
    if learner is None:
        raise not_found()
    return sights([learner], now=now)[0]


def counts(actor: Actor, sought: Sought, *, now: datetime) -> dict[str, int]:
    """How many learners each tab of the list holds under the same search and class."""
    return {state: find(actor, replace(sought, state=state), now=now).count() for state in STATES}
