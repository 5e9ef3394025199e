"""The one way to declare an operation, API or page: who may, in which world, and what it leaves behind.

A door decides *may you* before anything of the body is read, opens the school's scope around the work, and lets an
exception roll it back. `tests/architecture` walks the resolver and fails on a route that did not come through here.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import StrEnum
from functools import wraps
from typing import Any, get_args
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import CsrfViewMiddleware
from django.shortcuts import redirect, render
from django.utils.http import urlencode
from django.utils.translation import get_language, gettext, override
from django.views.decorators.csrf import csrf_exempt
from ninja import Router
from ninja.constants import NOT_SET
from pydantic import BaseModel

from tenants.actor import Actor
from tenants.current import SchoolRef
from tenants.permissions import Permission, may
from tenants.problems import FieldError, Refusal, forbidden, token_invalid
from tenants.scope import school_scope

SAFE = ("GET", "HEAD", "OPTIONS")


class Within(StrEnum):
    """Which world a door opens on."""

    OPEN = "open"  # strangers too; no scope
    ACCOUNT = "account"  # any signed-in person; no scope
    PLATFORM = "platform"  # platform people; no scope
    SCHOOL = "school"  # members of a school; the door opens its scope
    CHUNKS = "chunks"  # members of a school; the work opens one scope per chunk with `chunk(request)`


@dataclass(frozen=True)
class Policy:
    """What a route declares. `permission=None` is allowed with `Within.OPEN` alone.

    `step_up` names the action a fresh proof is asked for; `audit` the event the work records (None: it changes
    nothing worth keeping); `throttle` the rule that slows it down.
    """

    permission: Permission | None
    within: Within
    step_up: str | None
    audit: str | None
    throttle: str | None
    with_temporary_password: bool = False
    by_link: bool = False  # a page whose address holds a secret

    def __post_init__(self) -> None:
        if (self.permission is None) != (self.within is Within.OPEN):
            raise TypeError("A door without a permission is open to strangers, and only such a door has none.")


def api(
    router: Router,
    method: str,
    path: str,
    *,
    permission: Permission | None,
    within: Within,
    step_up: str | None = None,
    audit: str | None,
    throttle: str | None = None,
    with_temporary_password: bool = False,
    response: Any = NOT_SET,
    **more: Any,
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Declare an API operation on `router`; the function gets `(request, ...)` as ninja parses it."""
    policy = Policy(permission, within, step_up, audit, throttle, with_temporary_password)

    def declare(work: Callable[..., Any]) -> Callable[..., Any]:
        guard = Guard(policy, _query_names(work), _takes_body(work))
        view = _scoped(policy, work)
        view.policy = policy  # type: ignore[attr-defined]
        declared: Callable[..., Any] = router.api_operation([method], path, auth=guard, response=response, **more)(view)
        return declared

    return declare


def page(
    *,
    permission: Permission | None,
    within: Within,
    step_up: str | None = None,
    audit: str | None,
    throttle: str | None = None,
    with_temporary_password: bool = False,
    by_link: bool = False,
) -> Callable[[Callable[..., HttpResponse]], Callable[..., HttpResponse]]:
    """Declare a page. A stranger is sent to sign in; a refusal becomes a page that says so.

    `by_link`: a secret in the address lets in. It is kept nowhere and told to no other page; and as a browser that
    tells nobody where it comes from names no origin either, the secret itself stands in for the check of forged posts.
    """
    policy = Policy(permission, within, step_up, audit, throttle, with_temporary_password, by_link)

    def declare(work: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        view = _scoped(policy, work)

        @wraps(work)
        def door(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            try:
                admit(request, policy)
                answer: HttpResponse = view(request, *args, **kwargs)
                return answer
            except Refusal as refusal:
                return refusal_page(request, refusal)

        door.policy = policy  # type: ignore[attr-defined]
        return _discreet(door) if by_link else door

    return declare


def _discreet(door: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    @csrf_exempt
    @wraps(door)
    def discreet(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        wanted = request.GET.get("in", "")  # the language of the mail; its reader may have chosen none here yet
        language = wanted if wanted in dict(settings.LANGUAGES) else get_language()
        with override(language):
            response = door(request, *args, **kwargs)
        response["Content-Language"] = language or settings.LANGUAGE_CODE
        response["Referrer-Policy"] = "no-referrer"
        response["Cache-Control"] = "no-store"
        response["X-Robots-Tag"] = "noindex"
        return response

    return discreet


def admit(request: HttpRequest, policy: Policy) -> Actor | None:
    """The actor, if `policy` lets this request in. Raises Refusal (401, 403, 423)."""
    if policy.permission is None:
        return None
    actor: Actor | None = getattr(request, "actor", None)
    if actor is None:
        raise getattr(request, "refused", None) or token_invalid()
    if actor.must_change_password and not policy.with_temporary_password:
        raise Refusal(403, "password_change_required", "Choose your own password first.")
    if policy.within in (Within.SCHOOL, Within.CHUNKS) and actor.school is None:
        raise forbidden(gettext("This belongs to a school, and you are not signed in to one."))
    if policy.within is Within.PLATFORM and actor.scope != "platform":
        raise forbidden()
    if not may(actor, policy.permission):
        raise forbidden()
    if policy.step_up:
        # Grants arrive with the first action that needs one; until then such a door stays shut.
        raise Refusal(403, "step_up_required", "Prove that it is you.", extra={"action": policy.step_up})
    return actor


def actor_of(request: HttpRequest) -> Actor:
    """The actor behind an admitted request."""
    actor: Actor | None = getattr(request, "actor", None)
    if actor is None:
        raise token_invalid()
    return actor


def person_of(request: HttpRequest) -> tuple[Actor, UUID, UUID]:
    """The actor behind an admitted request with the ids of their login and session. Raises 401 for the system."""
    actor = actor_of(request)
    if actor.login is None or actor.session is None:
        raise token_invalid()
    return actor, actor.login, actor.session


def chunk(request: HttpRequest, *, pipelined: bool = False) -> AbstractContextManager[SchoolRef]:
    """One scope of the actor's school, for doors declared `Within.CHUNKS`."""
    school = actor_of(request).school
    if school is None:
        raise forbidden()
    return school_scope(school, pipelined=pipelined)


class Csrf(CsrfViewMiddleware):
    """Django's check without its page: the API words its own refusals."""

    def _reject(self, request: HttpRequest, reason: str) -> HttpResponse:
        return HttpResponse(reason, status=403)

    @classmethod
    def refuses(cls, request: HttpRequest) -> bool:
        check = cls(lambda _: HttpResponse())
        check.process_request(request)
        return check.process_view(request, lambda *_: HttpResponse(), (), {}) is not None


class Guard:
    """What ninja runs before it reads parameters or body: a wrong role is told so, whatever it sent."""

    def __init__(self, policy: Policy, query_names: frozenset[str], takes_body: bool) -> None:
        self.policy, self.query_names, self.takes_body = policy, query_names, takes_body

    def __call__(self, request: HttpRequest) -> Any:
        actor = admit(request, self.policy)
        by_cookie = actor is not None and getattr(request, "signed_by", "") == "cookie"
        if by_cookie and request.method not in SAFE and Csrf.refuses(request):
            raise Refusal(403, "forbidden", gettext("The page is too old. Reload it and try again."))
        unknown = sorted(set(request.GET) - self.query_names)
        if unknown:
            raise Refusal(
                422, "invalid", "Unknown parameter.",
                [FieldError(name, "extra_forbidden", "There is no such parameter.") for name in unknown],
            )  # fmt: skip
        if any("\0" in value for values in request.GET.lists() for value in values[1]):
            raise Refusal(422, "invalid", "A NUL character is not allowed.")
        if self.takes_body and not request.body:
            raise Refusal(400, "malformed", "The body is empty; send JSON.")
        return actor or True


class StreamInScope(RuntimeError):
    """An answer that would be produced after the school's scope has been left, by whoever consumes it."""


def _scoped(policy: Policy, work: Callable[..., Any]) -> Callable[..., Any]:
    if policy.within is not Within.SCHOOL:

        @wraps(work)
        def plain(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            return work(request, *args, **kwargs)

        return plain

    @wraps(work)
    def inside(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        with chunk(request):
            answer = work(request, *args, **kwargs)
            if getattr(answer, "streaming", False):
                raise StreamInScope("A stream outlives its scope: read first, leave, then stream (Within.CHUNKS).")
            return answer

    return inside


def _query_names(work: Callable[..., Any]) -> frozenset[str]:
    """Names a query may carry: the fields of every `Query[...]` schema of `work`."""
    names: set[str] = set()
    for parameter in inspect.signature(work, eval_str=True).parameters.values():
        for model in get_args(parameter.annotation)[:1]:
            if "Query" in repr(parameter.annotation) and inspect.isclass(model) and issubclass(model, BaseModel):
                names |= {field.alias or name for name, field in model.model_fields.items()}
    return frozenset(names)


def _takes_body(work: Callable[..., Any]) -> bool:
    annotations = [p.annotation for p in inspect.signature(work, eval_str=True).parameters.values()]
    return any(inspect.isclass(kind) and issubclass(kind, BaseModel) for kind in annotations)


def refusal_page(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    """A person's answer to a refusal: the way to sign in, the way to a new password, or a page that says why."""
    if refusal.status == 401:
        return redirect(f"{settings.LOGIN_URL}?{urlencode({'next': request.get_full_path()})}")
    if refusal.code == "password_change_required":
        return redirect("/account/password")
    response = render(request, "errors/refusal.html", {"refusal": refusal}, status=refusal.status)
    for name, value in refusal.headers.items():
        response[name] = value
    return response
