"""The identity doors: sign in, refresh, sessions, password, me."""

from django.http import HttpRequest
from django.utils import timezone
from ninja import Router

from shared_apps.identity.models import Login, Session
from shared_apps.identity.schemas import LoginIn, MeOut, PasswordIn, RefreshIn, SessionOut, SessionsOut, TokensOut
from shared_apps.identity.services import names, sign_in
from tenants import token
from tenants.door import Within, actor_of, api
from tenants.ids import parse_id
from tenants.models import School
from tenants.permissions import Permission
from tenants.problems import not_found

router = Router(tags=["identity"])


def network_of(request: HttpRequest) -> str:
    return str(request.META.get("REMOTE_ADDR", ""))


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


def school_out(school: School | None) -> dict[str, object] | None:
    return {"id": school.id, "slug": school.slug, "name": school.name} if school else None


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
def logout(request: HttpRequest) -> tuple[int, None]:
    """End this session."""
    actor = actor_of(request)
    sign_in.revoke(Session.objects.get(pk=actor.session), by=actor.name_in_audit, now=timezone.now())
    return 204, None


@api(
    router, "POST", "/auth/password", permission=Permission.ACCOUNT, within=Within.ACCOUNT,
    audit="identity.password_changed", throttle="password", with_temporary_password=True, response={204: None},
)  # fmt: skip
def change_password(request: HttpRequest, body: PasswordIn) -> tuple[int, None]:
    """Choose a new password; every other session ends."""
    actor = actor_of(request)
    sign_in.change_password(
        login=Login.objects.get(pk=actor.login), session=Session.objects.get(pk=actor.session),
        current=body.current, new=body.new, now=timezone.now(),
    )  # fmt: skip
    return 204, None


@api(
    router, "GET", "/auth/sessions", permission=Permission.ACCOUNT, within=Within.ACCOUNT, audit=None,
    response=SessionsOut,
)  # fmt: skip
def sessions(request: HttpRequest) -> SessionsOut:
    """Where this person is signed in."""
    actor = actor_of(request)
    rows = sign_in.open_sessions(actor.login, now=timezone.now())
    return SessionsOut(
        items=[
            SessionOut(
                id=row.id, device=row.device, created_at=row.created_at, last_seen_at=row.last_seen_at,
                current=row.id == actor.session,
            )
            for row in rows
        ]
    )  # fmt: skip


@api(
    router, "DELETE", "/auth/sessions/{session_id}", permission=Permission.ACCOUNT, within=Within.ACCOUNT,
    audit="identity.session_revoked", response={204: None},
)  # fmt: skip
def end_session(request: HttpRequest, session_id: str) -> tuple[int, None]:
    """End one of one's own sessions."""
    actor = actor_of(request)
    found = Session.objects.filter(pk=parse_id(session_id), login=actor.login, revoked_at=None).first()
    if found is None:
        raise not_found()
    sign_in.revoke(found, by=actor.name_in_audit, now=timezone.now())
    return 204, None


@api(
    router, "GET", "/me", permission=Permission.ACCOUNT, within=Within.ACCOUNT, audit=None,
    with_temporary_password=True, response=MeOut,
)  # fmt: skip
def me(request: HttpRequest) -> MeOut:
    """Who is signed in, and where."""
    actor = actor_of(request)
    school = actor.school
    return MeOut(
        id=actor.login, name=names.name_of(actor), scope=actor.scope, roles=sorted(actor.roles),
        school={"id": school.id, "slug": school.slug, "name": school.name} if school else None,
        language=names.language_of(actor),
    )  # fmt: skip
