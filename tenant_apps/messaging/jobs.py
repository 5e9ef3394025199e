"""The school tells the platform how it is: computed inside, written down there once the scope has closed."""

from django.utils import timezone

from shared_apps.billing.for_schools import publish as tell_months
from shared_apps.deliveries.for_schools import count_from, publish
from tenant_apps.messaging.services import figures, usage
from tenants.current import SchoolRef
from tenants.jobs import job
from tenants.scope import school_scope


@job("messaging.tell_billing")
def tell_billing(*, school: SchoolRef) -> None:
    now = timezone.now()
    with school_scope(school):
        counted = usage.counted(now=now)
    tell_months(counted, school=school.id)


@job("messaging.tell_platform", even_suspended=True)  # operators look at it, and it tells nobody else
def tell_platform(*, school: SchoolRef) -> None:
    now = timezone.now()
    since = count_from(school.id, now=now)
    with school_scope(school):
        told = figures.told(since=since, now=now)
    publish(told, school=school.id)
