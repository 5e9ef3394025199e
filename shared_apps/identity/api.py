"""The identity doors: sign in, refresh, sessions, password, me."""

from django.http import HttpRequest
from django.utils import timezone
from ninja import Router

from shared_apps.identity.models import Login, Session
from shared_apps.identity.schemas import (
    LoginIn,
    MeOut,
    PasswordIn,
    RefreshIn,
    SchoolOut,
    SessionOut,
    SessionsOut,
    TokensOut,
)
from shared_apps.identity.services import names, sign_in
from tenants import token
from tenants.current import SchoolRef
from tenants.door import Within, api, person_of
from tenants.ids import parse_id
from tenants.models import School
from tenants.network import network_of
from tenants.permissions import Permission
from tenants.problems import not_found

router = Router(tags=["identity"])


def tokens(opened: sign_in.SignedIn) -> TokensOut:
    now = timezone.now()
    return TokensOut(
        access_token=opened.token(token.ACCESS, now),
        refresh_token=opened.refresh_token,
        expires_in=int(token.LIVES[token.ACCESS].total_seconds()),
        scope=opened.session.scope,
        roles=list(opened.roles),
        school=school_out(opened.school),
    )


def school_out(school: School | SchoolRef | None) -> SchoolOut | None:
    return SchoolOut(id=school.id, slug=school.slug, name=school.name) if school else None


@api(
    router, "POST", "/auth/login", permission=None, within=Within.OPEN, audit="identity.signed_in",
    throttle="sign_in", response=TokensOut,
)  # fmt: skip
def login(request: HttpRequest, body: LoginIn) -> TokensOut:
    """Open a session with an address and a password."""
    opened = sign_in.sign_in(
        email=body.email, password=body.password, school=body.school,
        device=request.headers.get("User-Agent", ""), network=network_of(request), now=timezone.now(),
    )  # fmt: skip
    return tokens(opened)


@api(router, "POST", "/auth/refresh", permission=None, within=Within.OPEN, audit=None, response=TokensOut)
def refresh(request: HttpRequest, body: RefreshIn) -> TokensOut:
    """Swap a refresh token for a new pair."""
    return tokens(sign_in.refresh(refresh_token=body.refresh_token, now=timezone.now()))


@api(
    router, "POST", "/auth/logout", permission=Permission.ACCOUNT, within=Within.ACCOUNT,
    audit="identity.session_revoked", with_temporary_password=True, response={204: None},
)  # fmt: skip
def logout(request: HttpRequest) -> None:
    """End this session."""
    actor, _, session = person_of(request)
    sign_in.revoke(Session.objects.get(pk=session), by=actor.name_in_audit, now=timezone.now())


@api(
    router, "POST", "/auth/password", permission=Permission.ACCOUNT, within=Within.ACCOUNT,
    audit="identity.password_changed", throttle="password", with_temporary_password=True, response={204: None},
)  # fmt: skip
def change_password(request: HttpRequest, body: PasswordIn) -> None:
    """Choose a new password; every other session ends."""
    _, login, session = person_of(request)
    sign_in.change_password(
        login=Login.objects.get(pk=login), session=Session.objects.get(pk=session),
        current=body.current, new=body.new, now=timezone.now(),
    )  # fmt: skip


@api(
    router, "GET", "/auth/sessions", permission=Permission.ACCOUNT, within=Within.ACCOUNT, audit=None,
    response=SessionsOut,
)  # fmt: skip
def sessions(request: HttpRequest) -> SessionsOut:
    """Where this person is signed in."""
    _, login, here = person_of(request)
    rows = sign_in.open_sessions(login, now=timezone.now())
    return SessionsOut(
        items=[
            SessionOut(
                id=row.id, device=row.device, created_at=row.created_at, last_seen_at=row.last_seen_at,
                current=row.id == here,
            )
            for row in rows
        ]
    )  # fmt: skip


@api(
    router, "DELETE", "/auth/sessions/{session_id}", permission=Permission.ACCOUNT, within=Within.ACCOUNT,
    audit="identity.session_revoked", response={204: None},
)  # fmt: skip
def end_session(request: HttpRequest, session_id: str) -> None:
    """End one of one's own sessions."""
    actor, login, _ = person_of(request)
    wanted = parse_id(session_id)
    found = Session.objects.filter(pk=wanted, login=login, revoked_at=None).first() if wanted else None
    if found is None:
        raise not_found()
    sign_in.revoke(found, by=actor.name_in_audit, now=timezone.now())


@api(
    router, "GET", "/me", permission=Permission.ACCOUNT, within=Within.ACCOUNT, audit=None,
    with_temporary_password=True, response=MeOut,
)  # fmt: skip
def me(request: HttpRequest) -> MeOut:
    """Who is signed in, and where."""
    actor, login, _ = person_of(request)
    return MeOut(
        id=login, name=names.name_of(actor), scope=actor.scope, roles=sorted(actor.roles),
        school=school_out(actor.school), language=names.language_of(actor),
    )  # fmt: skip
