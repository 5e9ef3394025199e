"""Codes in words: why something did not go out, and what it was that should have followed."""

import re

from django.utils.functional import Promise
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

REASONS: dict[str, str | Promise] = {
    "no_address": _("No address on record"),
    "bad_address": _("Not a valid address"),
    "expired": _("Too late to be worth telling"),
    "unreachable": _("Mail server out of reach"),
    "no_email_url": _("Email is not set up"),
    "bad_email_url": _("Email is set up wrongly"),
    "worker_lost": _("The process that ran it was lost each time"),
    "no_such_reaction": _("This version does not know what to do"),
}
REFUSED: dict[str, str | Promise] = {
    "address_refused": _("The mail server refused the address"),
    "mail_refused": _("The mail server refused the mail"),
    "server_refused": _("The mail server refused the connection"),
}
HANDLERS: dict[str, str | Promise] = {
    "messaging.deliver": _("Deliver a message"),
    "messaging.tell_guardians": _("Tell the guardians of a scan"),
    "messaging.mail_checkpoint": _("Mail a checkpoint to the school’s admins"),
    "attendance.propose": _("Propose a mark in the register"),
    "gate.flow": _("Count arrivals and departures"),
}
ANSWER = re.compile(r"(\w+_refused)_(\d{3})")


def reason_words(code: str) -> str:
    """A reason as people read it, with the server's answer behind it; a code nobody named is shown as it is."""
    answered = ANSWER.fullmatch(code)
    if answered and answered[1] in REFUSED:
        return f"{REFUSED[answered[1]]} ({answered[2]})"
    return str(REASONS.get(code, code)) or gettext("No reason was given")


def handler_words(name: str) -> str:
    return str(HANDLERS.get(name, name))


def kind_words(kind: str) -> str:
    """What happened, as people read it; a kind nobody named is shown as it is."""
    return str(KINDS.get(kind, kind))


# The part of a kind before its dot.
AREAS: dict[str, str | Promise] = {
    "identity": _("Signing in and rights"),
    "schools": pgettext_lazy("audit", "Schools"),
    "workflows": _("Long-running work"),
    "deliveries": _("Dead letters"),
    "billing": pgettext_lazy("navigation", "Billing"),
    "wall": _("The wall between schools"),
    "audit": _("The history itself"),
}
KINDS: dict[str, str | Promise] = {
    "identity.sign_in_failed": _("Failed to sign in"),
    "identity.role_given": _("Was given a role"),
    "identity.session_revoked": _("Session ended"),
    "identity.password_changed": _("Changed the password"),
    "wall.other_school_refused": _("Asked for another school’s page and was refused"),
    "billing.month_closed": _("Closed a month"),
    "billing.month_adjusted": _("A closed month’s count changed"),
    "billing.exported": _("Downloaded a month"),
    "audit.exported": _("Downloaded a part of this history"),
}
