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
    "access": pgettext_lazy("navigation", "Access requests"),
    "post": _("The platform’s mail"),
    "regions": _("Regions"),
    "groups": _("Groups of schools"),
    "wall": _("The wall between schools"),
    "audit": _("The history itself"),
}
KINDS: dict[str, str | Promise] = {
    "identity.sign_in_failed": _("Failed to sign in"),
    "identity.sign_ins_refused": _("Tries to sign in were refused in this minute, after too many failures"),
    "identity.role_given": _("Was given a role"),
    "identity.role_taken": _("Took a role away"),
    "access.withdrawal_agreed": _("Was the first of two to agree that somebody is no super admin any more"),
    "groups.circles_left": _("Ended somebody’s care of groups of schools"),
    "identity.session_revoked": _("Session ended"),
    "identity.password_changed": _("Changed the password"),
    "wall.other_school_refused": _("Asked for another school’s page and was refused"),
    "billing.month_closed": _("Closed a month"),
    "billing.month_adjusted": _("A closed month’s count changed"),
    "billing.exported": _("Downloaded a month"),
    "audit.exported": _("Downloaded a part of this history"),
    "access.approved": _("Approved a request for access"),
    "access.confirmed": _("Confirmed the address of a request"),
    "access.exported": _("Downloaded the requests for access"),
    "access.letting_in": _("Decided to let somebody in at a school"),
    "access.put_back": _("Put a request back because the school refused"),
    "access.first_agreed": _("Was the first of two to agree to a request"),
    "access.forgotten": _("Deleted an old request for access"),
    "access.rejected": _("Rejected a request for access"),
    "access.school_came_to_nothing": _("Told somebody that their approval came to nothing"),
    "access.reopened": _("Reopened a request for access"),
    "deliveries.batch_left": _("Left dead letters as they were"),
    "deliveries.batch_previewed": _("Looked at what a replay or discard would come to"),
    "deliveries.letter_revealed": _("Revealed what a dead letter holds"),
    "deliveries.letters_discarded": _("Discarded dead letters"),
    "deliveries.letters_replayed": _("Replayed dead letters"),
    "identity.account_removed": _("Removed an account that never held a role"),
    "identity.link_made": _("Made a link to set a password"),
    "identity.password_set": _("Set a password through a link"),
    "identity.signed_in": _("Signed in"),
    "identity.ways_in_ended": _("Ended a password and its sessions"),
    "post.letter_dead": _("A mail of the platform could not be delivered"),
    "post.letter_revealed": _("Revealed whom a mail of the platform was to"),
    "post.letters_discarded": _("Discarded mails of the platform"),
    "post.letters_sent_again": _("Sent mails of the platform again"),
    "regions.added": _("Added a region"),
    "schools.failure_dismissed": _("Dismissed an onboarding that created nothing"),
    "schools.go_live_evaluated": _("Evaluated whether a school is live"),
    "schools.go_live_followed_up": _("Followed up on a new school"),
    "schools.onboarding_cancelled": _("Cancelled the onboarding of a school"),
    "schools.onboarding_started": _("Started to onboard a school"),
    "schools.access_reset": _("Reset the access of somebody at a school"),
    "schools.invite_sent": _("Invited somebody at a school again"),
    "schools.access_handed_over": _("Handed over the first accounts"),
    "schools.people_taken_on": _("Created the first people of a school"),
    "schools.provisioned": _("School provisioned"),
    "schools.reactivated": _("Reactivated a school"),
    "schools.settings_changed": _("Changed a school’s settings"),
    "schools.setup_acknowledged": _("Acknowledged a school setup task"),
    "schools.setup_reopened": _("Took back that a school setup task is in order"),
    "schools.suspended": _("Suspended a school"),
    "schools.welcome_letter": _("Decided about an email to a new school’s admin"),
    "wall.canary_found": _("Something of one school was found in another"),
    "workflows.run_cancelled": _("Cancelled long-running work"),
    "workflows.run_ended": _("Long-running work ended"),
    "workflows.run_taken_up": _("Took long-running work up again"),
    "workflows.run_resumed": _("Resumed long-running work"),
    "workflows.step_retried": _("Retried a step"),
}
