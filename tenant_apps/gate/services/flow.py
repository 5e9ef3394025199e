"""Arrivals and departures per half hour: a projection of the scans that moved somebody."""

from collections import Counter
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta

from django.db import connections

from tenant_apps.gate import rules
from tenant_apps.gate.models import Flow, Scan
from tenants.current import current_school

HALF_HOUR = timedelta(minutes=30)
Slot = tuple[date, time]
MOVING = [code.value for code in rules.Code if code.moves]


def flow_of(day: date) -> list[tuple[time, int, int]]:
    """`(start of the half hour, arrivals, departures)` of a local day, in order; quiet half hours are left out."""
    rows = Flow.objects.filter(day=day).order_by("starts")
    return list(rows.values_list("starts", "arrivals", "departures"))


def count_half_hour(at: datetime) -> None:
    """Count the half hour around `at` afresh from the scans.

    Counting afresh, not adding one, makes a replay harmless and lets a rebuild run beside it. The row is held
    before the scans are read, so the last to count has seen them all.
    """
    day, starts = rules.slot_of(at, current_school().zone)
    Flow.objects.bulk_create([Flow(day=day, starts=starts)], ignore_conflicts=True)
    row = Flow.objects.select_for_update().get(day=day, starts=starts)
    # An hour that the clock repeats lies within an hour on either side.
    counted = _count(Scan.objects.filter(scanned_at__range=(at - 3 * HALF_HOUR, at + 3 * HALF_HOUR), code__in=MOVING))
    row.arrivals, row.departures = counted[(day, starts), "in"], counted[(day, starts), "out"]
    row.save(update_fields=["arrivals", "departures"])


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
