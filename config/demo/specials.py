"""The cases a gate must know: a revoked badge, a learner who has left, one who may not leave on a scan alone."""

from datetime import date, datetime

from tenant_apps.gate.models import Badge
from tenant_apps.gate.services.badges import revoke_badge
from tenant_apps.people.models import Learner, LearnerState
from tenant_apps.people.services.learners import deactivate, restrict
from tenants.actor import system
from tenants.current import SchoolRef
from tenants.scope import school_scope


def make(ref: SchoolRef, *, day: date, now: datetime) -> None:
    """At least one of each, chosen from the end of the roll. They came about yesterday, after two ordinary weeks."""
    by = system("demo", ref)
    with school_scope(ref):
        carriers = Learner.objects.filter(badges__isnull=False, badges__revoked_at=None)
        ordinary = list(carriers.filter(state=LearnerState.ACTIVE, restricted=False).order_by("-number")[:3])
        if not Badge.objects.exclude(revoked_at=None).exists():
            revoke_badge(by=by, now=now, learner=ordinary[0])
        if not Learner.objects.filter(state=LearnerState.INACTIVE).exists():
            deactivate(by=by, now=now, learner=ordinary[1], on=day)
        if not Learner.objects.filter(restricted=True).exists():
            restrict(by=by, now=now, learner=ordinary[2], restricted=True)
