"""The operator's pages about schools: the list, one school, and what is done to it."""

from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo, available_timezones

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.templatetags.tz import do_timezone as on_clock
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from shared_apps.deliveries.rules import Letter, TroubleCount
from shared_apps.deliveries.services.providers import providers
from shared_apps.deliveries.services.words import handler_words, reason_words
from shared_apps.groups.services import EVERYWHERE
from shared_apps.identity.services import links
from shared_apps.schools.forms import (
    SIZES,
    AdminForm,
    DirectoryForm,
    ListQuery,
    OwnForm,
)
from shared_apps.schools.rules import mark_of
from shared_apps.schools.services import directory, settings, standing, support
from shared_apps.schools.services.progress import onboarding_of
from tenants.actor import Actor
from tenants.ask import Unavailable
from tenants.door import Within, actor_of, page
from tenants.findings import open_finding
from tenants.models import School, SchoolState
from tenants.permissions import Permission, may
from tenants.problems import Refusal

Chip = tuple[str, str | Promise]  # tone, words
TABS: dict[str, str | Promise] = {
    "all": pgettext_lazy("schools", "All"),
    "active": pgettext_lazy("schools", "Active"),
    "pending": pgettext_lazy("schools", "Pending"),
    "disabled": pgettext_lazy("schools", "Disabled"),
}
STATES: dict[str, Chip] = {
    "active": ("ok", pgettext_lazy("status of a school", "Active")),
    "pending": ("info", pgettext_lazy("status of a school", "Pending")),
    "disabled": ("off", pgettext_lazy("status of a school", "Disabled")),
}
READINESS: dict[str, Chip] = {
    "ready": ("ok", pgettext_lazy("provider", "Ready")),
    "not_configured": ("off", gettext_lazy("Not configured")),
    "preview": ("off", gettext_lazy("Preview · Not configured")),
}
FIELDS: dict[str, str | Promise] = {
    "name": gettext_lazy("Name"), "slug": gettext_lazy("Workspace address"), "timezone": gettext_lazy("Timezone"),
    "region": gettext_lazy("Region"), "close_time": gettext_lazy("Campus close time"),
    "default_language": gettext_lazy("Default language"),
}  # fmt: skip
ZONES = sorted(zone for zone in available_timezones() if zone.startswith("Africa/"))
LIST = "/operator/schools"
ONBOARDING: dict[str, Chip] = {
    "complete": ("ok", gettext_lazy("Onboarding complete")),
    "in_progress": ("info", pgettext_lazy("onboarding of a school", "In progress")),
    "needs_follow_up": ("watch", gettext_lazy("Needs follow-up")),
    "failed": ("watch", pgettext_lazy("onboarding of a school", "Failed")),
}


@page(permission=Permission.SCHOOLS_READ, within=Within.PLATFORM, audit=None)
def school_list(request: HttpRequest) -> HttpResponse:
    """Schools by name, with tabs and search; the address carries all of it."""
    actor, query = actor_of(request), ListQuery.read(request.GET)
    found = directory.page_of(
        directory.find(actor, query.sought), limit=query.size,
        after=directory.place(query.after), before=directory.place(query.before),
    )  # fmt: skip
    counts = directory.counts(actor, query.search)
    context = {
        "query": query, "rows": rows(actor, found.rows), "counts": counts,
        "tabs": [
            (label, query.address(state=state), counted(counts[state], query), query.state == state)
            for state, label in TABS.items()
        ],
        "following": query.address(after=found.following) if found.following else "",
        "previous": query.address(before=found.previous) if found.previous else "",
        "sizes": [(size, query.address(size=size), size == query.size) for size in SIZES],
        "unfiltered": query.address(search=""),
        "may_onboard": may(actor, Permission.SCHOOLS_ONBOARD),
    }  # fmt: skip
    return render(request, "schools/schools.html", context)


def counted(count: int, query: ListQuery) -> str:
    """A tab's figure; a search stops counting at a thousand and says so."""
    if query.search and count > directory.COUNTED:
        return f"{directory.COUNTED}+"
    return str(count)


def rows(actor: Actor, schools: list[School]) -> list[dict[str, Any]]:
    onboarding = onboarding_of(school.id for school in schools)
    return [
        {
            "school": school, "created": local(school, school.created_at), "state": STATES[school.state],
            "onboarding": ONBOARDING[onboarding[school.id].state], "run": onboarding[school.id].run,
            **actions(actor, school),
        }
        for school in schools
    ]  # fmt: skip


def actions(actor: Actor, school: School) -> dict[str, bool]:
    """What this person may do to this school as it stands."""
    decides = may(actor, Permission.SCHOOLS_SUSPEND)
    return {
        "may_onboard": may(actor, Permission.SCHOOLS_ONBOARD),
        "may_support": may(actor, Permission.SCHOOLS_SUPPORT),
        "may_set": may(actor, Permission.SCHOOLS_SETTINGS),
        "may_suspend": decides and school.state == SchoolState.ACTIVE,
        "may_reactivate": decides and school.state == SchoolState.DISABLED,
    }


def local(school: School, at: datetime | None) -> Any:
    """A moment on the school's own clock, marked so that a template does not put it on its reader's again."""
    return on_clock(at, ZoneInfo(school.timezone)) if at else None


@page(permission=Permission.SCHOOLS_READ, within=Within.PLATFORM, audit=None)
def jump(request: HttpRequest) -> HttpResponse:
    """Straight to the school that was picked; to the list when the words fit several, or none."""
    text = " ".join(request.GET.get("to", "")[:200].replace("\0", "").split())
    found = directory.only_match(actor_of(request), text) if text else None
    return redirect(f"{LIST}/{found.id}" if found else LIST + ListQuery(search=text[:100]).address())


@page(permission=Permission.SCHOOLS_READ, within=Within.PLATFORM, audit=None)
def suggestions(request: HttpRequest) -> HttpResponse:
    """What the picker offers while somebody types."""
    text = " ".join(request.GET.get("to", "")[:100].replace("\0", "").split())
    return render(request, "schools/_suggestions.html", {"schools": directory.pick(actor_of(request), text)})


@page(permission=Permission.SCHOOLS_READ, within=Within.PLATFORM, audit=None)
def overview(request: HttpRequest, school_id: UUID) -> HttpResponse:
    """One school as the platform knows it."""
    actor = actor_of(request)
    school = directory.one(actor, school_id)
    sees_drift = actor.scope == "platform" and bool(actor.roles & EVERYWHERE)
    context = {
        **about(actor, school), **progress_of(school), "standings": standings_of(school),
        "drift": open_finding(school.id) if sees_drift else None,
    }  # fmt: skip
    return render(request, "schools/overview.html", context)


def standings_of(school: School) -> list[dict[str, Any]]:
    """Each time it was suspended or taken up again: who did it, when and why, the latest first."""
    return [
        {
            "suspended": one.state == SchoolState.DISABLED, "at": local(school, one.at), "by": one.by or _("Unknown"),
            "reason": one.reason,
        }
        for one in standing.history(school.id)
    ]  # fmt: skip


def about(actor: Actor, school: School) -> dict[str, Any]:
    """What every page of one school shows in its head."""
    (row,) = rows(actor, [school])
    row["subject"] = row.pop("school")  # `school` would tell the shell that its reader is signed in to one
    return row


# -- settings ----------------------------------------------------------------------------------------------------------


@page(permission=Permission.SCHOOLS_SETTINGS, within=Within.PLATFORM, audit="schools.settings_changed")
def school_settings(request: HttpRequest, school_id: UUID) -> HttpResponse:
    """The directory's entry, what the school keeps itself, the ways out, who changed what. Each part saves alone."""
    actor = actor_of(request)
    school = directory.one(actor, school_id)
    section = request.POST.get("section", "")
    form: DirectoryForm | OwnForm | None = None
    status = 200
    if request.method == "POST":
        form = OwnForm(request.POST) if section == "school" else DirectoryForm(request.POST)
        try:
            if form.is_valid():
                save_settings(actor, school_id, form)
                return redirect(f"{LIST}/{school_id}/settings?saved=settings")
            status = 422
        except Refusal as refusal:
            if refusal.status == 404:
                raise
            status = refusal.status
            form.refuse(refusal, **settings_words())
    return render(request, "schools/settings.html", settings_context(actor, school, form), status=status)


def save_settings(actor: Actor, school_id: UUID, form: DirectoryForm | OwnForm) -> None:
    values = {name: value for name, value in form.cleaned_data.items() if name != "seen"}
    change = settings.change_school if isinstance(form, OwnForm) else settings.change_directory
    change(by=actor, school_id=school_id, seen=form.cleaned_data["seen"], values=values, now=timezone.now())


def settings_context(actor: Actor, school: School, form: DirectoryForm | OwnForm | None) -> dict[str, Any]:
    entry, told = settings.directory_entry(school), settings.school_settings(school)
    in_school = None if isinstance(told, Unavailable) else OwnForm(initial={**told, "seen": mark_of(told)})
    in_directory = DirectoryForm(initial={**entry, "seen": mark_of(entry)})
    return {
        **about(actor, school), "form": form, "zones": [zone for zone in ZONES if zone != school.timezone],
        "directory_form": form if isinstance(form, DirectoryForm) else in_directory,
        "school_form": form if isinstance(form, OwnForm) and in_school else in_school,
        "providers": [(one.name, *READINESS[one.state]) for one in providers()],
        "history": [
            (local(school, one.at), one.who, [(FIELDS.get(name, name), told) for name, told in one.changes.items()])
            for one in settings.history(school.id)
        ],
    }  # fmt: skip


def settings_words() -> dict[str, str]:
    return {
        "conflict": _("Somebody changed these settings meanwhile. Look at them again, then save."),
        "school_unreachable": _("The school cannot be reached now. Nothing was changed."),
        "school_lost": _("The school stopped answering. It may have saved the settings: look at them once it answers."),
        "taken": _("Another school has this address, or had it once. Choose another one."),
        "reserved": _("This word is kept for the product itself. Choose another one."),
        "malformed": _("Use small letters and digits, with single hyphens between them."),
        "length": _("Use at least 3 characters."),
        "unknown_timezone": _("There is no such timezone. Write it as in Africa/Johannesburg."),
        "unknown_region": _("This is no code of a region. Write it as in ZA-GP."),
        "before_bell": _("The campus closes after the bell in the morning."),
    }


# -- progress, support -------------------------------------------------------------------------------------------------


@page(permission=Permission.SCHOOLS_READ, within=Within.PLATFORM, audit=None)
def progress(request: HttpRequest, school_id: UUID) -> HttpResponse:
    """What the school told about itself, to be opened under its row; without script, the same on its own page."""
    school = directory.one(actor_of(request), school_id)
    if not request.headers.get("HX-Request"):
        return redirect(f"{LIST}/{school_id}#progress")
    return render(request, "schools/_progress.html", progress_of(school))


def progress_of(school: School) -> dict[str, Any]:
    told = support.condition(school.id, now=timezone.now())
    return {
        "subject": school, "told": told, "figures": told.now if told.known else None, "before": told.before,
        "as_of": local(school, told.before.as_of if told.before else None),
        "last_scan": local(school, told.before.last_gate_activity if told.before else None),
    }  # fmt: skip


@page(permission=Permission.SCHOOLS_SUPPORT, within=Within.PLATFORM, audit="schools.access_reset")
def school_support(request: HttpRequest, school_id: UUID) -> HttpResponse:
    """What the school told about itself and its work, and a way in for one of its people; the link is shown once."""
    actor, now = actor_of(request), timezone.now()
    school = directory.one(actor, school_id)
    form, link, status = AdminForm(request.POST or None), "", 200
    if request.method == "POST":
        give = support.resend_invite if request.POST.get("deed") == "invite" else support.reset_access
        try:
            if form.is_valid():
                link = give(by=actor, school_id=school_id, email=form.cleaned_data["email"], now=now)
            status = 200 if link else 422
        except Refusal as refusal:
            if refusal.status == 404:
                raise
            status = refusal.status
            form.refuse(refusal, **support_words())
    told = progress_of(school)
    context = {
        **about(actor, school), **told, "form": form, "link": link,
        "good_until": local(school, now + links.LIVES[links.INVITE]),
        "errors": [(one, local(school, one.died_at), *in_words(one)) for one in told["told"].errors],
        "troubles": [(one, local(school, one.since), *in_words(one)) for one in told["told"].troubles],
    }  # fmt: skip
    return render(request, "schools/support.html", context, status=status)


def in_words(one: Letter | TroubleCount) -> tuple[str, str]:
    """What could not be done, and why."""
    return handler_words(one.handler), reason_words(one.reason)


def support_words() -> dict[str, str]:
    return {
        "no_such_admin": _("Neither an admin of this school nor the officer it began with has this address."),
        "signed_in_before": _("This person has chosen a password already. Reset their access instead."),
        "platform_person": _("This person works for the platform, too. A super admin has to help."),
        "school_unreachable": _("The school cannot be reached now. Nothing was changed."),
    }
