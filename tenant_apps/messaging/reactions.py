"""What messaging does about a scan: queue a message for each guardian, then take each one outside.

And about a signed checkpoint: mail it to the school's admins.
"""

from datetime import datetime, timedelta
from uuid import UUID

from tenant_apps.messaging.rules import WORTH_TELLING, kind_of
from tenant_apps.messaging.services import checkpoints, notify
from tenant_apps.messaging.services import deliver as delivering
from tenants.actor import system
from tenants.current import SchoolRef, current_school
from tenants.lanes import Lane
from tenants.reactions import Happened, reaction


@reaction("gate.scan_recorded", name="messaging.tell_guardians", lane=Lane.POSTCOMMIT, expires_after=WORTH_TELLING)
def tell_guardians(event: Happened, *, now: datetime) -> None:
    kind = kind_of(direction=event.facts["direction"], code=event.facts["code"])
    learner = event.about.get("learner")
    if kind and learner:
        notify.tell_guardians(
            about=UUID(learner), event=event.id, kind=kind, at=event.at,
            by=system("messaging.tell_guardians", current_school()), now=now,
        )  # fmt: skip


def not_delivered(event: Happened, *, reason: str, now: datetime) -> None:
    message = event.about.get("message")
    if message:
        delivering.give_up(message=UUID(message), reason=reason, now=now)


@reaction(
    "messaging.message_queued",
    name="messaging.deliver",
    lane=Lane.POSTCOMMIT,
    outside=True,
    expires_after=WORTH_TELLING,
    given_up=not_delivered,
)
def deliver(event: Happened, *, school: SchoolRef, now: datetime) -> None:
    message = event.about.get("message")
    if message:
        delivering.deliver(message=UUID(message), school=school, now=now)


@reaction(
    "events.checkpoint_signed",
    name="messaging.mail_checkpoint",
    lane=Lane.POSTCOMMIT,
    outside=True,
    expires_after=timedelta(days=7),  # by then there is a newer one
)
def mail_checkpoint(event: Happened, *, school: SchoolRef, now: datetime) -> None:
    checkpoints.mail_checkpoint(event=event.id, checkpoint=event.facts, at=event.at, school=school, now=now)
