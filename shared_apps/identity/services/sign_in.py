"""Signing in, staying signed in, and signing out."""

import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import UUID

from django.conf import settings
from django.core import signing
from django.db import transaction

from shared_apps.audit.services import record
from shared_apps.identity.models import Login, Membership, RefreshToken, Session
from shared_apps.identity.services import passwords, refusals, throttle
from tenants import epoch, token
from tenants.actor import Actor
from tenants.models import School, SchoolState
from tenants.permissions import GROUP_ROLES, PLATFORM_ROLES
from tenants.problems import Refusal, invalid, suspended, token_invalid
from tenants.sealing import platform_digest

SESSION_LIVES = timedelta(days=30)
REPEAT_WITHIN = timedelta(seconds=30)
TICKET_LIVES = timedelta(minutes=5)


@dataclass(frozen=True)
class SignedIn:
    """An open session with what its holder needs."""

    session: Session
    roles: tuple[str, ...]
    school: School | None
    refresh_token: str

    def token(self, typ: str, now: datetime) -> str:
        claims = token.Claims(
            self.session.login_id, self.session.id, self.session.scope,
            self.school.id if self.school else None, self.roles,
        )  # fmt: skip
        return token.sign(claims, typ=typ, now=now)


def renewed(actor: Actor, *, now: datetime) -> str:
    """A fresh browser token for a session in use; the session's own end stays where it is."""
    if actor.login is None or actor.session is None:
        raise ValueError("Only people have sessions.")
    school = actor.school.id if actor.school else None
    claims = token.Claims(actor.login, actor.session, actor.scope, school, tuple(sorted(actor.roles)))
    return token.sign(claims, typ=token.BROWSER, now=now)


def email_hash(email: str) -> bytes:
    return platform_digest("login-email", email)


def sign_in(*, email: str, password: str, school: str | None, device: str, network: str, now: datetime) -> SignedIn:
    """Open a session. `school` is a slug, for people at several.

    Raises 401 `sign_in_failed`, 409 `choose_school`, 423 `school_suspended` (only after a right password), 429.
    """
    login = prove(email=email, password=password, network=network, now=now)
    return enter(login=login, school=school, device=device, now=now)


def prove(*, email: str, password: str, network: str, now: datetime) -> Login:
    """Whose address and password these are. Raises 401 `sign_in_failed`, 429."""
    try:
        return _prove(email=email, password=password, network=network, now=now)
    except Refusal as refusal:
        if refusal.status == 429:
            refusals.count(now=now)
        raise


def _prove(*, email: str, password: str, network: str, now: datetime) -> Login:
    account, source = throttle.account_key(email), throttle.network_key(network)
    throttle.refuse_when_spent(account, source, now=now)
    login = Login.objects.filter(email_hash=email_hash(email), active=True).first()
    if login is None:
        passwords.waste_time(password)
    if login is None or not passwords.matches(login.password_hash, password):
        throttle.failed(account, source, now=now)
        record("identity.sign_in_failed", by="stranger", now=now)
        raise Refusal(401, "sign_in_failed", "The address or the password is wrong.")
    throttle.refuse_when_spent(account, source, now=now)  # again: guesses beside this one may have spent it
    return login


def enter(*, login: Login, school: str | None, device: str, now: datetime) -> SignedIn:
    """Open a session for somebody who proved who they are. Raises 401, 409 `choose_school`, 423."""
    memberships = list(login.memberships.filter(active=True).select_related("school"))
    return _open(login, *_choose(memberships, school), device=device, now=now)


def at_home(login: Login, slug: str) -> str | None:
    """`slug`, if `login` belongs to the school it names: whoever signs in at a school's own address lands there."""
    held = login.memberships.filter(active=True, school__slug=slug) if slug else login.memberships.none()
    return slug if held.exists() else None


def public_name(slug: str) -> str:
    """The name of a school that is in use, for its own sign-in page; "" for any other word."""
    in_use = School.objects.filter(slug=slug, state__in=(SchoolState.ACTIVE, SchoolState.DISABLED))
    return in_use.values_list("name", flat=True).first() or "" if slug else ""


def ticket(login: Login) -> str:
    """Proof of a right password, good for TICKET_LIVES, so that choosing a school does not ask for it again."""
    return signing.dumps([str(login.id), _stamp(login)], salt="choose-school")


def holder(kept: str) -> Login:
    """The login of a ticket. Raises 401 `sign_in_failed` when it is old, forged, or the password changed since."""
    try:
        login_id, stamp = signing.loads(kept, salt="choose-school", max_age=TICKET_LIVES)
    except signing.BadSignature:
        raise Refusal(401, "sign_in_failed", "Enter the password again.") from None
    login = Login.objects.filter(pk=login_id, active=True).first()
    if login is None or not hmac.compare_digest(stamp, _stamp(login)):
        raise Refusal(401, "sign_in_failed", "Enter the password again.")
    return login


def _stamp(login: Login) -> str:
    return sha256(login.password_hash.encode()).hexdigest()[:24]


def _choose(memberships: list[Membership], slug: str | None) -> tuple[School | None, tuple[str, ...]]:
    """Which world the session is for. Platform people need no choice; members of several schools must make one."""
    platform = [held.role for held in memberships if held.school is None]
    schools = {held.school.id: held.school for held in memberships if held.school}
    if slug is not None:
        schools = {key: school for key, school in schools.items() if school.slug == slug}
    elif platform:
        return None, tuple(sorted(platform))
    if not schools:
        raise Refusal(401, "sign_in_failed", "The address or the password is wrong.")
    if len(schools) > 1:
        choices = [{"id": str(s.id), "slug": s.slug, "name": s.name} for s in schools.values()]
        choices.sort(key=lambda choice: choice["name"])
        raise Refusal(409, "choose_school", "Choose one of your schools.", extra={"schools": choices})
    (chosen,) = schools.values()
    if chosen.state == SchoolState.DISABLED:
        raise suspended()
    return chosen, tuple(sorted(held.role for held in memberships if held.school_id == chosen.id))


@transaction.atomic
def _open(login: Login, school: School | None, roles: tuple[str, ...], *, device: str, now: datetime) -> SignedIn:
    session = Session.objects.create(
        login=login, school=school, scope=scope_of(school, roles), device=device[:120] or "unknown",
        created_at=now, last_seen_at=now, expires_at=now + SESSION_LIVES,
    )  # fmt: skip
    first = secrets.token_urlsafe(32)
    RefreshToken.objects.create(digest=_digest(first), session=session, created_at=now)
    record(
        "identity.signed_in", by=str(login.id), now=now, school=school.id if school else None,
        facts={"session": str(session.id)},
    )  # fmt: skip
    return SignedIn(session, roles, school, first)


def scope_of(school: School | None, roles: tuple[str, ...]) -> str:
    if school is not None:
        return "school"
    return "group" if set(roles) & set(GROUP_ROLES) and not set(roles) & set(PLATFORM_ROLES) else "platform"


def refresh(*, refresh_token: str, now: datetime) -> SignedIn:
    """Rotate. The same token may come again within 30 s and gets the same child; later it revokes the family."""
    reused = False
    with transaction.atomic():
        link = (
            RefreshToken.objects.select_for_update(of=("self",))
            .select_related("session__login", "session__school")
            .filter(digest=_digest(refresh_token))
            .first()
        )
        if link is None or not _alive(link.session, now):
            raise token_invalid()
        session = link.session
        if session.school and session.school.state == SchoolState.DISABLED:
            raise suspended()  # before rotating: the token is still good when the school comes back
        roles = tuple(sorted(roles_of(session)))
        if not roles:
            raise token_invalid()
        if link.used_at is None:
            link.used_at = now
            link.save(update_fields=["used_at"])
            RefreshToken.objects.create(digest=_digest(_child(refresh_token)), session=session, created_at=now)
        elif now - link.used_at > REPEAT_WITHIN:
            # Kept, not rolled back: raised only after this transaction has committed.
            revoke(session, by="system:refresh-reuse", now=now)
            reused = True
    if reused:
        raise token_invalid()
    return SignedIn(session, roles, session.school, _child(refresh_token))


def roles_of(session: Session) -> list[str]:
    held = Membership.objects.filter(login=session.login_id, school=session.school_id, active=True)
    return list(held.values_list("role", flat=True))


def _alive(session: Session, now: datetime) -> bool:
    return session.revoked_at is None and session.expires_at > now and session.login.active


def revoke(session: Session, *, by: str, now: datetime) -> None:
    """End a session; ending an ended one changes nothing."""
    epoch.raise_after_commit()
    if Session.objects.filter(pk=session.pk, revoked_at=None).update(revoked_at=now):
        record("identity.session_revoked", by=by, now=now, school=session.school_id, facts={"session": str(session.pk)})


def revoke_others(*, login: UUID, keep: UUID, by: str, now: datetime) -> int:
    """End every session of a person but one; how many that were."""
    others = list(Session.objects.filter(login=login, revoked_at=None, expires_at__gt=now).exclude(pk=keep))
    for other in others:
        revoke(other, by=by, now=now)
    return len(others)


def change_password(*, login: Login, session: Session, current: str, new: str, now: datetime) -> None:
    """Set a new password and end every other session. Raises 422 for a wrong current or a weak new one."""
    guesses = throttle.login_key(login.id)
    throttle.refuse_when_spent(guesses, guesses, now=now)
    if not passwords.matches(login.password_hash, current):
        throttle.failed(guesses, guesses, now=now)
        raise invalid("current", "wrong", "The current password is wrong.")
    throttle.refuse_when_spent(guesses, guesses, now=now)
    if new == current:
        raise invalid("new", "unchanged", "Choose a password that differs from the current one.")
    with transaction.atomic():
        put_password(login=login, new=new, keep=session.pk, now=now)
        record("identity.password_changed", by=str(login.id), now=now)


@transaction.atomic
def put_password(*, login: Login, new: str, now: datetime, keep: UUID | None = None) -> None:
    """A password of somebody's own: every session but `keep` ends, and links that could set another are spent.

    Raises 422 for a weak one.
    """
    passwords.must_be_good(new)
    put_hash(login, passwords.hash_password(new), temporary=False, now=now)
    for other in login.sessions.filter(revoked_at=None).exclude(pk__in=[keep] if keep else []):
        revoke(other, by=str(login.id), now=now)


def put_hash(login: Login, password_hash: str, *, temporary: bool, now: datetime) -> None:
    """Keep the hash of another password; `temporary`: not of their own choosing. Links that are open are spent."""
    login.password_hash, login.must_change_password = password_hash, temporary
    login.save(update_fields=["password_hash", "must_change_password"])
    epoch.raise_after_commit()
    login.links.filter(used_at=None).update(used_at=now)


def _digest(refresh_token: str) -> bytes:
    return sha256(refresh_token.encode()).digest()


def _child(parent: str) -> str:
    """The next link, derived with a key, so that a repeated call can answer it again without having kept it."""
    return hmac.new(settings.SECRET_KEY.encode(), b"refresh:" + parent.encode(), sha256).hexdigest()


def open_sessions(login: UUID, *, now: datetime) -> list[Session]:
    """A person's live sessions, the latest seen first."""
    return list(Session.objects.filter(login=login, revoked_at=None, expires_at__gt=now).order_by("-last_seen_at"))
