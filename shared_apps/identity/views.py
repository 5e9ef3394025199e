"""The pages about oneself: signing in and out, forgotten passwords, profile, sessions, appearance, language."""

from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import rotate_token
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from shared_apps.identity.forms import (
    AppearanceForm,
    ForgottenForm,
    Form,
    LanguageForm,
    NewPasswordForm,
    PasswordForm,
    SignInForm,
)
from shared_apps.identity.models import Login, Session
from shared_apps.identity.rules import Look, device_name, safe_path, workspace_of
from shared_apps.identity.services import links, preferences, sign_in
from tenants import token
from tenants.door import Within, actor_of, page, person_of
from tenants.ids import parse_id
from tenants.network import network_of
from tenants.permissions import Permission
from tenants.problems import Refusal, not_found

YEAR = timedelta(days=365)


def set_session_cookie(response: HttpResponse, value: str) -> None:
    response.set_cookie(
        settings.SESSION_COOKIE, value, max_age=token.LIVES[token.BROWSER],
        httponly=True, samesite="Lax", secure=settings.HTTPS,
    )  # fmt: skip


def keep(response: HttpResponse, name: str, value: str) -> None:
    """A preference that holds no secret: kept for a year, or forgotten when it is empty."""
    if value:
        response.set_cookie(name, value, max_age=YEAR, httponly=True, samesite="Lax", secure=settings.HTTPS)
    else:
        response.delete_cookie(name, samesite="Lax")


@page(permission=None, within=Within.OPEN, audit="identity.signed_in", throttle="sign_in")
def login(request: HttpRequest) -> HttpResponse:
    """Sign in; a person at several schools chooses one, without giving the password again."""
    wanted = safe_path(request.POST.get("next") or request.GET.get("next", ""))
    if request.method != "POST":
        if request.actor:  # type: ignore[attr-defined]
            return redirect(wanted)
        return _sign_in_page(request, SignInForm(), wanted)
    ticket = request.POST.get("ticket", "")
    form = SignInForm(None if ticket else request.POST)
    if not ticket and not form.is_valid():
        return _sign_in_page(request, form, wanted, status=422)
    proved: Login | None = None
    try:
        proved = sign_in.holder(ticket) if ticket else _prove(request, form)
        school = request.POST.get("school", "")[:63] or None
        school = school or sign_in.at_home(proved, workspace_of(wanted))
        opened = sign_in.enter(login=proved, school=school, device=_device(request), now=timezone.now())
    except Refusal as refusal:
        if refusal.code == "choose_school" and proved:
            more = {"schools": refusal.extra["schools"], "ticket": sign_in.ticket(proved), "next": wanted}
            return render(request, "identity/choose_school.html", more)
        return _not_signed_in(request, form, refusal, wanted)
    return _signed_in(request, opened, wanted)


def _prove(request: HttpRequest, form: SignInForm) -> Login:
    return sign_in.prove(
        email=form.cleaned_data["email"], password=form.cleaned_data["password"],
        network=network_of(request), now=timezone.now(),
    )  # fmt: skip


def _device(request: HttpRequest) -> str:
    return request.headers.get("User-Agent", "")


def _sign_in_page(request: HttpRequest, form: SignInForm, wanted: str, status: int = 200) -> HttpResponse:
    more = {"form": form, "next": wanted, "saved": "saved" in request.GET}
    more["school_name"] = sign_in.public_name(workspace_of(wanted))
    return render(request, "identity/sign_in.html", more, status=status)


def _not_signed_in(request: HttpRequest, form: SignInForm, refusal: Refusal, wanted: str) -> HttpResponse:
    words = {
        "sign_in_failed": _("The email address or the password is wrong. Check both and try again."),
        "school_suspended": _("This school is suspended. Sign-ins and gate scans are blocked."),
        "too_many_requests": _("Too many failed sign-ins for this address. Wait 15 minutes, then try again."),
    }
    if form.is_bound:
        form.refuse(refusal, **words)
    else:
        form = SignInForm({"email": "", "password": ""})
        form.errors.clear()
        form.add_error(None, _("Choosing a school took too long. Sign in again."))
    return _with_headers(_sign_in_page(request, form, wanted, status=refusal.status), refusal)


def _with_headers(response: HttpResponse, refusal: Refusal) -> HttpResponse:
    for name, value in refusal.headers.items():
        response[name] = value
    return response


def _signed_in(request: HttpRequest, opened: sign_in.SignedIn, wanted: str) -> HttpResponse:
    now = timezone.now()
    before = request.actor  # type: ignore[attr-defined]
    if before:
        _end(before.session, before.name_in_audit)
    login = opened.session.login
    response = redirect("/account/password" if login.must_change_password else wanted)
    set_session_cookie(response, opened.token(token.BROWSER, now))
    keep(response, "theme", login.appearance)
    if login.language:
        keep(response, "language", login.language)
    rotate_token(request)
    return response


def _end(session: UUID | None, by: str) -> None:
    found = Session.objects.filter(pk=session).first() if session else None
    if found:
        sign_in.revoke(found, by=by, now=timezone.now())


@page(permission=None, within=Within.OPEN, audit=None, throttle="forgotten")
def forgot_password(request: HttpRequest) -> HttpResponse:
    """Ask for a link to a new password. The answer tells nobody whether the address is known here."""
    form = ForgottenForm(request.POST if request.method == "POST" else None)
    status = 200
    if form.is_valid():
        try:
            links.forgot(
                email=form.cleaned_data["email"], network=network_of(request), language=get_language() or "",
                now=timezone.now(),
            )  # fmt: skip
            return redirect("/forgot-password?sent")
        except Refusal as refusal:
            form.refuse(refusal, too_many_requests=_("Asked for too often. Wait an hour, then try again."))
            response = render(request, "identity/forgot_password.html", {"form": form}, status=refusal.status)
            return _with_headers(response, refusal)
    elif form.is_bound:
        status = 422
    more = {"form": form, "sent": "sent" in request.GET and not form.is_bound}
    return render(request, "identity/forgot_password.html", more, status=status)


@page(permission=None, within=Within.OPEN, audit="identity.password_set", by_link=True)
def set_password(request: HttpRequest, secret: str) -> HttpResponse:
    """Choose a password by a single-use link. A visit shows the form; sending it uses the link up."""
    form = NewPasswordForm(request.POST if request.method == "POST" else None)
    try:
        if form.is_valid():
            links.redeem(secret, new=form.cleaned_data["new"], now=timezone.now())
            return redirect(f"{settings.LOGIN_URL}?saved")
        links.look(secret, now=timezone.now())
    except Refusal as refusal:
        if refusal.code == "link_spent":
            return render(request, "identity/link_spent.html", status=refusal.status)
        form.refuse(refusal, **_password_words())
    return render(request, "identity/set_password.html", {"form": form}, status=422 if form.errors else 200)


@page(
    permission=Permission.ACCOUNT, within=Within.ACCOUNT, audit="identity.session_revoked",
    with_temporary_password=True,
)  # fmt: skip
def sign_out(request: HttpRequest) -> HttpResponse:
    """End this session and forget its cookie; a visit by link changes nothing."""
    if request.method != "POST":
        return redirect("/")
    actor = actor_of(request)
    _end(actor.session, actor.name_in_audit)
    response = redirect(settings.LOGIN_URL)
    response.delete_cookie(settings.SESSION_COOKIE, samesite="Lax")
    if settings.HTTPS:
        response.cookies[settings.SESSION_COOKIE]["secure"] = True  # a __Host- cookie is removed only so
    return response


@page(permission=None, within=Within.OPEN, audit=None)
def guest_language(request: HttpRequest) -> HttpResponse:
    """The language of the pages before sign-in, kept in a cookie."""
    response = redirect(safe_path(request.POST.get("next", "")))
    if request.method == "POST" and request.POST.get("language") in dict(settings.LANGUAGES):
        keep(response, "language", request.POST["language"])
    return response


@page(permission=Permission.ACCOUNT, within=Within.ACCOUNT, audit=None)
def profile(request: HttpRequest) -> HttpResponse:
    return render(request, "identity/profile.html")


@page(
    permission=Permission.ACCOUNT, within=Within.ACCOUNT, audit="identity.password_changed", throttle="password",
    with_temporary_password=True,
)  # fmt: skip
def password(request: HttpRequest) -> HttpResponse:
    """Choose a new password; with a temporary one, nothing else opens before that."""
    actor, login, session = person_of(request)
    form = PasswordForm(request.POST or None)
    status = 200
    if request.method == "POST":
        try:
            if form.is_valid():
                sign_in.change_password(
                    login=Login.objects.get(pk=login), session=Session.objects.get(pk=session),
                    current=form.cleaned_data["current"], new=form.cleaned_data["new"], now=timezone.now(),
                )  # fmt: skip
                return redirect("/" if actor.must_change_password else "/account/profile?saved=password")
            status = 422
        except Refusal as refusal:
            status = refusal.status
            form.refuse(refusal, **_password_words())
    return render(
        request, "identity/password.html", {"form": form, "forced": actor.must_change_password}, status=status
    )


def _password_words() -> dict[str, str]:
    return {
        "wrong": _("The current password is wrong."),
        "unchanged": _("Choose a password that differs from the current one."),
        "too_short": _("Use at least 10 characters."),
        "too_simple": _("Use more different characters."),
        "too_many_requests": _("Too many wrong passwords. Wait 15 minutes, then try again."),
    }


@page(permission=Permission.ACCOUNT, within=Within.ACCOUNT, audit="identity.session_revoked")
def sessions(request: HttpRequest) -> HttpResponse:
    """Where this person is signed in; ending one, or all others."""
    actor, login, here = person_of(request)
    now = timezone.now()
    if request.method == "POST":
        wanted = request.POST.get("session", "")
        if wanted == "others":
            sign_in.revoke_others(login=login, keep=here, by=actor.name_in_audit, now=now)
            return redirect("/account/sessions?saved=others")
        key = parse_id(wanted)
        found = Session.objects.filter(pk=key, login=login, revoked_at=None).first() if key else None
        if found is None:
            raise not_found()
        sign_in.revoke(found, by=actor.name_in_audit, now=now)
        return redirect("/account/sessions?saved=session")
    rows = [
        {"id": row.id, "device": device_name(row.device), "seen": row.last_seen_at, "since": row.created_at,
         "current": row.id == here}
        for row in sign_in.open_sessions(login, now=now)
    ]  # fmt: skip
    rows.sort(key=lambda row: not row["current"])
    return render(request, "identity/sessions.html", {"rows": rows})


@page(permission=Permission.ACCOUNT, within=Within.ACCOUNT, audit=None)
def appearance(request: HttpRequest) -> HttpResponse:
    """Theme, text size and single-key shortcuts. The theme follows the person, the rest stays on the device."""
    look = Look.of(request.COOKIES)
    form = AppearanceForm(request.POST if request.method == "POST" else None, initial=vars(look))
    if form.is_valid():
        preferences.choose_appearance(login=person_of(request)[1], appearance=form.cleaned_data["theme"])
        response = redirect("/account/appearance?saved=appearance")
        for name in ("theme", "text", "keys"):
            keep(response, name, form.cleaned_data[name])
        return response
    return _choices_page(request, "identity/appearance.html", form)


@page(permission=Permission.ACCOUNT, within=Within.ACCOUNT, audit=None)
def language(request: HttpRequest) -> HttpResponse:
    actor, login, _session = person_of(request)
    form = LanguageForm(request.POST if request.method == "POST" else None, initial={"language": actor.language})
    if form.is_valid():
        preferences.choose_language(login=login, language=form.cleaned_data["language"])
        response = redirect("/account/language?saved=language")
        keep(response, "language", form.cleaned_data["language"])
        return response
    return _choices_page(request, "identity/language.html", form)


def _choices_page(request: HttpRequest, template: str, form: Form) -> HttpResponse:
    return render(request, template, {"form": form}, status=422 if form.errors else 200)
