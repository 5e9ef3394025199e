"""Codes in words: why something did not go out, and what it was that should have followed."""

import re

from django.utils.functional import Promise
from django.utils.translation import gettext
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
