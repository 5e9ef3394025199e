"""What every page shares: the shell's context, and the pages that belong to no app."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.db.models import Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from shared_apps.access.services.queue import waiting as requests_waiting
from shared_apps.deliveries.services.waiting import dead_letters, number_of
from shared_apps.identity.rules import Look
from tenants.actor import Actor
from tenants.door import Within, page, refusal_page
from tenants.permissions import SCHOOL_ROLES, Permission, may
from tenants.problems import Refusal, forbidden, not_found, problem

log = logging.getLogger(__name__)
ENVIRONMENTS: dict[str, str | Promise] = {
    "local": pgettext_lazy("environment", "Local"),
    "uat": pgettext_lazy("environment", "Acceptance test"),
}
ROLE_NAMES: dict[str, str | Promise] = {
    "super_admin": _("Super admin"),
    "operator": _("Operator"),
    "regional_admin": _("Regional admin"),
    "local_operator": _("Local operator"),
    "finance": _("Finance"),
    "group_owner": _("Group owner"),
    "school_admin": _("School admin"),
    "gate_officer": _("Gate officer"),
    "teacher": _("Teacher"),
}


# What a page says after it saved something: `?saved=...` in its address.
SAVED: dict[str, str | Promise] = {
    "password": _("Password changed. You are signed out everywhere else."),
    "session": _("Session ended."),
    "others": _("You are signed out everywhere else."),
    "appearance": _("Appearance saved."),
    "language": _("Language saved."),
    "marked": _("The rest of the class is marked."),
    "submitted": _("Register submitted."),
    "reopened": _("Register reopened."),
    "request_approved": _("Request approved. The person gets an email."),
    "request_agreed": _("You have agreed. A second super admin has to agree, too."),
    "request_rejected": _("Request rejected."),
    "role_taken": _("Role taken away."),
    "region_added": _("Region added."),
    "request_reopened": _("Request reopened."),
    "settings": _("Settings saved."),
    "suspended": _("School suspended. Logins and gate scans are blocked."),
    "reactivated": _("School reactivated. Logins and gate scans work again."),
    "left_dead": _("Nothing was changed."),
    "retried": _("The step is being tried again."),
    "resumed": _("The work goes on."),
    "cancelled": _("Cancelled. Nothing more is done here."),
    "dismissed": _("Dismissed. It needs nobody any more."),
    "reopened_task": _("The task needs help again."),
    "evaluated": _("School evaluated again."),
    "month_closed": _("Month closed. The schools left out stand in it without a number."),
    "followed_up": _("Marked as followed up."),
}


@dataclass(frozen=True)
class Item:
    """A page in the rail. `key` goes there after `g`; an item that is `home` matches its own path only.

    `counts`: what waits there is said beside its name.
    """

    permission: Permission
    label: str | Promise
    icon: str
    path: str
    key: str
    home: bool = False
    counts: str = ""


# In this order; the first one a person may open is where they land after signing in.
SCHOOL_NAV = (
    Item(Permission.SCHOOL_TODAY, pgettext_lazy("navigation", "Today"), "home", "/s/{slug}/", "t", True),
    Item(Permission.REGISTER_READ, pgettext_lazy("navigation", "Register"), "register", "/s/{slug}/register", "r"),
    Item(Permission.GATE_SCAN, pgettext_lazy("navigation", "Gate"), "gate", "/s/{slug}/gate", "h"),
    Item(Permission.LEARNERS_READ, pgettext_lazy("navigation", "Learners"), "learners", "/s/{slug}/learners", "l"),
)


PLATFORM_NAV: tuple[Item, ...] = (
    Item(Permission.CONSOLE, pgettext_lazy("navigation", "Console"), "console", "/operator", "c", True),
    Item(Permission.SCHOOLS_READ, pgettext_lazy("navigation", "Schools"), "schools", "/operator/schools", "s"),
    Item(Permission.HEALTH, pgettext_lazy("navigation", "Health"), "pulse", "/operator/health", "h"),
    Item(Permission.DEAD_LETTERS, _("Dead letters"), "undelivered", "/operator/dead-letters", "d", counts="dead"),
    Item(Permission.BILLING, pgettext_lazy("navigation", "Billing"), "register", "/operator/billing", "b"),
    Item(Permission.AUDIT_READ, pgettext_lazy("navigation", "Audit"), "clock", "/operator/audit", "a"),
    Item(
        Permission.REQUESTS_DECIDE, pgettext_lazy("navigation", "Access requests"), "user", "/operator/requests", "q",
        counts="requests",
    ),
)  # fmt: skip


def waiting(actor: Actor) -> Callable[[str], int | None]:
    """How much of something waits for `actor`; None where that is not known. Counted once, when first asked for."""

    @cache
    def told() -> dict[str, int | None]:
        try:
            return counted(actor)
        except (OperationalError, InterfaceError) as error:  # the page in front says so, this must not be in its way
            log.warning("what waits could not be counted: %s", type(error).__name__)
            return {}

    return lambda what: told().get(what) if what else None


def counted(actor: Actor) -> dict[str, int | None]:
    """One statement; a regional admin's begins with another, which reads their regions."""
    requests = requests_waiting(actor)
    if not may(actor, Permission.DEAD_LETTERS):
        return {"requests": requests.count()}
    row = dead_letters(actor, now=timezone.now()).annotate(requests=Coalesce(Subquery(number_of(requests)), 0))
    told = row.values("dead", "requests").get()
    return {"dead": told["dead"], "requests": told["requests"]}


def nav(actor: Actor | None, path: str) -> list[dict[str, Any]]:
    """The pages `actor` may open, with the one that shows `path` marked."""
    if actor is None or actor.must_change_password:
        return []
    items = []
    slug = actor.school.slug if actor.school else ""
    number = waiting(actor)
    for item in SCHOOL_NAV if slug else PLATFORM_NAV:
        if may(actor, item.permission):
            here = item.path.format(slug=slug)
            current = path == here or (not item.home and path.startswith(f"{here}/"))
            items.append(
                {
                    "label": item.label, "icon": item.icon, "key": item.key, "path": here, "current": current,
                    "counts": item.counts, "count": partial(number, item.counts),
                }
            )  # fmt: skip
    return items


def role_name(actor: Actor) -> str:
    """The role shown under a name: the first in the product's order that the person holds."""
    order = [*SCHOOL_ROLES, *(role for role in ROLE_NAMES if role not in SCHOOL_ROLES)]
    return next((str(ROLE_NAMES[role]) for role in order if role in actor.roles), "")


def shell(request: HttpRequest) -> dict[str, Any]:
    """Context of every template: who is here, where, and how they like it to look."""
    actor: Actor | None = getattr(request, "actor", None)
    name: str = getattr(request, "person_name", "")
    items = nav(actor, request.path)
    role = role_name(actor) if actor else ""
    look = Look.of(request.COOKIES)
    return {
        "actor": actor,
        "school": actor.school if actor else None,
        "environment": settings.ENVIRONMENT,
        "environment_name": ENVIRONMENTS.get(settings.ENVIRONMENT, ""),
        "theme": look.theme,
        "text_size": look.text,
        "keys_off": look.keys == "off",
        "nav": items,
        "nav_more": items[4:],
        "live_beat": "X-Live" in request.headers,
        "person_name": name,
        "person_initials": "".join(word[0] for word in (name or role).split()[:2]).upper(),
        "role_name": role,
        "role_names": [str(ROLE_NAMES[held]) for held in ROLE_NAMES if actor and held in actor.roles],
        "toast": SAVED.get(request.GET.get("saved", ""), ""),
        "language_names": settings.LANGUAGES,
        **clock(),
    }


def clock() -> dict[str, Any]:
    """The time of this answer for the live mark, in the zone of this page."""
    at = timezone.now()
    shown = timezone.localtime(at).strftime("%H:%M:%S")
    told = format_html('<time datetime="{}">{}</time>', at.isoformat(), shown)
    return {"live_zone": timezone.get_current_timezone_name(), "live_clock": told}


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:
    return refusal_page(request, forbidden(gettext("The page is too old. Reload it and try again.")))


def missing(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _refused(request, not_found())


def failed(request: HttpRequest) -> HttpResponse:
    return _refused(request, Refusal(500, "server_error", "Something failed here. Give the request id to support."))


def _refused(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    return problem(request, refusal) if request.path.startswith("/api/") else refusal_page(request, refusal)


@page(permission=None, within=Within.OPEN, audit=None)
def home(request: HttpRequest) -> HttpResponse:
    """Where a person belongs: the first page they may open, or the sign-in page."""
    actor: Actor | None = getattr(request, "actor", None)
    if actor is None:
        return redirect(settings.LOGIN_URL)
    items = nav(actor, request.path)
    return redirect(items[0]["path"] if items else "/account/profile")
