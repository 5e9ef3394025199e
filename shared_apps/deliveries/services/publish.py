"""Taking in what a school tells about itself, and knowing which school should tell again."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import F, Q

from shared_apps.deliveries.models import DeadLetter, DeliveryCount, LaneDepth, SchoolFigures, Trouble
from shared_apps.deliveries.rules import (
    AFTER_ACTIVITY,
    AT_THE_LATEST,
    KEPT,
    Figures,
    Letter,
    Outcomes,
    Told,
    TroubleCount,
    slot_of,
    told_from,
)
from tenants.ask import ask
from tenants.current import SchoolRef
from tenants.models import School

Key = tuple[datetime, str, str]  # slot, channel, reason
AT_ONCE = 2_000  # schools woken in one turn of the clock

# The rows of all schools together are taken in one order, so that two schools that tell at once never wait in a ring.
ADD = """
INSERT INTO deliveries_deliverycount (school_id, starts, channel, reason, count)
SELECT * FROM unnest(%s::uuid[], %s::timestamptz[], %s::text[], %s::text[], %s::int[])
ON CONFLICT (school_id, starts, channel, reason) DO UPDATE SET count = deliveries_deliverycount.count + excluded.count
"""


def publish(told: Told, *, school: UUID) -> bool:
    """Put what a school told in the place of what it told before; False when something newer is there already."""
    with transaction.atomic():
        if not _held(told.figures, school):
            return False
        _count(told.outcomes, told.since, school)
        LaneDepth.objects.filter(school=school).delete()
        LaneDepth.objects.bulk_create(LaneDepth(school_id=school, **asdict(one)) for one in told.lanes)
        _bury(told.troubles, told.letters, school)
    return True


def _held(figures: Figures, school: UUID) -> bool:
    """Write the figures; two turns of one school come one after the other here, and the older one gives way."""
    own = SchoolFigures.objects.filter(school=school)
    if own.filter(as_of__lt=figures.as_of).update(**_flat(figures)):
        return True
    if own.exists():
        return False
    SchoolFigures.objects.create(school_id=school, **_flat(figures))
    return True


def _flat(figures: Figures) -> dict[str, Any]:
    row = asdict(figures)
    for name in ("waiting", "stuck", "dead"):
        row[f"{name}_since"], row[name] = row[name]["since"], row[name]["count"]
    return row


def _count(outcomes: Iterable[Outcomes], since: datetime, school: UUID) -> None:
    """Bring the school's counts, and with the same differences those of all schools, to what it tells now."""
    held = DeliveryCount.objects.filter(school=school, starts__gte=since)
    before: Counter[Key] = Counter({(row.starts, row.channel, row.reason): row.count for row in held})
    told: Counter[Key] = Counter({(one.starts, one.channel, one.reason): one.count for one in outcomes})
    told.subtract(before)
    changed = sorted((key, difference) for key, difference in told.items() if difference)
    rows = [(whose, *key, difference) for key, difference in changed for whose in (school, None)]
    if rows:
        with connection.cursor() as cursor:
            cursor.execute(ADD, [list(column) for column in zip(*rows, strict=True)])


def _bury(troubles: Iterable[TroubleCount], letters: Iterable[Letter], school: UUID) -> None:
    Trouble.objects.filter(school=school).delete()
    Trouble.objects.bulk_create(Trouble(school_id=school, **asdict(one)) for one in troubles)
    here = {letter.id: letter for letter in letters}
    # A letter that was replayed and died again is another one: its attempts and its death are new.
    known = DeadLetter.objects.filter(school=school).values_list("reaction", "died_at")
    same = {key for key, died_at in known if key in here and died_at == here[key].died_at}
    DeadLetter.objects.filter(school=school).exclude(reaction__in=same).delete()
    # Ids grow with time: the newest gets the last, so that a list by id begins with it.
    fresh = [_row(letter, school) for key, letter in reversed(here.items()) if key not in same]
    DeadLetter.objects.bulk_create(fresh)


def _row(letter: Letter, school: UUID) -> DeadLetter:
    told = asdict(letter)
    return DeadLetter(school_id=school, reaction=told.pop("id"), **told)


# -- who should tell ---------------------------------------------------------------------------------------------------


def count_from(school: UUID, *, now: datetime) -> datetime:
    """From where the school should count its deliveries anew."""
    last = SchoolFigures.objects.filter(school=school).values_list("as_of", flat=True).first()
    return told_from(last, now)


def refresh(school: SchoolRef, *, now: datetime) -> None:
    """Ask a school how it is instead of waiting until it tells. Called outside any scope and transaction."""
    told = ask(school, "messaging.told", since=count_from(school.id, now=now), now=now)
    publish(told, school=school.id)


def stir(school: UUID, *, now: datetime) -> None:
    """Something happened in this school: it should tell again soon. Said again and again, it costs one read."""
    told = SchoolFigures.objects.filter(school=school)
    told.filter(Q(stirred_at=None) | Q(stirred_at__lte=F("as_of"))).update(stirred_at=now)


def due(now: datetime, *, limit: int = AT_ONCE) -> list[UUID]:
    """Schools that should tell: those that never did, those stirred a while ago, those that last told long ago."""
    stirred = Q(figures__stirred_at__gt=F("figures__as_of"), figures__as_of__lte=now - AFTER_ACTIVITY)
    late = Q(figures=None) | stirred | Q(figures__as_of__lte=now - AT_THE_LATEST)
    schools = School.objects.filter(late, placement__quarantined=False)
    return list(schools.order_by(F("figures__as_of").asc(nulls_first=True)).values_list("pk", flat=True)[:limit])


def forget(now: datetime) -> None:
    """Drop delivery counts that no window reaches any more."""
    DeliveryCount.objects.filter(starts__lt=slot_of(now - KEPT)).delete()
