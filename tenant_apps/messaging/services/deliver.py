"""Taking one queued message outside: what is tried is written down first, so that a kill in between is seen.

At least once: a run that dies after the server took the mail sends it again with the same Message-ID.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from tenant_apps.events.services.record import record
from tenant_apps.messaging.channels import ChannelError, Mail, email
from tenant_apps.messaging.models import Attempt, Delivery, DeliveryState
from tenant_apps.messaging.services.notify import EMAIL
from tenants.actor import system
from tenants.current import SchoolRef, current_school
from tenants.scope import school_scope


@dataclass(frozen=True)
class Parcel:
    delivery: UUID
    attempt: UUID
    mail: Mail


def deliver(*, message: UUID, school: SchoolRef, now: datetime) -> None:
    """Send one message, outside any scope. Raises ChannelError when it did not go out; sent before is sent."""
    with school_scope(school):
        parcel = _begin(message, now)
    if parcel is None:
        return
    try:
        email.send(parcel.mail, school=school, now=now)
    except Exception as error:
        with school_scope(school):
            reason = error.reason if isinstance(error, ChannelError) else type(error).__name__
            Attempt.objects.filter(pk=parcel.attempt).update(outcome="failed", error=reason)
        raise
    with school_scope(school):
        _sent(parcel, school, now)


def _begin(message: UUID, now: datetime) -> Parcel | None:
    """Write the attempt down; None when there is nothing to send any more."""
    found = Delivery.objects.filter(message=message, channel=EMAIL).select_related("message__guardian").first()
    if found is None or found.state == DeliveryState.SENT:
        return None
    attempt = Attempt.objects.create(delivery=found, at=now)
    letter = found.message
    to = letter.guardian.email
    if not to:
        raise ChannelError("no_address", permanent=True)
    return Parcel(found.id, attempt.id, Mail(to, letter.subject, letter.text, letter.language, found.reference))


def _sent(parcel: Parcel, school: SchoolRef, now: datetime) -> None:
    Attempt.objects.filter(pk=parcel.attempt).update(outcome="sent")
    # A run whose lease ran out may come second: the first to say so says when.
    fresh = Delivery.objects.filter(pk=parcel.delivery).exclude(state=DeliveryState.SENT)
    if fresh.update(state=DeliveryState.SENT, sent_at=now):
        found = Delivery.objects.get(pk=parcel.delivery)
        record(
            "messaging.message_sent", by=system("messaging.deliver", school), at=now, now=now,
            facts={"channel": EMAIL}, about={"message": str(found.message_id)},
        )  # fmt: skip


def give_up(*, message: UUID, reason: str, now: datetime) -> None:
    """Say in the open school that a message will not be sent (any more): its delivery has failed, and why."""
    waiting = Delivery.objects.filter(message=message, channel=EMAIL, state=DeliveryState.QUEUED).first()
    if waiting is None:
        return
    if not waiting.attempts.filter(outcome="failed", error=reason).exists():
        Attempt.objects.create(delivery=waiting, at=now, outcome="failed", error=reason)
    waiting.state = DeliveryState.FAILED
    waiting.save(update_fields=["state"])
    record(
        "messaging.delivery_failed", by=system("messaging.deliver", current_school()), at=now, now=now,
        facts={"channel": EMAIL, "reason": reason}, about={"message": str(message)},
    )  # fmt: skip
