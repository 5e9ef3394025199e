"""What became of the new school that somebody was approved for: looked at when asked, and told to them once.

An approval is a decision and stays one. When nothing came of its school the request says so, whoever asked is told, and
it can be decided anew.
"""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from django.db import transaction

from shared_apps.access.models import AccessRequest, RequestState
from shared_apps.access.rules import KEPT_REFUSED
from shared_apps.access.services.queue import within
from shared_apps.access.services.requests import said_in
from shared_apps.audit.services import record
from shared_apps.identity.models import Login
from shared_apps.post.services import send
from shared_apps.schools.models import Onboarding
from shared_apps.workflows.models import RunState
from tenants.actor import Actor

BY = "system:access.tell"
BEGUN, TOLD = "onboarding", "told"  # of a request's outcome


class Became(StrEnum):
    """What became of a new school that did not come in with whoever asked as its admin."""

    CANCELLED = "cancelled"
    FAILED = "failed"  # at its creation; it can be tried again, so nobody is told yet
    LEFT_OUT = "left_out"  # a person confirmed another admin, and their account went


def became(requests: Iterable[AccessRequest]) -> dict[UUID, Became]:
    """By request, for those whose school is not on its way to them or theirs. Two statements, however many."""
    approved = [one for one in requests if one.state == RequestState.APPROVED and BEGUN in one.outcome]
    begun = {UUID(one.outcome[BEGUN]): one for one in approved}
    there = set(Login.objects.filter(pk__in=[one.account for one in approved]).values_list("pk", flat=True))
    found = {}
    for onboarding in Onboarding.objects.select_related("run").filter(pk__in=begun):
        asked = begun[onboarding.pk]
        what = _of(onboarding, has_account=asked.account in there)
        if what:
            found[asked.pk] = what
    return found


def _of(onboarding: Onboarding, *, has_account: bool) -> Became | None:
    if onboarding.acknowledged_at:
        return None if has_account else Became.LEFT_OUT
    return {RunState.CANCELLED: Became.CANCELLED, RunState.FAILED: Became.FAILED}.get(RunState(onboarding.run.state))


def waiting_anew(actor: Actor) -> list[AccessRequest]:
    """The approved requests that `actor` may decide anew because nothing came of their school."""
    approved = list(within(actor).filter(state=RequestState.APPROVED, outcome__has_key=BEGUN))
    nothing = became(approved)
    return [one for one in approved if nothing.get(one.pk, Became.FAILED) is not Became.FAILED]


def tell(*, now: datetime) -> int:
    """Tell everybody who was not told yet; how many were. The clock asks: a cancel knows nothing of requests."""
    approved = AccessRequest.objects.filter(state=RequestState.APPROVED, outcome__has_key=BEGUN)
    untold = became(approved.exclude(outcome__has_key=TOLD))
    told = 0
    for key in untold:
        with transaction.atomic():
            held = AccessRequest.objects.select_for_update().filter(pk=key).first()
            told += bool(held and tell_one(held, now=now))
    return told


def tell_one(asked: AccessRequest, *, now: datetime) -> bool:
    """Tell whoever asked that nothing came of their school, once; whether that was now. `asked` is locked.

    It is kept as long as a refused one from here on, so that there is time to decide anew.
    """
    what = became([asked]).get(asked.pk)
    if what is None or what is Became.FAILED or TOLD in asked.outcome:
        return False
    asked.outcome = {**asked.outcome, TOLD: str(what)}
    asked.forget_at = max(asked.forget_at, now + KEPT_REFUSED)
    asked.save(update_fields=["outcome", "forget_at"])
    facts = {"request": str(asked.pk), "onboarding": asked.outcome[BEGUN], "became": str(what)}
    record("access.school_came_to_nothing", by=BY, now=now, facts=facts)
    send(
        template="access/nothing", to=said_in(asked).work_email, language=asked.language, now=now,
        facts={"became": str(what), "reference": asked.reference},
        once=f"access:{asked.pk}:nothing:{asked.outcome[BEGUN]}",
    )  # fmt: skip
    return True
