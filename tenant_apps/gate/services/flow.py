"""Arrivals and departures per half hour: a projection of the scans that moved somebody."""

from collections import Counter
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta

from django.db import connections

from tenant_apps.gate import rules
from tenant_apps.gate.models import Flow, Scan
from tenants.current import current_school
from tenants.ids import new_id
from tenants.pipeline import send

HALF_HOUR = timedelta(minutes=30)
Slot = tuple[date, time]
MOVING = [code.value for code in rules.Code if code.moves]


def flow_of(day: date) -> list[tuple[time, int, int]]:
    """`(start of the half hour, arrivals, departures)` of a local day, in order; quiet half hours are left out."""
    rows = Flow.objects.filter(day=day).order_by("starts")
    return list(rows.values_list("starts", "arrivals", "departures"))


# The row is held before the scans are read, by a statement of its own that sees what was committed meanwhile: the last
# to count has seen them all.
HOLD = """
INSERT INTO {s}.gate_flow AS flow (id, day, starts, arrivals, departures) VALUES (%s, %s, %s, 0, 0)
ON CONFLICT (day, starts) DO UPDATE SET arrivals = flow.arrivals
"""
COUNT = """
UPDATE {s}.gate_flow SET (arrivals, departures) = (
  SELECT count(*) FILTER (WHERE direction = 'in'), count(*) FILTER (WHERE direction = 'out')
  FROM {s}.gate_scan
  WHERE scanned_at BETWEEN %s::timestamptz AND %s::timestamptz AND code = ANY(%s::text[])
    AND date_bin('30 minutes', scanned_at AT TIME ZONE %s, '2000-01-01') = %s::timestamp
) WHERE day = %s AND starts = %s
"""


def count_half_hour(at: datetime) -> None:
    """Count the half hour around `at` afresh from the scans.

    Counting afresh, not adding one, makes a replay harmless and lets a rebuild run beside it.
    """
    zone = current_school().zone
    day, starts = rules.slot_of(at, zone)
    send(HOLD, [new_id(), day, starts])
    # An hour that the clock repeats lies within an hour on either side.
    near = [at - 3 * HALF_HOUR, at + 3 * HALF_HOUR, MOVING, zone.key, datetime.combine(day, starts)]
    send(COUNT, [*near, day, starts])


def rebuild_flow() -> int:
    """Throw the projection away and make it again from the scans; how many half hours it holds."""
    with connections[current_school().alias].cursor() as cursor:
        cursor.execute("LOCK TABLE gate_flow IN EXCLUSIVE MODE")
    Flow.objects.all().delete()
    counted = _count(Scan.objects.filter(code__in=MOVING))
    slots = sorted({slot for slot, _ in counted})
    Flow.objects.bulk_create(
        Flow(day=slot[0], starts=slot[1], arrivals=counted[slot, "in"], departures=counted[slot, "out"])
        for slot in slots
    )
    return len(slots)


def _count(scans: Iterable[Scan]) -> Counter[tuple[Slot, str]]:
    zone = current_school().zone
    return Counter((rules.slot_of(scan.scanned_at, zone), scan.direction) for scan in scans)
