"""Codes of an onboarding in words: its steps, its people, and why a step was given up."""

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

STEP_NAMES: dict[str, str | Promise] = {
    "create_school": gettext_lazy("Create the school"),
    "create_admin": gettext_lazy("Create the admin account"),
    "provisioned": gettext_lazy("School provisioned"),
}
ROLES: dict[str, str | Promise] = {
    "school_admin": pgettext_lazy("account of a new school", "Admin"),
    "gate_officer": pgettext_lazy("account of a new school", "Officer"),
}
REASONS: dict[str, str | Promise] = {
    "lost": gettext_lazy("The program that did this step ended each time before it was done."),
    "answers_gone": gettext_lazy("The names and addresses for this step are not there any more."),
    "no_admin": gettext_lazy("No admin was found in the school."),
    "school_unavailable": gettext_lazy("The school’s data did not answer."),
    "unknown_step": gettext_lazy("This version of the product does not know this step."),
}


def why(reason: str) -> str:
    """A reason as a sentence; one we have no sentence for is named by its code."""
    known = REASONS.get(reason)
    return str(known) if known else _("Something failed that was not foreseen. Code: %(code)s") % {"code": reason}
