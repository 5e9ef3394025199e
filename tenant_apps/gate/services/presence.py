"""Who is on site: a projection of the admitted scans, true for the local day of its last one."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import connections
from django.db.models import QuerySet

from tenant_apps.gate import rules
from tenant_apps.gate.models import Presence, Scan
from tenant_apps.gate.services.ground import seen
from tenants.current import current_school
from tenants.ids import new_id
from tenants.pipeline import send

# Nothing older than what stands overwrites it: the guard is in the statement, so that no race can pass it.
PUT = """
INSERT INTO {s}.gate_presence AS old (id, learner_id, on_site, since, gate_id)
SELECT * FROM unnest(%s::uuid[], %s::uuid[], %s::boolean[], %s::timestamptz[], %s::uuid[])
ON CONFLICT (learner_id) DO UPDATE
SET on_site = excluded.on_site, since = excluded.since, gate_id = excluded.gate_id
WHERE old.since <= excluded.since
"""


@dataclass(frozen=True)
class OnSite:
    """Everybody on site at `as_of`, the first to arrive first; each row has its learner, class and gate."""

    rows: list[Presence]
    as_of: datetime


def put(found: Mapping[UUID, rules.Seen]) -> None:
    """Write where these scans put their learners, unless something newer stands there."""
    if not found:
        return
    columns: list[Any] = [
        [new_id() for _ in found],
        list(found),
        [scan.direction is rules.Direction.IN for scan in found.values()],
        [scan.scanned_at for scan in found.values()],
        [scan.gate for scan in found.values()],
    ]
    send(PUT, columns)


def who_is_on_site(*, now: datetime) -> OnSite:
    """The roll of who is on site. One statement."""
    rows = _today(now).select_related("learner__class_group", "gate").order_by("since", "learner_id")
    return OnSite(list(rows), now)


def how_many_on_site(*, now: datetime) -> int:
    return int(_today(now).count())


def on_site_among(learners: Collection[UUID], *, now: datetime) -> set[UUID]:
    """Which of these learners are on site. One statement."""
    return set(_today(now).filter(learner__in=learners).values_list("learner", flat=True))


def _today(now: datetime) -> "QuerySet[Presence]":
    zone = current_school().zone
    first, after = rules.day_bounds(rules.local_day(now, zone), zone)
    return Presence.objects.filter(on_site=True, since__gte=first, since__lt=after)


def rebuild_presence() -> int:
    """Throw the projection away and make it again from the scans; how many learners it holds."""
    zone = current_school().zone
    with connections[current_school().alias].cursor() as cursor:
        # A scan that is being recorded waits at its last step and then adds itself.
        cursor.execute("LOCK TABLE gate_presence IN EXCLUSIVE MODE")
    Presence.objects.all().delete()
    found: dict[UUID, rules.Seen] = {}
    last: dict[tuple[UUID, date], rules.Seen] = {}
    for scan in Scan.objects.filter(verdict="admitted").order_by("recorded_at"):
        this, day = seen(scan), (scan.learner_id, rules.local_day(scan.scanned_at, zone))
        before = found.get(scan.learner_id)
        if rules.moves_presence(this, last.get(day)) and (before is None or before.scanned_at <= this.scanned_at):
            found[scan.learner_id] = this
        last[day] = max(this, last.get(day, this), key=lambda one: one.order)
    put(found)
    return len(found)
