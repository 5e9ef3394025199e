"""From a verified token to an Actor: one platform query, before any school is entered."""

from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, NamedTuple

from django.conf import settings
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, Subquery

from shared_apps.identity.models import Membership, Session
from tenants import epoch
from tenants.actor import Actor
from tenants.models import SchoolState
from tenants.problems import suspended, token_invalid, unavailable
from tenants.token import Claims, verify

SEEN_EVERY = timedelta(minutes=1)
REMEMBERED = 10_000  # callers; then the memory starts again
FOR_AT_MOST = timedelta(seconds=30)  # then the session's row is looked at again, whatever the epoch says


class Memory(NamedTuple):
    """Who a token stood for, at which epoch, and until when that may be used without asking again."""

    actor: Actor
    epoch: epoch.Mark
    until: datetime


_memories: dict[bytes, Memory] = {}


def recognise(carried: str, *, typ: str, now: datetime) -> Actor:
    """The actor behind a carried token, remembered while nobody's rights change. Raises BadToken and what `identify`
    raises.

    The epoch is read before the question is asked: a change that lands in between makes the answer stale, not fresh.
    """
    if settings.IDENTITY_SECONDS <= 0:
        return identify(verify(carried, typ=typ), now=now)
    key = sha256(f"{typ}:{carried}".encode("utf-8", "surrogatepass")).digest()
    mark, known = epoch.current(), _memories.get(key)
    if known and known.epoch == mark and now < known.until:
        return known.actor
    claims = verify(carried, typ=typ)
    session = _open_session(claims, now)
    actor = _actor(session)
    if len(_memories) >= REMEMBERED:
        _memories.clear()
    _memories[key] = Memory(actor, mark, min(claims.expires_at, session.expires_at, now + FOR_AT_MOST))
    return actor


def identify(claims: Claims, *, now: datetime) -> Actor:
    """The actor behind `claims`. Raises 401 for a revoked session, 423 for a suspended school.

    Roles are read from the memberships, not believed from the token, so taking one away is felt at once.
    """
    return _actor(_open_session(claims, now))


def _open_session(claims: Claims, now: datetime) -> Any:
    """The session of `claims` with `roles` and `person` beside it, if it is good for anything now."""
    held = Membership.objects.filter(login=OuterRef("login"), active=True)
    held = held.filter(school=OuterRef("school")) if claims.school else held.filter(school=None)
    session = (
        Session.objects.select_related("login", "school__placement")
        .annotate(roles=ArraySubquery(held.values("role")), person=Subquery(held.values("person")[:1]))
        .filter(pk=claims.session, login=claims.login, school=claims.school)
        .first()
    )
    if session is None or session.revoked_at or session.expires_at <= now or not session.login.active:
        raise token_invalid()
    if session.school and session.school.state == SchoolState.DISABLED:
        raise suspended()
    if session.school and session.school.placement.quarantined:
        raise unavailable()
    if not session.roles:
        raise token_invalid()
    if now - session.last_seen_at > SEEN_EVERY:
        Session.objects.filter(pk=session.pk).update(last_seen_at=now)
    return session


def _actor(session: Any) -> Actor:
    return Actor(
        kind="person",
        scope=session.scope,
        roles=frozenset(session.roles),
        school=session.school.ref() if session.school else None,
        login=session.login_id,
        session=session.id,
        person=session.person,
        language=session.login.language,
        must_change_password=session.login.must_change_password,
    )
