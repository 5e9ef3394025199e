"""How often the throttle refused to look at a password, counted per minute, and forgetting what it counted by."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import Count, Sum

from shared_apps.audit.services import record
from shared_apps.identity.models import SignInFailure, SignInRefusals

REFUSED = "identity.sign_ins_refused"
KEPT = timedelta(days=2)
COUNT = """
INSERT INTO identity_signinrefusals (minute, at, tries) VALUES (date_trunc('minute', %s::timestamptz), %s, 1)
ON CONFLICT (minute) DO UPDATE SET tries = identity_signinrefusals.tries + 1 RETURNING tries
"""


@dataclass(frozen=True)
class Refused:
    """`tries` that were refused, in `minutes` of which the history has one event each."""

    tries: int
    minutes: int


def count(*, now: datetime) -> None:
    """One more try was refused. However many there are, a minute has one row and one event in the history: whoever
    guesses must not fill the disk with it."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(COUNT, [now, now])
            first = cursor.fetchone()[0] == 1
        if first:
            record(REFUSED, by="stranger", now=now)


def refused(*, since: datetime, until: datetime) -> Refused:
    """What was refused in the minutes whose first refusal lies between two moments, both included."""
    found = SignInRefusals.objects.filter(at__gte=since, at__lte=until)
    told = found.aggregate(tries=Sum("tries"), minutes=Count("minute"))
    return Refused(told["tries"] or 0, told["minutes"])


def tidy(*, now: datetime) -> None:
    """No throttle and no figure looks back this far."""
    SignInRefusals.objects.filter(at__lt=now - KEPT).delete()
    SignInFailure.objects.filter(at__lt=now - KEPT).delete()
