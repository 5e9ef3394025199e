"""Learners as people look them up: with class, badge and whether they are on site now."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db.models import F, Q, QuerySet
from django.db.models.functions import Lower

from tenant_apps.attendance.rules import local_day
from tenant_apps.gate.models import Badge, Presence
from tenant_apps.people.models import Learner, LearnerState
from tenant_apps.people.services.classes import visible_classes
from tenant_apps.people.services.learners import visible
from tenant_apps.roster.rules import After, read_cursor
from tenants.actor import Actor
from tenants.current import current_school
from tenants.ids import parse_id
from tenants.problems import invalid, not_found

NAME_ORDER = ("family", "given", "id")


@dataclass(frozen=True)
class Sight:
    """One learner as a list shows them. `badge`: the one they carry, else the last one taken away."""

    learner: Learner
    badge: Badge | None
    presence: Presence | None  # of today; an older one says nothing any more

    @property
    def on_site(self) -> bool:
        return self.presence is not None and self.presence.on_site


@dataclass(frozen=True)
class Sought:
    """What a list is asked for. `class_group` has been checked to be the actor's to see."""

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


def find(actor: Actor, sought: Sought) -> QuerySet[Learner]:
    """The learners `actor` may see among those sought, in name order; each word is looked for in names and number."""
    found = visible(actor).annotate(family=Lower("family_name"), given=Lower("given_name")).order_by(*NAME_ORDER)
    if sought.state == "active":
        found = found.filter(state=LearnerState.ACTIVE)
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
    badges: dict[UUID, Badge] = {}
    for badge in Badge.objects.filter(learner__in=ids).order_by(F("revoked_at").desc(nulls_first=True), "-issued_at"):
        badges.setdefault(badge.learner_id, badge)
    today = local_day(now, current_school().zone)
    presences = {
        presence.learner_id: presence
        for presence in Presence.objects.filter(learner__in=ids).select_related("gate")
        if is_of_day(presence, today)
    }
    return [Sight(learner, badges.get(learner.id), presences.get(learner.id)) for learner in learners]


def is_of_day(presence: Presence, day: date) -> bool:
    return local_day(presence.since, current_school().zone) == day


def one(actor: Actor, learner_id: str, *, now: datetime) -> Sight:
    """One learner. Raises Refusal 404 for one the actor may not see, and for an id that is none."""
    key = parse_id(learner_id)
    learner = visible(actor).filter(pk=key).first() if key else None
    if learner is None:
        raise not_found()
    return sights([learner], now=now)[0]


def counts(actor: Actor, sought: Sought) -> dict[str, int]:
    """How many learners each tab of the list holds under the same search and class."""
    return {state: find(actor, Sought(state, sought.search, sought.class_group)).count() for state in ("active", "all")}
