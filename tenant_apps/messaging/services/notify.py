"""Deciding whom to tell, and queueing it. Nothing leaves the house here."""

from datetime import datetime
from uuid import UUID

from tenant_apps.events.services.record import Fact, record_many
from tenant_apps.messaging.channels.email import domain
from tenant_apps.messaging.models import Attempt, Delivery, DeliveryState, Message
from tenant_apps.messaging.rules import Kind
from tenant_apps.messaging.services.wording import worded
from tenant_apps.people.models import Guardian, Guardianship, Learner
from tenants.actor import Actor
from tenants.current import current_school

EMAIL = "email"


def tell_guardians(*, about: UUID, event: UUID, kind: Kind, at: datetime, by: Actor, now: datetime) -> list[Message]:
    """One message for each guardian of the learner `about` who may be contacted, in that guardian's language.

    One without an address gets a delivery that has failed already, so that the school can see it. Returns the
    messages; none for a learner who is gone.
    """
    learner = Learner.objects.filter(pk=about).first()
    if learner is None:
        return []
    rights = Guardianship.objects.filter(learner=learner, may_contact=True).select_related("guardian")
    messages = [_message(right.guardian, learner, event, kind, at, now) for right in rights]
    deliveries = [_delivery(message) for message in messages]
    Message.objects.bulk_create(messages)
    Delivery.objects.bulk_create(deliveries)
    Attempt.objects.bulk_create(
        Attempt(delivery=delivery, at=now, outcome="failed", error="no_address")
        for delivery in deliveries
        if delivery.state == DeliveryState.FAILED
    )
    record_many([_fact(delivery, at, now) for delivery in deliveries], by=by, now=now)
    return messages


def _message(guardian: Guardian, learner: Learner, event: UUID, kind: Kind, at: datetime, now: datetime) -> Message:
    school = current_school()
    subject, text = worded(
        kind, language=guardian.language, learner=learner.name, school=school.name, local=at.astimezone(school.zone)
    )
    return Message(
        kind=kind, event=event, learner=learner, guardian=guardian, language=guardian.language,
        subject=subject, text=text, created_at=now,
    )  # fmt: skip


def _delivery(message: Message) -> Delivery:
    delivery = Delivery(message=message, channel=EMAIL)
    delivery.reference = f"<{delivery.id}@{domain()}>"
    if not message.guardian.email:
        delivery.state = DeliveryState.FAILED
    return delivery


def _fact(delivery: Delivery, at: datetime, now: datetime) -> Fact:
    about = {"message": str(delivery.message_id)}
    if delivery.state == DeliveryState.FAILED:
        return Fact("messaging.delivery_failed", now, {"channel": EMAIL, "reason": "no_address"}, about)
    # Dated like the scan, so that the mail goes stale when the scan does.
    return Fact("messaging.message_queued", at, {"channel": EMAIL}, about)
