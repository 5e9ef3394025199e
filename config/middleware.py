"""From a raw request to an Actor, and from any failure to an answer a caller can read. It ends there."""

import logging
import re
from collections.abc import Callable
from datetime import timedelta
from zoneinfo import ZoneInfo

from csp.constants import HEADER
from csp.utils import build_policy
from django.conf import settings
from django.core.exceptions import DisallowedHost, RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone, translation
from django.utils.translation import gettext

from config import logs
from shared_apps.audit.services import record
from shared_apps.identity.services.identify import recognise
from shared_apps.identity.services.names import introduce
from shared_apps.identity.services.sign_in import renewed
from shared_apps.identity.views import set_session_cookie
from shared_apps.schools.services.directory import was_address_of, was_an_address
from tenants import token
from tenants.actor import Actor
from tenants.cells import CellDown
from tenants.door import SAFE, refusal_page
from tenants.ids import new_id
from tenants.problems import Refusal, cell_down, forbidden, problem, token_invalid

log = logging.getLogger("mysentinel.request")
Answer = Callable[[HttpRequest], HttpResponse]
WORKSPACE = re.compile(r"^/s/(?P<slug>[^/]+)(/|$)")


def is_api(request: HttpRequest) -> bool:
    return request.path.startswith("/api/")


def answer_refusal(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    return problem(request, refusal) if is_api(request) else refusal_page(request, refusal)


class RequestId:
    """Gives each request an id of ours, in the log and in every error."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.request_id = str(new_id())  # type: ignore[attr-defined]
        # What is in hand ends here: a thread serves one request after another.
        logs.request_id.set(request.request_id)  # type: ignore[attr-defined]
        logs.actor_id.set("")
        logs.school_id.set("")
        try:
            response = self.get_response(request)
            response["X-Request-Id"] = request.request_id  # type: ignore[attr-defined]
            return response
        finally:
            for kept in (logs.request_id, logs.actor_id, logs.school_id):
                kept.set("")


class ContentPolicy:
    """Every answer's Content-Security-Policy. All have the same one, so it is worded once."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response, self.policy = get_response, build_policy()

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response[HEADER] = self.policy
        return response


class KnownHost:
    """400 for a Host that is not ours. One that is ours changes nothing."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        try:
            request.get_host()
        except DisallowedHost:
            detail = "This is not the address of this service."
            if is_api(request):
                return problem(request, Refusal(400, "unknown_host", detail))
            return HttpResponse(detail, status=400, content_type="text/plain")
        return self.get_response(request)


class BodyLimit:
    """413 before a byte of a too large body is read."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        limit = settings.LARGE_BODY_LIMIT if request.path in settings.LARGE_BODIES else settings.BODY_LIMIT
        length = request.META.get("CONTENT_LENGTH") or "0"
        if not (length.isascii() and length.isdigit()):
            return answer_refusal(request, Refusal(400, "malformed", "Content-Length is no number."))
        if int(length) > limit:
            refusal = Refusal(413, "too_large", f"At most {limit // (1024 * 1024)} MiB.")
            return answer_refusal(request, refusal)
        return self.get_response(request)


class Problems:
    """Turns what Django answers on its own (400, 404, 405, 500) into a problem; never hides a failure."""

    FOREIGN = {
        400: ("bad_request", "The request makes no sense."),
        404: ("not_found", "There is no such address."),
        405: ("method_not_allowed", "This address does not take that method."),
        500: ("server_error", "Something failed here. Give the request id to support."),
    }

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        foreign = self.FOREIGN.get(response.status_code)
        ours = response.get("Content-Type", "").startswith("application/problem+json")
        if not foreign or ours or not is_api(request):
            return response
        fresh = problem(request, Refusal(response.status_code, *foreign))
        for name, value in response.items():
            if name not in ("Content-Type", "Content-Length"):
                fresh[name] = value  # Allow, Cache-Control, Content-Language
        return fresh

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if isinstance(error, Refusal):
            return answer_refusal(request, error)
        if isinstance(error, CellDown):
            log.warning("%s", error)
            return answer_refusal(request, cell_down())
        if isinstance(error, RequestDataTooBig):
            return answer_refusal(request, Refusal(413, "too_large", "The request is too large."))
        return None


class Identify:
    """Verified token -> session, memberships, school -> `request.actor`. Host and headers change nothing."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.actor = None  # type: ignore[attr-defined]
        request.refused = None  # type: ignore[attr-defined]
        carried, typ = self._token(request)
        if carried:
            try:
                actor = recognise(carried, typ=typ, now=timezone.now())
                request.actor = actor  # type: ignore[attr-defined]
                logs.actor_id.set(actor.name_in_audit)
                logs.school_id.set(str(actor.school.id) if actor.school else "")
            except token.BadToken:
                request.refused = token_invalid()  # type: ignore[attr-defined]
            except Refusal as refusal:
                request.refused = refusal  # type: ignore[attr-defined]
        response = self.get_response(request)
        if carried or is_api(request):  # an answer of the API to a stranger may hold tokens
            response["Cache-Control"] = "no-store"
        return response

    def _token(self, request: HttpRequest) -> tuple[str, str]:
        """The carried token and its kind; a bearer always wins over the cookie."""
        header = request.headers.get("Authorization", "")
        if header:
            request.signed_by = "bearer"  # type: ignore[attr-defined]
            scheme, _, value = header.partition(" ")
            return (value.strip() if scheme.lower() == "bearer" else "none"), token.ACCESS
        request.signed_by = "cookie"  # type: ignore[attr-defined]
        return request.COOKIES.get(settings.SESSION_COOKIE, ""), token.BROWSER


class KeepSignedIn:
    """Signs a browser's token anew once it is an hour old, so that only disuse ends it.

    A page that polls by itself does not count as use, and an answer that set or removed the cookie is left alone.
    """

    RENEW_AFTER = timedelta(hours=1)

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        actor: Actor | None = request.actor  # type: ignore[attr-defined]
        by_hand = request.signed_by == "cookie" and "X-Live" not in request.headers  # type: ignore[attr-defined]
        if actor and by_hand and settings.SESSION_COOKIE not in response.cookies:
            now = timezone.now()
            if now - token.issued_at(request.COOKIES[settings.SESSION_COOKIE]) > self.RENEW_AFTER:
                set_session_cookie(response, renewed(actor, now=now))
        return response


def zone_of(actor: Actor) -> ZoneInfo:
    """The zone in which somebody reads times: their school's, else the platform's."""
    return actor.school.zone if actor.school else ZoneInfo(settings.PLATFORM_TIME_ZONE)


class Language:
    """The language and the clock of a page: the person's own choice, else their school's.

    Strangers and platform people without a choice get a cookie's language, else what their browser asks for.
    """

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        actor: Actor | None = request.actor  # type: ignore[attr-defined]
        wanted = actor.language if actor else ""
        if actor and not is_api(request):  # the one visit to the school before a page opens its scope
            about = introduce(actor)
            request.person_name = about.name  # type: ignore[attr-defined]
            wanted = about.language
        wanted = wanted or request.COOKIES.get("language", "")
        language = wanted if wanted in dict(settings.LANGUAGES) else translation.get_language_from_request(request)
        zone = zone_of(actor) if actor else None
        with translation.override(language), timezone.override(zone):
            request.LANGUAGE_CODE = language
            response = self.get_response(request)
            response.setdefault("Content-Language", language)
            return response


class Workspace:
    """A workspace address that names another school than the token's is refused here and recorded."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self._other_school(request) or self.get_response(request)

    def _other_school(self, request: HttpRequest) -> HttpResponse | None:
        named = WORKSPACE.match(request.path)
        actor: Actor | None = request.actor  # type: ignore[attr-defined]
        if not named or actor is None or (actor.school and actor.school.slug == named["slug"]):
            return None
        if actor.school and request.method in SAFE and was_address_of(actor.school.id, named["slug"]):
            rest = request.get_full_path().removeprefix(f"/s/{named['slug']}")
            return redirect(f"/s/{actor.school.slug}{rest}")  # an old bookmark of one's own school
        slug = named["slug"] if was_an_address(named["slug"]) else "unknown"  # and never what somebody typed
        record(
            "wall.other_school_refused", by=actor.name_in_audit, now=timezone.now(),
            school=actor.school.id if actor.school else None, facts={"path_school": slug},
        )  # fmt: skip
        return refusal_page(request, forbidden(gettext("This page belongs to another school.")))
