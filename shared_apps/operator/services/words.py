"""What the platform's history says happened, in words."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


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
    "deliveries.letters_replayed": _("Replayed dead letters"),
    "deliveries.letters_discarded": _("Discarded dead letters"),
    "deliveries.letter_revealed": _("Revealed what a dead letter says of people"),
    "billing.month_closed": _("Closed a month"),
    "billing.month_adjusted": _("A closed month’s count changed"),
    "billing.exported": _("Downloaded a month"),
    "audit.exported": _("Downloaded a part of this history"),
}
