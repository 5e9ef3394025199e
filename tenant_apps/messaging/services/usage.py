"""What a month is billed by: learners who were enrolled and active on a school day, and messages sent. Counts alone."""

from datetime import date, datetime, time, timedelta

from django.db import connections
from django.db.models import Count

from shared_apps.billing.for_schools import MONTHS_TOLD, MonthTold, before, end_of, month_of
from tenant_apps.gate.rules import local_day
from tenant_apps.messaging.models import Delivery, DeliveryState
from tenant_apps.people.services.calendar import school_days
from tenants.current import current_school

# Who has left is counted up to the day before `left_on`; who is inactive without such a day, never.
LEARNERS = """
SELECT count(*) FILTER (WHERE here AND NOT late AND NOT early), count(*) FILTER (WHERE here AND late AND NOT early),
       count(*) FILTER (WHERE here AND NOT late AND early), count(*) FILTER (WHERE here AND late AND early),
       count(*) FILTER (WHERE NOT here)
FROM (
  SELECT enrolled_on > %s::date AS late, state <> 'active' AND left_on <= %s::date AS early,
         EXISTS (SELECT FROM unnest(%s::date[]) AS d
                 WHERE d >= enrolled_on AND (state = 'active' OR d < left_on)) AS here
  FROM people_learner
) AS one
"""


def counted(*, now: datetime) -> list[MonthTold]:
    """The current month so far and the months before it that may still change, of the open school."""
    current = month_of(local_day(now, current_school().zone))
    return [count(before(current, number), now=now) for number in range(MONTHS_TOLD)]


def count(month: date, *, now: datetime) -> MonthTold:
    """One month up to today, in the school's own days. Four statements, none per person."""
    last = min(end_of(month), local_day(now, current_school().zone))
    days = school_days(month, last)
    first, final = (days[0], days[-1]) if days else (month, last)
    with connections[current_school().alias].cursor() as cursor:
        cursor.execute(LEARNERS, [first, final, days])
        throughout, joined, departed, visited, outside = cursor.fetchone()
    return MonthTold(month, now, len(days), throughout, joined, departed, visited, outside, _sent(month))


def _sent(month: date) -> dict[str, int]:
    zone = current_school().zone
    first = datetime.combine(month, time(), zone)
    after = datetime.combine(end_of(month) + timedelta(days=1), time(), zone)
    sent = Delivery.objects.filter(state=DeliveryState.SENT, sent_at__gte=first, sent_at__lt=after)
    return dict(sent.values_list("channel").annotate(count=Count("id")))
