"""What follows when an onboarding is over: the school's first thirty days, or nothing that was made for it stays."""

from datetime import datetime
from uuid import UUID

from shared_apps.identity.services.accounts import remove_unused
from shared_apps.identity.services.sign_in import email_hash
from shared_apps.schools.models import Draft, Onboarding
from shared_apps.schools.services import welcome
from shared_apps.schools.services.onboarding_drafts import opened
from shared_apps.workflows.models import RunState

BY = "system:onboarding"
UNDER_WAY = (RunState.RUNNING, RunState.PARTIAL)


def ended(run: UUID, state: str, now: datetime) -> None:
    """In the transaction in which the run ends."""
    if state == RunState.COMPLETE:
        welcome.begin(run, now)
    elif state in (RunState.FAILED, RunState.CANCELLED):
        close_accounts(run, now)


def close_accounts(run: UUID, now: datetime) -> None:
    """Take away accounts that were made ahead for its people (who was approved has one before the school is there).

    Only those that hold no role anywhere, and not while another onboarding is going to give them one.
    """
    draft = Draft.objects.filter(pk=run).first()
    wanted = _addresses(draft) if draft else {}
    if not wanted:
        return
    others = Onboarding.objects.filter(run__state__in=UNDER_WAY, acknowledged_at=None).exclude(pk=run)
    elsewhere = {key for other in Draft.objects.filter(pk__in=others.values("run")) for key in _addresses(other)}
    for key, email in wanted.items():
        if key not in elsewhere:
            remove_unused(email, by=BY, now=now)


def _addresses(draft: Draft) -> dict[bytes, str]:
    return {email_hash(person.email): person.email for person in opened(draft).people().values()}
