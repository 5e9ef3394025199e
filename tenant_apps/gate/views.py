"""The officer's gate screen: one page that keeps working while the network does not."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tenant_apps.gate.rules import Code, code_table
from tenant_apps.gate.schemas import LONGEST_BADGE
from tenant_apps.gate.services.gates import open_gates
from tenant_apps.people.services.profile import profile
from tenants.current import SchoolRef, current_school
from tenants.door import Within, page
from tenants.permissions import Permission


@page(permission=Permission.GATE_SCAN, within=Within.SCHOOL, audit=None)
def gate(request: HttpRequest, slug: str) -> HttpResponse:
    """The gate screen, with everything its script needs as one piece of JSON."""
    school, running = current_school(), profile()
    context = {
        "gates": open_gates(),
        "lockdown": running.lockdown,
        "settings": settings_for(school, running.badge_tag),
    }
    return render(request, "gate/gate.html", context)


def settings_for(school: SchoolRef, tag: str) -> dict[str, Any]:
    return {
        "school": str(school.id),
        "zone": school.timezone,
        "badge": {**code_table(tag), "longest": LONGEST_BADGE},
        "codes": {code.value: {"tone": tone(code), "title": title(code), "line": line(code)} for code in Code},
        "words": words(),
        "calls": {
            "scan": "/api/gate/scans", "batch": "/api/gate/scans/batch", "onSite": "/api/gate/on-site",
            "learners": "/api/learners?limit=100",
        },
    }  # fmt: skip


def tone(code: Code) -> str:
    """How a result looks and sounds. A plain one takes its tone from the direction."""
    if code is Code.LOCKDOWN:
        return "lockdown"
    if code.refused:
        return "stop"
    return "plain" if code is Code.OK else "watch"


def title(code: Code) -> str:
    return {
        Code.OK: "",
        Code.LOCKDOWN: _("Lockdown"),
        Code.LATE_ARRIVAL: _("Late arrival"),
        Code.LATE_PICKUP: _("Late pickup"),
        Code.ALREADY_IN: _("Already checked in"),
        Code.ALREADY_OUT: _("Already checked out"),
    }.get(code) or (_("Stop and check") if code.refused else "")


def line(code: Code) -> str:
    """What the officer does next, or why."""
    return {
        Code.OK: "",
        Code.LOCKDOWN: _("Lockdown. Nobody leaves."),
        Code.UNKNOWN_BADGE: _("This badge is not known. Find the learner by name, or ask the office."),
        Code.OTHER_SCHOOL: _("This badge is not from this school."),
        Code.REVOKED_BADGE: _("This badge no longer works. Ask for the new one."),
        Code.INACTIVE_LEARNER: _("This learner is not on the school's active list. Ask the office."),
        Code.RESTRICTED: _("This learner may not leave on a scan alone. Ask the office."),
        Code.ALREADY_IN: _("This learner is on site already."),
        Code.ALREADY_OUT: _("This learner is not on site today."),
        Code.LATE_ARRIVAL: _("Arrived after the bell."),
        Code.LATE_PICKUP: _("Collected after closing time."),
    }[code]


def words() -> dict[str, Any]:
    """Everything else the script says. `one` and `many` are chosen by count; zero is never said."""
    return {
        "checkedIn": _("Checked in"),
        "checkedOut": _("Checked out"),
        "since": _("Since %(time)s."),
        "saved": _("Saved on this phone"),
        "savedLine": _("There is no network. The scan is sent when it is back; watch who passes."),
        "savedHeld": _("The scan is kept on this phone and sent later; watch who passes."),
        "savedMark": _("saved"),
        "again": _("Already done"),
        "badCode": _("This code is not right. Check each letter, then try again."),
        "online": _("Online"),
        "offline": _("Offline"),
        "waiting": counted(
            lambda n: ngettext(
                "Offline · %(count)s scan saved on this phone", "Offline · %(count)s scans saved on this phone", n
            )
        ),
        "held": counted(lambda n: ngettext("%(count)s scan waits to be sent", "%(count)s scans wait to be sent", n)),
        "sending": _("Sending saved scans: %(done)s of %(count)s"),
        "sent": _("All scans sent %(time)s"),
        "look": counted(lambda n: ngettext("%(count)s scan needs a look", "%(count)s scans need a look", n)),
        "seen": _("Seen: %(name)s"),
        "signIn": _("You have been signed out. The scans stay on this phone; sign in again to send them."),
        "suspended": _("This school is suspended. The scans stay on this phone."),
        "forgetful": _("This phone cannot keep scans. Stay online until they are sent."),
        "clock": _("The clock of this phone is wrong. Set it, so that times are right."),
        "noBadge": _("No badge"),
        "nobody": _("No learner by that name."),
        "rosterOff": _("The list of learners could not be loaded."),
        "rosterOld": _("The list of learners is from %(time)s."),
        "grade": _("Class %(name)s"),
    }  # fmt: skip


def counted(sentence: Callable[[int], str]) -> dict[str, str]:
    """Both forms of a sentence with a number in it; all three languages have two."""
    return {"one": sentence(1), "many": sentence(2)}
