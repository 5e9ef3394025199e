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
    "post.send": _("Send a mail of the platform"),
}
# The platform's own mail, by the name of its text.
MAILS: dict[str, str | Promise] = {
    "access/approved": _("Email: access approved"),
    "access/confirm": _("Email: confirm the address of an access request"),
    "access/nothing": _("Email: nothing came of an approval"),
    "access/received": _("Email: access request received"),
    "access/rejected": _("Email: access request rejected"),
    "identity/forgotten": _("Email: choose a new password"),
    "schools/delivery": _("Email to a new school: messages"),
    "schools/outcome": _("Email to a new school: the first thirty days"),
    "schools/roster": _("Email to a new school: roster"),
    "schools/scan": _("Email to a new school: first scan"),
    "schools/welcome": _("Email to a new school: welcome"),
}
ANSWER = re.compile(r"(\w+_refused)_(\d{3})")


def reason_words(code: str) -> str:
    """A reason as people read it, with the server's answer behind it; a code nobody named is shown as it is."""
    answered = ANSWER.fullmatch(code)
    if answered and answered[1] in REFUSED:
        return f"{REFUSED[answered[1]]} ({answered[2]})"
    return str(REASONS.get(code, code)) or gettext("No reason was given")


def mail_words(template: str) -> str:
    return str(MAILS.get(template, template))


def handler_words(name: str) -> str:
    return str(HANDLERS.get(name, name))


# What became of a letter, by the state of its reaction.
STATES: dict[str, str | Promise] = {
    "done": _("Done"),
    "waiting": _("Waiting for its turn"),
    "running": _("At work"),
    "dead": _("Dead-lettered again, or still"),
    "expired": _("Too late, not told"),
    "discarded": _("Discarded"),
}
