"""Codes of the first thirty days in words: the checklist, the emails and what became of them, the criteria."""

from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

ITEMS: dict[str, str | Promise] = {
    "email": gettext_lazy("Email is ready to send"),
    "push": gettext_lazy("App notifications are ready to send"),
    "class": gettext_lazy("First class set up"),
    "roster": gettext_lazy("Learners added"),
    "scan": gettext_lazy("First scan at the gate"),
    "delivery": gettext_lazy("First message delivered to a guardian"),
}
LETTERS: dict[str, str | Promise] = {
    "welcome": gettext_lazy("Welcome"),
    "roster": gettext_lazy("Reminder to add the learners"),
    "scan": gettext_lazy("Reminder to scan at the gate"),
    "delivery": gettext_lazy("Reminder to reach the guardians"),
    "outcome": gettext_lazy("What is still missing after 30 days"),
}
STEPS: dict[str, str | Promise] = {**LETTERS, "evaluation": gettext_lazy("Evaluation after 30 days")}
FATES: dict[str, str | Promise] = {
    "send": gettext_lazy("Handed to the post"),
    "reached": gettext_lazy("Not needed: the school has done it"),
    "late": gettext_lazy("Left out: its time had passed"),
    "no_admin": gettext_lazy("Not sent: the school has no admin"),
    "no_address": gettext_lazy("Not sent: no address on record"),
    "failed": pgettext_lazy("letter", "Given up"),
    "cancelled": pgettext_lazy("letter", "Cancelled"),
}
CRITERIA: dict[str, str | Promise] = {
    "figures_fresh": gettext_lazy("Figures are up to date"),
    "learners": gettext_lazy("Enough active learners"),
    "gate": gettext_lazy("Gate used on most school days"),
    "deliveries": gettext_lazy("Messages reach the guardians"),
    "dead_letters": gettext_lazy("No old dead letters"),
}


def evidence(one: dict[str, Any]) -> str:
    """The numbers a criterion was decided by, as a sentence."""
    numbers = one["numbers"]
    if one["found"] == "unknown" or "why" in numbers:
        return _("Activity temporarily unavailable")
    if one["name"] == "deliveries" and numbers["share"] is None:
        return _("No delivery in seven days")
    if one["name"] == "dead_letters" and not numbers["count"]:
        return _("None")
    sentence: str = {
        "figures_fresh": _("Age in minutes: %(minutes)s"),
        "learners": _("Active learners: %(count)s, wanted: %(wanted)s"),
        "gate": _("Days with somebody at the gate: %(used)s of the last %(days)s school days"),
        "deliveries": _("Sent: %(sent)s, failed: %(failed)s, delivered: %(share)s %%"),
        "dead_letters": _("Dead letters: %(count)s, age of the oldest in hours: %(hours)s"),
    }[one["name"]]
    return sentence % dict(numbers)
