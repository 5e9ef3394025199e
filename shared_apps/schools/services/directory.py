"""The list of schools as platform people see it: within reach, by name, counted without counting."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.db import connection
from django.db.models import Count, F, Func, Q, QuerySet, Sum, TextField

from shared_apps.groups.services import EVERYWHERE, regions_of, under, within_reach
from shared_apps.schools.models import SchoolTally, UsedSlug
from shared_apps.schools.rules import Place, folded, grams, read_cursor
from tenants.actor import Actor
from tenants.models import School, SchoolState
from tenants.problems import invalid, not_found

STATES = ("all", *SchoolState.values)
COUNTED = 1_000  # a search says "1 000+" from here on
ORDER = ("folded", "id")
PICKED = 10
FOLDED = Func(F("name"), function="schools_folded", output_field=TextField())
# The differences become their sum in one statement: a reader finds either the ones or the other.
ADD_UP = """
WITH gone AS (DELETE FROM schools_schooltally RETURNING region, state, difference)
INSERT INTO schools_schooltally (region, state, difference)
SELECT region, state, sum(difference) FROM gone GROUP BY region, state HAVING sum(difference) <> 0
"""


@dataclass(frozen=True)
class Sought:
    """What a list is asked for: one of STATES, and words that must all be in the name or the timezone."""

    state: str = "all"
    search: str = ""


@dataclass(frozen=True)
class Page:
    """One page of the list, with the cursors that lead on and back."""

    rows: list[School]
    following: str | None
    previous: str | None


def find(actor: Actor, sought: Sought) -> QuerySet[School, Any]:
    """The schools `actor` reaches among those sought, by name."""
    found: QuerySet[School, Any] = within_reach(actor).annotate(folded=FOLDED).order_by(*ORDER)
    if sought.state != "all":
        found = found.filter(state=sought.state)
    words = folded(sought.search).split()
    if words:
        plain = Func(F("name"), F("timezone"), function="schools_plain", output_field=TextField())
        letters = Func(plain, function="schools_grams", output_field=ArrayField(TextField()))
        found = found.alias(plain=plain, letters=letters)
        found = found.filter(letters__contains=[gram for word in words for gram in grams(word)])
        for word in words:
            found = found.filter(plain__contains=word)
    return found


def place(cursor: str) -> Place | None:
    """Where a page begins; None for the beginning. Raises Refusal (422 `cursor`)."""
    found = read_cursor(cursor) if cursor else None
    if cursor and found is None:
        raise invalid("cursor", "unreadable", "This cursor is not one of ours.")
    return found


def page_of(
    found: QuerySet[School, Any], *, limit: int, after: Place | None = None, before: Place | None = None
) -> Page:
    """Up to `limit` schools right behind `after`, right before `before`, or from the beginning."""
    if before:
        # The bare bound on the name is what the index begins with; the exact place is decided behind it.
        nearer = Q(folded__lt=before.name) | Q(folded=before.name, id__lt=before.id)
        rows = list(found.filter(nearer, folded__lte=before.name).reverse()[: limit + 1])
        more, rows = len(rows) > limit, rows[:limit][::-1]
        return Page(rows, cursor_of(rows[-1]) if rows else None, cursor_of(rows[0]) if more else None)
    if after:
        further = Q(folded__gt=after.name) | Q(folded=after.name, id__gt=after.id)
        found = found.filter(further, folded__gte=after.name)
    rows = list(found[: limit + 1])
    more, rows = len(rows) > limit, rows[:limit]
    return Page(rows, cursor_of(rows[-1]) if more else None, cursor_of(rows[0]) if after and rows else None)


def cursor_of(school: Any) -> str:
    return Place(school.folded, school.id).cursor()


def one(actor: Actor, school_id: UUID) -> School:
    """A school within reach. Raises Refusal 404 for any other."""
    school: School | None = within_reach(actor).select_related("placement").filter(pk=school_id).first()
    if school is None:
        raise not_found()
    return school


def pick(actor: Actor, text: str) -> list[School]:
    """The first few schools that `text` could mean."""
    return list(find(actor, Sought(search=text))[:PICKED])


def only_match(actor: Actor, text: str) -> School | None:
    """The one school of this name or workspace address within reach; None when it is none or several."""
    named = list(within_reach(actor).annotate(folded=FOLDED).filter(folded=folded(text))[:2])
    found: School | None = named[0] if len(named) == 1 else within_reach(actor).filter(slug=text.lower()).first()
    return found


def was_address_of(school_id: UUID, slug: str) -> bool:
    """Whether this workspace address is or was the school's."""
    return bool(UsedSlug.objects.filter(slug=_typed(slug), school=school_id).exists())


def was_an_address(slug: str) -> bool:
    """Whether this is or was the workspace address of any school; nobody chooses what a visitor types."""
    typed = _typed(slug)
    return bool(UsedSlug.objects.filter(slug=typed).exists() or School.objects.filter(slug=typed).exists())


def _typed(slug: str) -> str:
    """What may stand in an address and not in the database is left out."""
    return slug.replace("\0", "")[:64]


# -- how many ----------------------------------------------------------------------------------------------------------


def counts(actor: Actor, search: str = "") -> dict[str, int]:
    """How many schools each tab holds, at most COUNTED and one more under a search."""
    if search:
        states = list(find(actor, Sought(search=search)).order_by().values_list("state", flat=True)[: COUNTED + 1])
        by_state = {state: states.count(state) for state in SchoolState.values}
    elif actor.roles & EVERYWHERE:
        by_state = _tallied(Q())
    elif "local_operator" not in actor.roles:
        regions = Q(pk__in=[])
        for region in regions_of(actor):
            regions |= under(region)
        by_state = _tallied(regions)
    else:  # a circle is as large as one person can look after
        rows = within_reach(actor).order_by().values_list("state").annotate(count=Count("pk"))
        by_state = dict(rows)
    return {"all": sum(by_state.values()), **{state: by_state.get(state, 0) for state in SchoolState.values}}


def _tallied(regions: Q) -> dict[str, int]:
    rows = SchoolTally.objects.filter(regions).values_list("state").annotate(count=Sum("difference"))
    return dict(rows)


def add_up() -> None:
    """Put the sums of the tally in the place of its differences, so that reading it stays short."""
    with connection.cursor() as cursor:
        cursor.execute(ADD_UP)
