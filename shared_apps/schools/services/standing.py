"""Suspending a school and taking it up again: felt at once everywhere, and kept in both histories."""

import hashlib
import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import DatabaseError, transaction

from shared_apps.audit.services import record
from shared_apps.identity.services.names import names_of
from shared_apps.schools.models import Standing
from shared_apps.schools.services.directory import one
from tenants.actor import Actor
from tenants.ask import ask
from tenants.cells import CellDown
from tenants.models import School, SchoolState
from tenants.problems import Refusal
from tenants.traces import without_text

log = logging.getLogger(__name__)
SHOWN = 100
KINDS = {SchoolState.DISABLED: "schools.suspended", SchoolState.ACTIVE: "schools.reactivated"}


def suspend(*, by: Actor, school_id: UUID, confirm_name: str, reason: str, now: datetime) -> School:
    """Block all logins and gate scans of a school. A suspended one stays as it is, whoever asks again.

    Raises Refusal: 404 out of reach; 409 `conflict` with `why`: `name_differs`, `emergency_active`, `pending`; 503
    `school_unreachable` when the school cannot be asked whether an emergency is active.
    """
    school = one(by, school_id)
    if confirm_name != school.name:
        raise refused("name_differs", "The name you typed is not the name of this school.")
    if school.state == SchoolState.DISABLED:
        return school
    must_be_calm(school)
    standing = _change(school_id, SchoolState.DISABLED, by=by, reason=reason, now=now)
    if standing is not None:
        _look_again(school, by=by, now=now)
        tell(standing, now=now)
    return one(by, school_id)


def reactivate(*, by: Actor, school_id: UUID, reason: str = "", now: datetime) -> School:
    """Let a suspended school work again; what waited goes on. An active one stays as it is.

    Raises Refusal: 404 out of reach; 409 `conflict` with `why`: `pending`.
    """
    one(by, school_id)
    standing = _change(school_id, SchoolState.ACTIVE, by=by, reason=reason, now=now)
    if standing is not None:
        tell(standing, now=now)
    return one(by, school_id)


def must_be_calm(school: School) -> None:
    """Raise Refusal while an emergency is active in the school, and when it cannot be asked."""
    try:
        active = bool(ask(school.ref(), "people.emergency_active"))
    except CellDown as error:
        log.error("school %s could not be asked for an emergency\n%s", school.id, without_text(error))
        detail = "The school could not be asked whether an emergency is active there. Nothing was changed."
        raise Refusal(503, "school_unreachable", detail, headers={"Retry-After": "30"}) from None
    if active:
        raise refused("emergency_active", "An emergency is active at this school. It cannot be suspended now.")


def refused(why: str, detail: str) -> Refusal:
    return Refusal(409, "conflict", detail, extra={"why": why})


def _change(school_id: UUID, state: SchoolState, *, by: Actor, reason: str, now: datetime) -> Standing | None:
    """Write the new state and the record of it together; None when the school is there already."""
    with transaction.atomic():
        # Two at once come one after the other here, and the second sees what the first did.
        school = School.objects.select_for_update().get(pk=school_id)
        if school.state == SchoolState.PENDING:
            raise refused("pending", "This school is not live yet.")
        if school.state == state:
            return None
        school.state = state
        school.save(update_fields=["state"])
        standing = Standing.objects.create(school=school, state=state, at=now, by=by.name_in_audit, reason=reason)
        record(KINDS[state], by=by.name_in_audit, now=now, school=school_id, facts=_facts(standing))
    return standing


def _facts(standing: Standing) -> dict[str, Any]:
    """The reason's words stay in their row, as somebody may be named in them; a hash proves what they were."""
    told = hashlib.sha256(f"{standing.id}:{standing.reason}".encode()).hexdigest()
    return {"standing": str(standing.id), "reason_sha256": told}


def _look_again(school: School, *, by: Actor, now: datetime) -> None:
    """An emergency that began while the school was being suspended wins: it works again at once.

    So it does when that cannot be found out, whatever the fault.
    """
    try:
        must_be_calm(school)
    except Exception:
        after = now + timedelta(microseconds=1)
        if _change(school.id, SchoolState.ACTIVE, by=by, reason="", now=after) is not None:
            tell_untold(now=after, school_id=school.id)
        raise


# -- the school's own history -----------------------------------------------------------------------------------------


def tell(standing: Standing, *, now: datetime) -> bool:
    """Put it into the school's own history, once; whether it is there now. What fails is told again by the clock."""
    try:
        ask(
            standing.school.ref(), "people.standing_changed", standing=standing.id, state=standing.state,
            at=standing.at, by=standing.by, reason=standing.reason, now=now,
        )  # fmt: skip
    except DatabaseError as error:
        log.error("school %s was not told of its standing\n%s", standing.school_id, without_text(error))
        return False
    Standing.objects.filter(pk=standing.pk).update(told_at=now)
    return True


def tell_untold(*, now: datetime, school_id: UUID | None = None) -> int:
    """Tell every school what it was not told yet, in order; how many were told."""
    untold = Standing.objects.filter(told_at=None).select_related("school__placement").order_by("at", "id")
    if school_id:
        untold = untold.filter(school=school_id)
    return sum(tell(standing, now=now) for standing in untold)


@dataclass(frozen=True)
class Past:
    """The school was suspended (`disabled`) or taken up again (`active`). `by` is a name, "" where none is known."""

    state: str
    at: datetime
    by: str
    reason: str


def history(school_id: UUID) -> list[Past]:
    """How the school's standing changed, the latest first: why it stands as it does, and why it ever did otherwise."""
    found = list(Standing.objects.filter(school=school_id).order_by("-at", "-id")[:SHOWN])
    names = names_of(one.by for one in found)
    return [Past(one.state, one.at, names.get(one.by, ""), one.reason) for one in found]
