"""Deciding a request: exactly once, by somebody who has nothing to do with it, for something they can do."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext

from shared_apps.access.models import AccessRequest, RequestState
from shared_apps.access.rules import (
    KEPT_REFUSED,
    NEEDS_TWO,
    SCOPED,
    WAITS_AT_MOST,
    grantable,
)
from shared_apps.access.services.grants import Approved, Grant, already_decided
from shared_apps.access.services.letting_in import finish, let_in, mark
from shared_apps.access.services.new_schools import became, tell_one
from shared_apps.access.services.queue import OPEN, within
from shared_apps.access.services.requests import put, said_in
from shared_apps.audit.services import record
from shared_apps.groups.services import regions_of, within_reach
from shared_apps.identity.models import Login, Membership
from shared_apps.identity.rules import mailboxes
from shared_apps.identity.services.sign_in import email_hash
from shared_apps.post.services import send
from shared_apps.regions.rules import holds
from shared_apps.regions.services import is_known as is_place
from tenants.actor import Actor
from tenants.models import School
from tenants.permissions import Permission, may
from tenants.problems import Refusal, conflict, forbidden, invalid, not_found


def approve(*, request: UUID | None, grant: Grant, by: Actor, now: datetime) -> Approved:
    """Let somebody in. Raises 403 `own_request`, 404, 409 `already_decided` or `second_person`, 422, 503.

    The row is locked: of two clicks, or two people, one creates and the other is told that it is decided. The same
    decision again, after one that was interrupted half way, goes on with it.
    """
    with transaction.atomic():
        asked = _held(by, request, now)
        if not _half_way(asked, grant, by):
            schools = _may_be(asked, grant, by)
            if grant.role in NEEDS_TWO and not _second(asked, grant, by, now):
                return Approved()
            if not grant.begins_at_a_school:
                return let_in(asked, grant, schools, None, by, now)
            mark(asked, grant, by, now)
    return finish(asked.id, now=now)


def _half_way(asked: AccessRequest, grant: Grant, by: Actor) -> bool:
    """Whether this very thing was decided already and is not finished."""
    if asked.state != RequestState.LETTING_IN or asked.outcome != grant.plain() or grant.onboard:
        return False
    _must_be_anothers(asked, by)
    return True


def _may_be(asked: AccessRequest, grant: Grant, by: Actor) -> list[School]:
    """The schools of a grant that `by` may decide on now."""
    if asked.state not in OPEN:
        raise already_decided()
    _must_be_anothers(asked, by)
    schools = _bound(grant, by)
    if Login.objects.filter(email_hash=email_hash(said_in(asked).work_email), active=False).exists():
        raise conflict(gettext("The account of this address is closed."), "account_closed")
    return schools


def _held(by: Actor, request: UUID | None, now: datetime) -> AccessRequest:
    asked = within(by).select_for_update().filter(pk=request).first() if request else None
    if asked is None or (asked.forget_at <= now and asked.state != RequestState.LETTING_IN):
        raise not_found()
    return asked


def _must_be_anothers(asked: AccessRequest, by: Actor) -> None:
    hashes = [email_hash(address) for address in mailboxes(said_in(asked).work_email)]
    theirs = Login.objects.filter(email_hash__in=hashes).values_list("pk", flat=True)
    if by.login in theirs or (asked.sponsor and asked.sponsor == by.login):
        raise Refusal(403, "own_request", gettext("You asked for this yourself. Somebody else has to decide it."))


def _bound(grant: Grant, by: Actor) -> list[School]:
    """The schools of the grant, once it is seen to be bound to something that `by` may give away."""
    if grant.role not in grantable(by.roles) or (grant.onboard and not may(by, Permission.SCHOOLS_ONBOARD)):
        raise forbidden()
    if grant.onboard and grant.role != "school_admin":
        raise invalid("onboard", "unexpected", gettext("This role is not bound to that."))
    bound = None if grant.onboard else SCOPED.get(grant.role)
    for name, given in (("schools", grant.schools), ("regions", grant.regions)):
        if name != bound and given:
            raise invalid(name, "unexpected", gettext("This role is not bound to that."))
    if grant.role == "school_admin" and len(set(grant.schools)) > 1:
        raise invalid("schools", "one", gettext("Choose one school."))
    if bound == "schools":
        return _schools(grant.schools, by)
    if bound == "regions":
        _regions(grant.regions, by)
    return []


def _schools(keys: tuple[UUID, ...], by: Actor) -> list[School]:
    if not keys:
        raise invalid("schools", "missing", gettext("Choose at least one school."))
    found = list(within_reach(by).filter(pk__in=keys))
    if len(found) != len(set(keys)):
        raise invalid("schools", "unknown", gettext("Choose schools from the list."))
    return found


def _regions(codes: tuple[str, ...], by: Actor) -> None:
    if not codes:
        raise invalid("regions", "missing", gettext("Choose at least one region."))
    mine = None if "super_admin" in by.roles else regions_of(by)
    for code in codes:
        if not is_place(code) or not (mine is None or any(holds(place, code) for place in mine)):
            raise invalid("regions", "unknown", gettext("Choose a region from the list."))


def _second(asked: AccessRequest, grant: Grant, by: Actor, now: datetime) -> bool:
    """Whether this is the second of two who may. The first agreement is kept and nothing is made."""
    agreed = Membership.objects.filter(login=asked.first_by, role="super_admin", active=True, login__active=True)
    if asked.state == RequestState.SECOND and asked.outcome == grant.plain() and agreed.exists():
        if asked.first_by == by.login:
            detail = gettext("You have agreed to this already. A second super admin has to agree, too.")
            raise conflict(detail, "second_person")
        return True
    asked.state, asked.first_by, asked.outcome = RequestState.SECOND, by.login, grant.plain()
    asked.save(update_fields=["state", "first_by", "outcome"])
    record("access.first_agreed", by=by.name_in_audit, now=now, facts={"request": str(asked.id), "role": grant.role})
    return False


@transaction.atomic
def reject(*, request: UUID | None, reason: str, notify: bool, by: Actor, now: datetime) -> AccessRequest:
    """Refuse, with a reason that is mailed if `notify`. Raises 403 `own_request`, 404, 409 `already_decided`, 422."""
    asked = _held(by, request, now)
    if asked.state not in OPEN:
        raise already_decided()
    _must_be_anothers(asked, by)
    if not reason.strip():
        raise invalid("reason", "missing", gettext("Give a reason."))
    said = replace(said_in(asked), answer=reason.strip() if notify else "")
    put(asked, said)
    asked.state, asked.outcome, asked.first_by = RequestState.REJECTED, {}, None
    asked.decided_by, asked.decided_at, asked.forget_at = by.login, now, now + KEPT_REFUSED
    asked.save()
    record("access.rejected", by=by.name_in_audit, now=now, facts={"request": str(asked.id), "told": notify})
    if notify:
        send(
            template="access/rejected", to=said.work_email, language=asked.language, now=now,
            facts={"answer": said.answer, "reference": asked.reference},
        )  # fmt: skip
    return asked


@transaction.atomic
def reopen(*, request: UUID | None, by: Actor, now: datetime) -> AccessRequest:
    """A refused request waits again, and an approved one when nothing came of its new school: who asked is told first.

    Raises 403 `own_request`, 404, 409 `not_rejected`.
    """
    asked = _held(by, request, now)
    if asked.state != RequestState.REJECTED and not became([asked]):
        detail = gettext("Only a rejected request can be reopened, or an approval that came to nothing.")
        raise conflict(detail, "not_rejected")
    _must_be_anothers(asked, by)
    tell_one(asked, now=now)
    asked.state, asked.decided_by, asked.decided_at = RequestState.WAITING, None, None
    asked.outcome, asked.account, asked.first_by, asked.forget_at = {}, None, None, now + WAITS_AT_MOST
    asked.save()
    record("access.reopened", by=by.name_in_audit, now=now, facts={"request": str(asked.id)})
    return asked
