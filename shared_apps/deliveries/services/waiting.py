"""How many dead letters wait for somebody, in one row to which others may add what they count."""

from datetime import datetime
from typing import Any

from django.db.models import Case, Exists, F, Func, IntegerField, QuerySet, Subquery, When
from django.db.models.functions import Coalesce

from shared_apps.deliveries.models import SchoolFigures, Trouble
from shared_apps.deliveries.rules import STALE_AFTER
from shared_apps.deliveries.services.places import sees_post
from shared_apps.groups.services import within_reach
from shared_apps.post.services import dead
from tenants.actor import Actor


def dead_letters(actor: Actor, *, now: datetime) -> QuerySet[Trouble, Any]:
    """One row with `dead`: those of the schools within reach that told lately, and the platform's own mail for who sees
    it. None where there are schools and not one told."""
    reached = within_reach(actor)
    lately = SchoolFigures.objects.filter(school__in=reached.values("pk"), as_of__gte=now - STALE_AFTER)
    found: Any = Coalesce(Func(F("count"), function="SUM", output_field=IntegerField()), 0)
    if sees_post(actor):
        found += Subquery(number_of(dead.dead()))
    known = Case(When(Exists(lately) | ~Exists(reached), then=found))
    return Trouble.objects.filter(state="dead", school__in=lately.values("pk")).annotate(dead=known).values("dead")


def number_of(rows: QuerySet[Any]) -> QuerySet[Any, Any]:
    """A statement's part that counts rows."""
    count = Func(F("pk"), function="COUNT", output_field=IntegerField())
    counted: QuerySet[Any, Any] = rows.order_by().annotate(number=count).values("number")
    return counted
