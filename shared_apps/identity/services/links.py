"""Single-use links with which somebody sets a password: an invitation, or a forgotten one.

A visit uses nothing up, since programs that guard mailboxes follow links too; setting the password does.
"""

from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction

from shared_apps.audit.services import record
from shared_apps.identity.models import Link, Login
from shared_apps.identity.rules import mailbox
from shared_apps.identity.services import limits
from shared_apps.identity.services.passwords import nobodys_hash
from shared_apps.identity.services.sign_in import email_hash, put_hash, put_password, revoke
from shared_apps.post.services import send
from tenants.problems import Refusal
from tenants.secret import digest, new_secret

INVITE, FORGOTTEN = "invite", "forgotten"
LIVES = {INVITE: timedelta(hours=72), FORGOTTEN: timedelta(hours=24)}
KEPT = timedelta(days=30)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
FORGOTTEN_MAIL = "identity/forgotten"


def invite(login: Login, *, by: str, now: datetime, language: str = "") -> str:
    """A link, good for 72 hours, with which `login` sets a password; shown or mailed once, as it cannot be read again.

    `by` is `Actor.name_in_audit`; `language` opens the page in it.
    """
    return _made(login, INVITE, by=by, now=now, language=language)


@transaction.atomic
def invite_instead(login: UUID, *, by: str, now: datetime, school: UUID | None = None, language: str = "") -> str:
    """Such a link in place of every way in so far: the password, the links that are open and the sessions end."""
    held = Login.objects.select_for_update().get(pk=login)
    put_hash(held, nobodys_hash(), temporary=True, now=now)
    for session in held.sessions.filter(revoked_at=None):
        revoke(session, by=by, now=now)
    record("identity.ways_in_ended", by=by, now=now, school=school, facts={"login": str(login)})
    return invite(held, by=by, now=now, language=language)


def _made(login: Login, purpose: str, *, by: str, now: datetime, language: str) -> str:
    secret = new_secret()
    with transaction.atomic():
        Link.objects.create(
            digest=_digest(secret), purpose=purpose, login=login, created_at=now, expires_at=now + LIVES[purpose]
        )
        record("identity.link_made", by=by, now=now, facts={"login": str(login.id), "purpose": purpose})
    return f"{settings.PUBLIC_URL}/set-password/{secret}{f'?in={language}' if language else ''}"


def _digest(secret: str) -> bytes:
    return digest("set-password", secret)


def look(secret: str, *, now: datetime) -> Link:
    """The link behind `secret`, untouched. Raises 404 `link_spent`: unknown, used and too old look the same."""
    return _usable(Link.objects.select_related("login").filter(digest=_digest(secret)).first(), now)


def _usable(link: Link | None, now: datetime) -> Link:
    if link is None or link.used_at or link.expires_at <= now or not link.login.active:
        raise Refusal(404, "link_spent", "This link was used already, or it is too old.")
    return link


def redeem(secret: str, *, new: str, now: datetime) -> Login:
    """Set the password, once: every session ends and no other link works any more. Raises 404 `link_spent`, 422."""
    with transaction.atomic():
        held = Link.objects.select_related("login").select_for_update(of=("self", "login"))
        link = _usable(held.filter(digest=_digest(secret)).first(), now)
        put_password(login=link.login, new=new, now=now)
        facts = {"login": str(link.login_id), "purpose": link.purpose}
        record("identity.password_set", by=str(link.login_id), now=now, facts=facts)
    return link.login


# -- forgotten --------------------------------------------------------------------------------------------------------


def forgot(*, email: str, network: str, language: str, now: datetime) -> None:
    """Mail a link to `email` if somebody signs in with it. Raises 429.

    Whether anybody does is looked up by the worker, so the work here and its answer are the same for every address.
    """
    limits.spend("forgotten-network", of=network, limit=60, per=HOUR, now=now)
    limits.spend("forgotten", of=mailbox(email), limit=5, per=HOUR, now=now)
    send(template=FORGOTTEN_MAIL, to=email, language=language, now=now, expires_at=now + DAY)


def forgotten_facts(*, to: str, language: str, now: datetime) -> dict[str, str] | None:
    """What the mail about a forgotten password says; None for an address that nobody signs in with."""
    login = Login.objects.filter(email_hash=email_hash(to), active=True, memberships__active=True).first()
    if login is None:
        return None
    return {"link": _made(login, FORGOTTEN, by=str(login.id), now=now, language=language)}


def tidy(*, now: datetime) -> None:
    Link.objects.filter(expires_at__lt=now - KEPT).delete()
